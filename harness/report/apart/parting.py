"""Where two runs part: the first event that one has and the other has not.

Every process of the histories is a sequence of its own, since nobody can say how those of several machines interleave;
of all that part, the one that parts first counts. Two events are the same when process, type, function, job, revision
and value are. What is drawn anew for every run is no difference: indices, ids (nodes' own are read as their names), the
time of day. The time of the run is one only if it is asked for.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any

from harness.history import History, Op

AROUND = 5  # events before and after
_MOST_LETTERS = 400  # of a value that is shown
_BEFORE = 60  # letters before the first that differs
_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_MESSAGE = re.compile(r"\b[0-9a-f]{8}-([0-9]+)\b")  # BOOT-NUMBER
_MS_OF_2001 = 10**12  # from there on a number is a time of day
_COMPARED = ("type", "f", "job", "rev", "value", "cause", "error")
_DRAWN = ("boot", "corr", "store")  # fields that hold an id


@dataclass(frozen=True)
class Event:
    """An operation as it is shown. `pieces`: its value before, within and after what differs."""

    time_ns: int
    process: str
    type: str
    f: str
    job: str
    revision: str
    pieces: tuple[str, str, str]
    parts: bool = False  # it is here that the runs part


@dataclass(frozen=True)
class Parting:
    """`first`, `second`: events around the place, in each run; the one where they part is marked. A run that has none
    had no more of `process`. `fields`: what differs."""

    process: str
    fields: list[str]
    first: list[Event] = field(default_factory=list)
    second: list[Event] = field(default_factory=list)


def part(first: History, second: History, *, times: bool = False, journals: bool = True) -> Parting | None:
    """None: nothing parts them. With `times` it also counts when something happened, since the first event; without
    `journals` only what clients, stores, replicas and faults did."""
    mine, theirs = _Told(first, times, journals), _Told(second, times, journals)
    found = _first(mine, theirs)
    if found is None:
        return None
    when_ns, process, one, other = found
    texts = (mine.text(one), theirs.text(other))
    at = _first_difference(*texts) if one is not None and other is not None and one.f == other.f else None
    return Parting(
        process=process,
        fields=list(_fields(mine, one, theirs, other)),
        first=list(mine.around(one, when_ns, at, texts[1])),
        second=list(theirs.around(other, when_ns, at, texts[0])),
    )


def _first(mine: _Told, theirs: _Told) -> tuple[int, str, Op | None, Op | None] | None:
    """When, in which process, and what each run has there."""
    found: tuple[int, str, Op | None, Op | None] | None = None
    for process in dict.fromkeys([*mine.processes, *theirs.processes]):
        pairs = zip_longest(mine.processes.get(process, ()), theirs.processes.get(process, ()))
        for one, other in pairs:
            when_ns = min(told.since_ns(op) for told, op in ((mine, one), (theirs, other)) if op is not None)
            if found is not None and when_ns >= found[0]:
                break
            if one is None or other is None or not mine.same(one, theirs, other):
                found = (when_ns, process, one, other)
                break
    return found


class _Told:
    """One run's events, and what makes them the same as another's."""

    def __init__(self, history: History, times: bool, journals: bool) -> None:
        self._times = times
        self._ops = [op for op in history.ops if journals or not op.process.endswith("/journal")]
        self._origin_ns = history.ops[0].time_ns if history.ops else 0
        self._names = names_of(history)
        self.processes: dict[str, list[Op]] = {}
        for op in self._ops:
            self.processes.setdefault(op.process, []).append(op)

    def since_ns(self, op: Op) -> int:
        return op.time_ns - self._origin_ns

    def same(self, op: Op, others: _Told, other: Op) -> bool:
        """Most events of most pairs of runs are equal as they stand, ids and all: of these no text need be made."""
        if self._times and self.since_ns(op) != others.since_ns(other):
            return False
        if all(getattr(op, name) == getattr(other, name) for name in _COMPARED):
            return True
        return self.key(op) == others.key(other)

    def key(self, op: Op) -> tuple[Any, ...]:
        return (op.type, op.f, op.job, self.revision(op), self.text(op))

    def revision(self, op: Op) -> str:
        return f"{self._plain(op.rev.desktop)}/{op.rev.n}" if op.rev is not None else ""

    def value(self, op: Op) -> Any:
        told = {"value": self._plain(op.value), "error": self._plain(op.error), "cause": self._plain(op.cause)}
        return {name: value for name, value in told.items() if value is not None}

    def text(self, op: Op | None) -> str:
        told = self.value(op) if op is not None else {}
        only = told["value"] if set(told) == {"value"} else told
        return json.dumps(only, ensure_ascii=False, default=str) if told else ""

    def around(self, op: Op | None, when_ns: int, at: int | None, other: str) -> Iterator[Event]:
        """The events before and after `op`, or after `when_ns` if it is none."""
        where = next((i for i, one in enumerate(self._ops) if one is op), None)
        after = where if where is not None else sum(self.since_ns(one) < when_ns for one in self._ops)
        for one in self._ops[max(0, after - AROUND) : after + AROUND + (where is not None)]:
            yield self._event(one, at if one is op else None, other, parts=one is op)

    def _event(self, op: Op, at: int | None, other: str, *, parts: bool) -> Event:
        text = self.text(op)
        return Event(
            time_ns=self.since_ns(op),
            process=op.process,
            type=op.type,
            f=op.f,
            job=op.job or "",
            revision=self.revision(op),
            pieces=_pieces(text, at, other),
            parts=parts,
        )

    def _plain(self, value: Any) -> Any:
        return plain(value, self._names)


def plain(value: Any, names: dict[str, str]) -> Any:
    """A value without what is drawn anew for every run."""
    if isinstance(value, dict):
        return {
            str(plain(str(name), names)): "(id)" if name in _DRAWN and one else plain(one, names)
            for name, one in value.items()
        }
    if isinstance(value, list):
        return [plain(one, names) for one in value]
    if isinstance(value, str):
        return _MESSAGE.sub(r"(boot)-\1", _ID.sub(lambda found: names.get(found[0], "(id)"), value))
    if isinstance(value, (int, float)) and not isinstance(value, bool) and value >= _MS_OF_2001:
        return "(time of day)"
    return value


def names_of(history: History) -> dict[str, str]:
    """Ids of nodes and users → their names."""
    found = {}
    for name, node in history.header.nodes.items():
        found[str(node.get("device_id"))] = name
        found[str(node.get("user_id"))] = str(node.get("user"))
    return found


def _fields(mine: _Told, one: Op | None, theirs: _Told, other: Op | None) -> Iterator[str]:
    """Names of what differs: `type`, `value.set.status`, `time`."""
    if one is None or other is None:
        return
    pairs = {
        "type": (one.type, other.type),
        "f": (one.f, other.f),
        "job": (one.job, other.job),
        "revision": (mine.revision(one), theirs.revision(other)),
    }
    yield from (name for name, (a, b) in pairs.items() if a != b)
    if one.f == other.f:
        yield from _paths(mine.value(one), theirs.value(other), "")
    if mine.key(one) == theirs.key(other):
        yield "time"


def _paths(one: Any, other: Any, at: str) -> Iterator[str]:
    if isinstance(one, dict) and isinstance(other, dict):
        for name in dict.fromkeys([*one, *other]):
            yield from _paths(one.get(name), other.get(name), f"{at}.{name}" if at else name)
    elif one != other:
        yield at


def _first_difference(one: str, other: str) -> int:
    pairs = enumerate(zip(one, other, strict=False))
    return next((i for i, (a, b) in pairs if a != b), min(len(one), len(other)))


def _pieces(text: str, at: int | None, other: str) -> tuple[str, str, str]:
    """What both texts begin with, what is here alone, and what both end with; no more of each than can be read."""
    if at is None:
        return (_cut(text, _MOST_LETTERS), "", "")
    most = min(len(text), len(other)) - at
    same = next((i for i in range(most) if text[-1 - i] != other[-1 - i]), most)
    end = len(text) - same
    begin = text[:at] if at <= _BEFORE else "…" + text[at - _BEFORE : at]
    return (begin, _cut(text[at:end], _MOST_LETTERS), _cut(text[end:], _BEFORE))


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[:most] + "…"
