"""Frames that nobody knows, that come too early, or twice."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import msgspec

from harness.history import Tap
from injections import Edit, Scene, injects
from injections.edits import US
from injections.scenes import Calm, calm


@injects("wire", "unknown-frame", sites=calm)
def of_a_type_of_its_own(edit: Edit, at: Calm) -> None:
    edit.add_tap(at.told("relayResponse", 0, side="in", source=None))


@injects("wire", "error-frame", sites=calm)
def answered_by_an_error(edit: Edit, at: Calm) -> None:
    edit.add_tap(at.told("error", 0, side="in", source=None))


def registrations(scene: Scene) -> Iterator[Tap]:
    for tap in scene.run.taps:
        if tap.type == "register" and tap.side == "in" and tap.link.partition("->")[0] in scene.mobiles:
            yield tap


@injects("wire", "before-registered", sites=registrations)
def a_heartbeat_comes_first(edit: Edit, tap: Tap) -> None:
    edit.add_tap(msgspec.structs.replace(tap, type="heartbeat", time_ns=tap.time_ns - US))


def heads(scene: Scene) -> Iterator[Tap]:
    """As desktops send them."""
    yield from (tap for tap in scene.run.taps if tap.type == "sync:head" and tap.link.endswith("->relay"))


@injects("wire", "nameless-head", sites=heads)
def a_head_without_a_store(edit: Edit, tap: Tap) -> None:
    edit.add_tap(msgspec.structs.replace(tap, side="in", msg="None/1"))


def delivered_events(scene: Scene) -> Iterator[Tap]:
    came: dict[str | None, int] = {}
    for tap in scene.run.taps:
        if tap.type.startswith("job:") and tap.msg is not None:
            if tap.link.endswith("->relay"):
                came[tap.msg] = came.get(tap.msg, 0) + (tap.side == "out")
            elif tap.side == "in" and came.get(tap.msg) == 1 and tap.link.partition("->")[2] in scene.mobiles:
                yield tap


@injects("wire", "sent-twice", sites=delivered_events)
def an_event_leaves_again(edit: Edit, tap: Tap) -> None:
    edit.add_tap(msgspec.structs.replace(tap, time_ns=tap.time_ns + US))


def neighbours(scene: Scene) -> Iterator[tuple[Tap, Tap]]:
    """Events of one connection that leave the relay one after the other, to one phone over one connection."""
    came: dict[str, list[tuple[str, int]]] = {}
    last: dict[tuple[str, int], Tap] = {}
    for tap in scene.run.taps:
        if not tap.type.startswith("job:") or tap.msg is None:
            continue
        if tap.link.endswith("->relay"):
            came.setdefault(tap.msg, []).extend([(tap.link, tap.conn)] * (tap.side == "out"))
        elif tap.side == "in" and tap.link.partition("->")[2] in scene.mobiles:
            before = last.get((tap.link, tap.conn))
            if before is not None and len(came.get(tap.msg, ())) == 1 and came[tap.msg] == came.get(str(before.msg)):
                yield before, tap
            last[tap.link, tap.conn] = tap


@injects("wire", "reordered", sites=neighbours)
def one_leaves_after_the_next(edit: Edit, pair: tuple[Tap, Tap]) -> None:
    early, late = pair
    edit.drop_taps(lambda tap: tap == early)
    edit.add_tap(msgspec.structs.replace(early, time_ns=late.time_ns + US))


def steady(scene: Scene) -> Iterator[Tap]:
    """The first frame of desktops that go on speaking for as long as two heartbeats and more."""
    beat_ns = round(scene.run.header.timing["heartbeat_s"] * 1e9)
    spoken: dict[tuple[str, int], list[Tap]] = {}
    for tap in scene.run.taps:
        if tap.side == "in" and tap.link.partition("->")[0] in scene.desktops:
            spoken.setdefault((tap.link, tap.conn), []).append(tap)
    for taps in spoken.values():
        others = [tap for tap in taps if tap.type not in ("heartbeat", "register")]
        gaps = [b.time_ns - a.time_ns for a, b in pairwise(others)]
        if others and max(gaps, default=beat_ns) < beat_ns // 2 and taps[-1].time_ns - others[0].time_ns > 3 * beat_ns:
            yield others[0]


@injects("wire", "no-heartbeat", sites=steady)
def it_never_says_that_it_is_alive(edit: Edit, first: Tap) -> None:
    edit.drop_taps(lambda tap: (tap.link, tap.conn, tap.type) == (first.link, first.conn, "heartbeat"))


@injects("wire", "gap-understated", sites=calm)
def none_was_lost(edit: Edit, at: Calm) -> None:
    edit.add_tap(at.told("sync:gap", 0, side="in", source=None, msg="0"))


def told_again(scene: Scene) -> Iterator[Tap]:
    """Presences of somebody of whom the same connection is told later, by a greater count."""
    seen: dict[tuple[str, int, str | None], Tap] = {}
    for tap in scene.run.taps:
        if tap.type == "presence" and tap.side == "in" and tap.link.partition("->")[2] in scene.mobiles:
            key = (tap.link, tap.conn, tap.source)
            if key in seen:
                yield tap
            seen[key] = tap


@injects("wire", "presence-back", sites=told_again)
def it_counts_from_nothing(edit: Edit, tap: Tap) -> None:
    edit.drop_taps(lambda other: other == tap)
    edit.add_tap(msgspec.structs.replace(tap, msg=f"{str(tap.msg).rpartition('/')[0]}/0"))
