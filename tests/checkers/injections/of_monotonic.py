"""What is shown goes back."""

from __future__ import annotations

from collections.abc import Iterator

from harness.history import TERMINAL_STATUSES, Op
from injections import Edit, Scene, injects
from injections.edits import like

Pair = tuple[Op, Op]  # what was shown, what is shown now


def _pairs(scene: Scene, kind: str) -> Iterator[tuple[Op, Op, set[str]]]:
    """An older observation of a job by the same screen, with the same text; and what has changed since."""
    for now in scene.observed():
        job = scene.job(now)
        if job is None or now.rev is None or job.deleted is not None:
            continue
        for old in scene.observed(kind):
            same = all(getattr(old, k) == getattr(now, k) for k in ("node", "incarnation", "job", "attempt"))
            if old.index >= now.index or not same or old.rev is None or now.rev.n not in job.entries:
                continue
            if old.value.get("digest") != now.value.get("digest") or old.value["visit"] != now.value["visit"]:
                continue
            changed = {k for k in old.value["set"] if job.value_at(k, old.rev.n) != job.value_at(k, now.rev.n)}
            if changed:
                yield old, now, changed


def _undone(scene: Scene, pair: Pair) -> bool:
    old, now = pair
    job = scene.job(now)
    assert job is not None and now.rev is not None
    status = old.value["set"].get("status")
    ended = job.value_at("status", now.rev.n) in TERMINAL_STATUSES
    return ended and status is not None and status not in TERMINAL_STATUSES


def older_rows(scene: Scene) -> Iterator[Pair]:
    return ((old, now) for old, now, _ in _pairs(scene, "row") if not _undone(scene, (old, now)))


def older_patches(scene: Scene) -> Iterator[Pair]:
    return ((old, now) for old, now, _ in _pairs(scene, "patch") if not _undone(scene, (old, now)))


def from_before_the_end(scene: Scene) -> Iterator[Pair]:
    for kind in ("row", "patch"):
        yield from ((old, now) for old, now, _ in _pairs(scene, kind) if _undone(scene, (old, now)))


_ENTAILS = ["replica/does-not-follow"]
_GOES_ON = "the next event follows what was shown before"


def _again(edit: Edit, pair: Pair) -> None:
    old, now = pair
    edit.after(now, like(old, time_ns=now.time_ns, cause="local:x"))


@injects("monotonic", "older-row", sites=older_rows, companions=_ENTAILS, because=_GOES_ON)
def an_older_row_again(edit: Edit, pair: Pair) -> None:
    _again(edit, pair)


@injects("monotonic", "older-fields", sites=older_patches, companions=_ENTAILS, because=_GOES_ON)
def older_fields_again(edit: Edit, pair: Pair) -> None:
    _again(edit, pair)


@injects("monotonic", "terminal-undone", sites=from_before_the_end, companions=_ENTAILS, because=_GOES_ON)
def it_runs_again(edit: Edit, pair: Pair) -> None:
    _again(edit, pair)
