"""Calls of the desktop: who waits for which answer, and how each call ends."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from targets.mobile.model import Action, Note, Send, Timer
from targets.mobile.policies_fetch import AT_DISCONNECT, ONCE, PATIENCE
from targets.policy import Policies
from targets.protocol import DEFINITE_CODES
from targets.timing import Timing

_LATE_CAP = 64  # timed-out fetches whose answer is still of interest: it tells how slow the path is
REFUSED_S = 0.1  # a call that cannot be sent fails after this long: the document's fetch loop must not spin in no time


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a call: a result, or an error `{code, message, …}`."""

    corr: str
    result: Mapping[str, Any]
    error: Mapping[str, Any] | None = None

    @property
    def code(self) -> str:
        return str((self.error or {}).get("code") or "internal")

    @property
    def outcome(self) -> str:
        if self.error is None:
            return "ok"
        return "fail" if self.code in DEFINITE_CODES else "info"


@dataclass(slots=True)
class Call:
    """`licence`: why the replica fetches by itself; None for a user's call."""

    corr: str
    method: str
    params: Mapping[str, Any]
    done: Callable[[Answer], None]
    begun_s: float
    licence: str | None = None
    timed_out: bool = False

    @property
    def fetch(self) -> dict[str, Any]:
        what = "get" if self.method == "job.get" else "list"
        return {"what": what, "job": self.params.get("jobId"), "licence": self.licence, "corr": self.corr}


@dataclass
class Calls:
    """`out`: where actions go; `new_id` draws correlation ids; `clock` is monotonic, in seconds."""

    out: list[Action]
    policies: Policies
    timing: Timing
    clock: Callable[[], float]
    new_id: Callable[[], str]
    registered: bool = False
    pending: dict[str, Call] = field(default_factory=dict)
    late_s: float = 0.0  # what the slowest late answer to a fetch was seen to take
    _late: dict[str, float] = field(default_factory=dict)

    def begin(
        self,
        method: str,
        params: Mapping[str, Any],
        done: Callable[[Answer], None],
        licence: str | None = None,
        **detail: Any,
    ) -> str:
        """Send a call; `done` hears its answer. `detail` goes into the journal's `fetch` line."""
        call = Call(self.new_id(), method, params, done, self.clock(), licence)
        self.pending[call.corr] = call
        limit_s = self.timing.call_s
        self._note("call", corr=call.corr, method=method, phase="begin", params=dict(params))
        if licence is not None:
            limit_s = self.policies[PATIENCE].limit_s(self.late_s, self.timing)
            self._note("fetch", **call.fetch, phase="begin", **detail)
        if not self.registered:
            self.out.append(Timer(("refused", call.corr), REFUSED_S if licence is not None else 0.0))
        else:
            self.out.append(Send(call.corr, method, params))
            self.out.append(Timer(("timeout", call.corr), limit_s))
        return call.corr

    def reply(self, corr: str, result: object, error: object) -> None:
        """An answer came in."""
        call = self.pending.pop(corr, None)
        if call is None:
            begun_s = self._late.pop(corr, None)
            if begun_s is not None:
                self.late_s = max(self.late_s, self.clock() - begun_s)
            return
        if call.timed_out:
            self.late_s = max(self.late_s, self.clock() - call.begun_s)
        if isinstance(error, Mapping):
            self._end(call, Answer(corr, {}, error))
        elif isinstance(result, Mapping):
            self._end(call, Answer(corr, result))
        else:
            self._end(call, Answer(corr, {}, {"code": "internal", "message": "an answer without result or error"}))

    def refuse(self, corr: str, code: str) -> None:
        """The call could not be sent (`offline`), or nobody knows whether it was (`disconnected`)."""
        call = self.pending.pop(corr, None)
        if call is not None:
            self._end(call, Answer(corr, {}, {"code": code, "message": f"the link is down ({code})"}))

    def expire(self, corr: str) -> None:
        call = self.pending.get(corr)
        if call is None or call.timed_out:
            return
        if self.policies[ONCE]:
            del self.pending[corr]
            self._remember(call)
        call.timed_out = True
        self._end(call, Answer(corr, {}, {"code": "timeout", "message": "no answer in time"}))

    def disconnected(self) -> None:
        if not self.policies[AT_DISCONNECT]:
            return
        for corr in list(self.pending):
            self.refuse(corr, "disconnected")

    def _remember(self, call: Call) -> None:
        if call.licence is None:
            return
        self._late[call.corr] = call.begun_s
        while len(self._late) > _LATE_CAP:
            del self._late[next(iter(self._late))]

    def _end(self, call: Call, answer: Answer) -> None:
        error = dict(answer.error) if answer.error is not None else None
        self._note("call", corr=call.corr, method=call.method, phase=answer.outcome, error=error)
        if call.licence is not None:
            told = {"asOf": answer.result.get("asOf"), "more": answer.result.get("more") or None}
            self._note("fetch", **call.fetch, phase="ok" if answer.error is None else "fail", error=error, **told)
        call.done(answer)

    def _note(self, line: str, **fields: Any) -> None:
        self.out.append(Note(line, {name: value for name, value in fields.items() if value is not None}))
