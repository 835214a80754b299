"""The text shown is not a prefix of what was written."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from harness.history import Op, text_digest
from injections import Edit, Scene, injects
from injections.edits import like
from injections.scenes import appends

EMPTY = text_digest(b"")


def _text(scene: Scene, op: Op) -> bytes | None:
    """The text that an append made; None when nobody can say."""
    job = scene.job(op)
    attempt = next((a for a in job.attempts if a.number == op.attempt), None) if job is not None else None
    text = attempt.text[: op.value["bytes"]] if attempt is not None else None
    return text if text is not None and text_digest(text) == op.value["digest"] else None


def _applied(op: Op, text: bytes, **fields: Any) -> Op:
    """The same chunk, after which the text is this one."""
    at = {"before": len(text) - op.value["length"], "bytes": len(text), "digest": text_digest(text)}
    return like(op, value=at, **fields)


Step = tuple[Op, bytes]  # an append, the text after it


def steps(scene: Scene) -> Iterator[Step]:
    return ((op, text) for op in appends(scene) if (text := _text(scene, op)) is not None)


@injects("stream-integrity", "double-append", sites=steps)
def applied_again(edit: Edit, step: Step) -> None:
    op, text = step
    edit.after(op, _applied(op, text + text[-op.value["length"] :], cause="local:x"))


def pairs(scene: Scene) -> Iterator[tuple[Step, Step]]:
    """Two chunks of one text, one after the other."""
    before: dict[Any, Step] = {}
    for op in scene.observed():
        key = (op.node, op.incarnation, op.job)
        last = before.pop(key, None)
        if op.value["kind"] != "append" or (text := _text(scene, op)) is None or op.value.get("end") is None:
            continue
        if op.value["length"] and op.rev is not None:
            if last is not None and op.value["before"] == len(last[1]) and op.attempt == last[0].attempt:
                yield last, (op, text)
            before[key] = (op, text)


LATE = ("latency/slow", "staleness/stale")
WHY_LATE = "a chunk is shown no sooner than the next one, which may be much later"


_NOT_FOLLOWED = ["replica/not-applied", "replica/does-not-follow"]
_NEITHER = f"{WHY_LATE}; neither follows the other any more"


@injects(
    "stream-integrity",
    "gap",
    sites=pairs,
    companions=[*LATE, *_NOT_FOLLOWED],
    because=_NEITHER,
)
def one_left_out(edit: Edit, pair: tuple[Step, Step]) -> None:
    (one, text), (other, whole) = pair
    edit.drop(one)
    before = text[: len(text) - one.value["length"]]
    edit.change(other, value=_applied(other, before + whole[len(text) :]).value)


@injects(
    "stream-integrity",
    "reorder",
    sites=pairs,
    companions=[*LATE, *_NOT_FOLLOWED],
    because=_NEITHER,
)
def one_before_the_other(edit: Edit, pair: tuple[Step, Step]) -> None:
    (one, text), (other, whole) = pair
    before, first, second = text[: -one.value["length"]], text[-one.value["length"] :], whole[len(text) :]
    edit.drop(one)
    early = edit.change(other, value=_applied(other, before + second).value)
    edit.after(early, _applied(one, before + second + first, time_ns=other.time_ns))


@injects("stream-integrity", "foreign-bytes", sites=steps)
def bytes_that_nobody_wrote(edit: Edit, step: Step) -> None:
    edit.change(step[0], value={"digest": "0123456789abcdef"})


@injects("stream-integrity", "wrong-length", sites=steps)
def it_says_another_end(edit: Edit, step: Step) -> None:
    edit.change(step[0], value={"end": step[0].value["end"] + 1})


@injects("stream-integrity", "shrunk", sites=steps)
def nothing_for_a_moment(edit: Edit, step: Step) -> None:
    op, text = step
    value = {"kind": "row", "set": {}, "visit": op.value["visit"], "bytes": 0, "digest": EMPTY}
    row = like(op, value=None, rev=None, cause="local:x")
    row.value = value
    edit.after(op, row, like(row, value={"bytes": len(text), "digest": text_digest(text)}))


def retries(scene: Scene) -> Iterator[tuple[Op, Op]]:
    """A retry that emptied a text, and what was shown before."""
    before: dict[Any, Op] = {}
    for op in scene.observed():
        key = (op.node, op.incarnation, op.job)
        last = before.get(key)
        if last is not None and last.attempt != op.attempt and op.value["kind"] == "patch" and last.value.get("bytes"):
            yield op, last
        before[key] = op


@injects("stream-integrity", "mixed-attempts", sites=retries)
def the_old_text_stays(edit: Edit, site: tuple[Op, Op]) -> None:
    op, last = site
    edit.change(op, value={"bytes": last.value["bytes"], "digest": last.value["digest"]})
