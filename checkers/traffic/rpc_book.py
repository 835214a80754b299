"""What the journals say of every call: who asked, how it ended, what the relay and the desktop answered."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from harness.history import Header, Op

DEFINITE = frozenset({"not_found", "invalid_params", "forbidden", "desktop_offline", "offline"})
INDEFINITE = frozenset({"disconnected", "internal", "timeout"})
_SURE = tuple(DEFINITE)
REQUESTS = ("job.cancel", "job.delete")
_CALL_S = 30.0  # the time-out of a call, when the history does not say
_ENDS = ("ok", "fail", "info")


@dataclass(slots=True)
class Call:
    """One call of one life of a mobile. `end` is its first end."""

    node: str
    incarnation: int
    corr: str
    method: str
    job: str | None
    begin: Op
    end: Op | None = None
    told: bool = False  # that it took effect although it had failed


class Book:
    def __init__(self, header: Header) -> None:
        self.effects: dict[str, list[Op]] = {}  # id → the commits that carry it out
        self.answers: dict[str, list[Op]] = {}  # id → what desktops answered
        self.forwarded: set[str] = set()  # ids that the relay says it forwarded
        self.refused: set[str] = set()  # ids of which it says something else
        self._calls: list[Call] = []
        self._latest: dict[tuple[str, str], Call] = {}  # (node, id)
        self._same: dict[tuple[str, str | None], Call | None] = {}  # (id, job); None: there are several
        self._lives: dict[str, int] = {}  # node → its latest incarnation
        self._finals: dict[str, Op] = {}
        self._ill: dict[str, int] = {}  # node → faults that act on it now
        self._well_ns: dict[str, int] = {}  # node → when the last one healed
        self._limit_ns = round((header.timing.get("call_s", _CALL_S) * 1.2 + 1.0) * 1e9)

    # ---- reading ----------------------------------------------------------------------------------------------------

    def call(self, op: Op) -> Call | None:
        """A `call` line, as the call it is about; None for what cannot be read, and for an end without a beginning."""
        value, node = op.value, op.node or ""
        corr, phase = (value.get("corr"), value.get("phase")) if isinstance(value, dict) else (None, None)
        if not isinstance(corr, str):
            return None
        self._lives[node] = max(self._lives.get(node, 0), op.incarnation)
        if phase == "begin":
            params = value.get("params")
            job = params.get("jobId") if isinstance(params, dict) else value.get("job")
            call = Call(node, op.incarnation, corr, str(value.get("method")), job if isinstance(job, str) else None, op)
            self._calls.append(call)
            self._latest[node, corr] = call
            self._same[corr, call.job] = None if (corr, call.job) in self._same else call
            return call
        known = self.latest(node, corr) if phase in _ENDS else None
        if known is None or known.incarnation != op.incarnation:
            return None
        if known.end is None:
            known.end = op
        return known

    def said(self, op: Op, *, desktop: bool) -> None:
        """An `rpc` line of a desktop, or of the relay."""
        corr, outcome = (op.value.get("corr"), op.value.get("outcome")) if isinstance(op.value, dict) else (None, None)
        if not isinstance(corr, str):
            return
        if not desktop:
            (self.forwarded if outcome == "forwarded" else self.refused).add(corr)
        elif outcome != "unanswered":
            self.answers.setdefault(corr, []).append(op)

    def note(self, op: Op) -> None:
        """Finals, starts and faults: who lives, and since when undisturbed."""
        value = op.value if isinstance(op.value, dict) else {}
        if op.f == "final":
            self._finals[op.node or ""] = op
        elif op.f == "started":
            self._lives[op.node or ""] = max(self._lives.get(op.node or "", 0), op.incarnation)
        nodes = value.get("nodes") if op.f in ("fault-begin", "fault-heal") else None
        for node in (n for n in nodes if isinstance(n, str)) if isinstance(nodes, list) else ():
            self._ill[node] = self._ill.get(node, 0) + (1 if op.f == "fault-begin" else -1)
            self._well_ns[node] = op.time_ns

    # ---- asking -----------------------------------------------------------------------------------------------------

    @property
    def count(self) -> int:
        return len(self._calls)

    def calls(self) -> Iterator[Call]:
        return iter(self._calls)

    def latest(self, node: str, corr: str) -> Call | None:
        return self._latest.get((node, corr))

    def of(self, corr: str, job: str | None) -> Call | None:
        """The only call of that id about that job; None when there are several."""
        return self._same.get((corr, job))

    def done(self, call: Call) -> Op | None:
        """What says that a desktop carried it out: its commit, else its answer."""
        commits = self.effects.get(call.corr)
        if commits:
            return commits[0]
        return next((op for op in self.answers.get(call.corr, ()) if op.value.get("outcome") == "ok"), None)

    def done_and_refused(self) -> Iterator[tuple[Op, Op]]:
        """What was carried out for callers that tell nothing, and answered by a definite error and nothing else."""
        speak = {call.corr for call in self._calls}
        for corr, commits in self.effects.items():
            answers = self.answers.get(corr, [])
            if corr not in speak and answers and all(op.value.get("outcome") in _SURE for op in answers):
                yield commits[0], answers[0]

    def otherwise(self, corrs: Iterable[str], code: str) -> Iterator[Op]:
        """What desktops answered to these calls that is not this code."""
        for corr in sorted(corrs):
            yield from (op for op in self.answers.get(corr, []) if op.value.get("outcome") != code)

    def overdue(self, call: Call) -> Op | None:
        """The final of the node, if the call should have ended long before it."""
        final = self._finals.get(call.node)
        if final is None or call.incarnation != self._lives.get(call.node, 0) or self._ill.get(call.node, 0) > 0:
            return None
        since_ns = max(call.begin.time_ns, self._well_ns.get(call.node, call.begin.time_ns))
        return final if final.time_ns > since_ns + self._limit_ns else None


def code_of(end: Op) -> str:
    """How a call ended, in a word: ok, or the error's code."""
    error = end.value.get("error")
    code = error.get("code") if isinstance(error, dict) else None
    return str(code or end.value.get("phase"))


def about(call: Call) -> str:
    return f"{call.method}{f' of job {call.job}' if call.job is not None else ''}"
