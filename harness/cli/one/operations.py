"""Which operations and messages of a run a user wants to see, and each of them in the cells of a row."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from harness.cli.telling import say, table
from harness.history import History, Op, Tap
from harness.terminal import harmless

_FAULTS = ("fault-begin", "fault-heal")
_SAID = ("jobId", "job", "rev")  # by the columns
_OF_A_ROW = ("id", "projectHash", "updatedAt")
_NAMES = ("corr", "msg")  # what a message is called in the journals


class Wanted(msgspec.Struct, kw_only=True):
    """What to show. `names` are messages that are about the job, `origin_ns` is time 0."""

    job: str | None = None
    node: str | None = None
    around_ns: int | None = None
    within_ns: int = 0
    origin_ns: int = 0
    names: frozenset[str] = frozenset()

    def of(self, history: History) -> Wanted:
        """The same, knowing the run that it is about."""
        return msgspec.structs.replace(self, origin_ns=history.ops[0].time_ns, names=frozenset(self._named(history)))

    def _named(self, history: History) -> Iterable[str]:
        if self.job is None:
            return
        for op in history.ops:
            if self._about(op):
                yield from (str(_value(op)[key]) for key in _NAMES if key in _value(op))
        yield from (tap.msg for tap in history.taps if tap.job == self.job and tap.msg is not None)

    def op(self, op: Op) -> bool:
        if not self._near(op.time_ns):
            return False
        if op.f in _FAULTS:
            return self.node is None or any(self.node in _ends(place) for place in _places(op))
        of_job = self.job is None or self._about(op) or any(_value(op).get(key) in self.names for key in _NAMES)
        return of_job and (self.node is None or self.node in (op.node, op.process.partition("/")[0]))

    def tap(self, tap: Tap) -> bool:
        of_job = self.job is None or tap.job == self.job or (tap.job is None and tap.msg in self.names)
        return of_job and self._near(tap.time_ns) and (self.node is None or self.node in _ends(tap.link))

    def lies_in(self, begin_ns: int, end_ns: int) -> bool:
        """Does the whole time in question lie between these two, and begin after the first?"""
        if self.around_ns is None:
            return False
        near_ns = self.origin_ns + self.around_ns - self.within_ns
        return begin_ns < near_ns <= end_ns

    def _near(self, time_ns: int) -> bool:
        return self.around_ns is None or abs(time_ns - self.origin_ns - self.around_ns) <= self.within_ns

    def _about(self, op: Op) -> bool:
        value = _value(op)
        params = value.get("params")
        said = [op.job, value.get("job"), value.get("jobId"), params.get("jobId") if isinstance(params, dict) else None]
        return self.job in said


def _value(op: Op) -> dict[str, Any]:
    return op.value if isinstance(op.value, dict) else {}


def _places(op: Op) -> list[str]:
    return [str(place) for key in ("nodes", "directions") for place in _value(op).get(key) or []]


def _ends(place: str) -> list[str]:
    return place.split("->")


# ---- cells ----------------------------------------------------------------------------------------------------------


def operation(op: Op) -> Sequence[str]:
    """who, type, what, job, revision, details"""
    revision = str(op.rev.n) if op.rev is not None else ""
    said = [_DETAILS.get(op.f, _plain)(op)]
    said += [f"error={table.short(op.error)}"] if op.error is not None else []
    said += [f"by {harmless(op.cause)}"] if op.cause is not None else []
    return (op.process, op.type, op.f, harmless(op.job or ""), revision, "; ".join(filter(None, said)))


def message(tap: Tap) -> Sequence[str]:
    """The same cells; of a link, `in` is before its faults and `out` after them."""
    named = f", {table.short(tap.msg)}" if tap.msg is not None else ""
    details = f"connection {tap.conn}, {say.many(tap.bytes, 'byte')}{named}"
    return (tap.link, tap.side, harmless(tap.type or "?"), harmless(tap.job or ""), "", details)


def _plain(op: Op) -> str:
    said = {key: value for key, value in _value(op).items() if key not in _NAMES}
    return table.words({**said, **_value(op)}, _SAID)  # ids last: they are long


def _commit(op: Op) -> str:
    value = _value(op)
    texts = {key: value.get(key) for key in ("start", "chunk", "response")}
    said = ", ".join(filter(None, (table.words(_set(value), _OF_A_ROW), table.words(texts))))
    return f"{value.get('f', '?')}: {said}" if said else str(value.get("f", "?"))


def _observation(op: Op) -> str:
    value = _value(op)
    sizes = table.words({key: value.get(key) for key in ("bytes", "before", "length", "end")})
    return ", ".join(filter(None, (str(value.get("kind", "?")), sizes, table.words(_set(value), _OF_A_ROW))))


def _set(value: dict[str, Any]) -> dict[str, Any]:
    found = value.get("set")
    return found if isinstance(found, dict) else {}


def _final(op: Op) -> str:
    value = _value(op)
    jobs = value.get("jobs")
    said = [say.many(len(jobs), "job")] if isinstance(jobs, (dict, list)) else []
    return ", ".join([*said, *filter(None, [table.words(value, ("jobs",))])])


def _fault(op: Op) -> str:
    value = _value(op)
    effect = value.get("effect")
    met = table.words({key: count for key, count in effect.items() if count}) if isinstance(effect, dict) else ""
    did = [met or "it met nothing"] if op.f == "fault-heal" else []
    return "; ".join([harmless(str(value.get("fault"))), ", ".join(_places(op)), *did])


_DETAILS = {"commit": _commit, "observe": _observation, "final": _final, **dict.fromkeys(_FAULTS, _fault)}
