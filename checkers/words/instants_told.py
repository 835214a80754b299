"""The findings of `linearizable` in words."""

from __future__ import annotations

from checkers.past.answers import Answer
from checkers.past.effects import Done
from checkers.past.instants import Fault
from checkers.past.ledger import Ledger
from checkers.words.findings import Story, told
from checkers.words.wording import value
from harness.history import Op

_DID = {"cancel": "canceled", "delete": "deleted"}


class Teller:
    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def answer(self, answer: Answer, fault: Fault) -> Story:
        invoke, op = answer.invoke, answer.returned
        called = f"{op.node}'s {_call(invoke)}, called at {self._at(invoke)}"
        message = f"{called}, {self._says(answer, fault)}"
        story: list[tuple[Op | None, str]] = [
            (invoke, f"{op.node} calls {_call(invoke)}"),
            (op, f"it returns {op.type}{' from the cache' if answer.cached else ''}"),
        ]
        story += [(commit, self._commit(commit)) for commit in fault.proof if commit not in (invoke, op)]
        story.sort(key=lambda line: line[0].time_ns if line[0] is not None else 0)
        window = fault.window
        details = {
            "job": fault.job or op.job,
            "node": op.node,
            "as_of": answer.as_of,
            "fits": fault.of,
            "complete": window.low,
            "begun": window.high,
        }
        return Story(message, {k: v for k, v in details.items() if v is not None} | {"story": told(story)})

    def not_bypassed(self, invoke: Op, op: Op) -> Story:
        called = f"{op.node}'s {_call(invoke)}, called at {self._at(invoke)}"
        message = f"{called} past all caches, was answered at {self._at(op)} out of its list cache"
        lines: list[tuple[Op | None, str]] = [(invoke, f"{op.node} calls {_call(invoke)}"), (op, "from its list cache")]
        return Story(message, {"node": op.node, "story": told(lines)})

    def _says(self, answer: Answer, fault: Fault) -> str:
        at, of, desktop = self._at(answer.returned), f"revision {fault.of}", answer.book.desktop
        job, missed, high = f"job {fault.job}", self._missed(fault), fault.window.high
        column = f" with a {fault.column} that" if fault.column else ", which"
        ways = {
            "stale": f"was answered at {at} with what {desktop} held at {of}, but {missed} already",
            "stale-cache": f"was answered from its cache at {at} with what {desktop} held at {of}; {missed}, "
            "and a cache may not lag behind that much",
            "future": f"was answered at {at} with {of}, but {desktop} had begun no revision above {high}",
            "wrong-as-of": f"says that it is as of revision {answer.as_of}, but holds what {desktop} held at {of}; "
            f"{missed}",
            "torn-list": f"was answered at {at} with a list that {desktop} did not hold at any revision up to {high}: "
            f"{fault.apart}",
            "never-written": f"was answered at {at} with {job}{column} {desktop} never wrote",
            "not-asked-for": f"was answered at {at} with {job}, {_why_not(answer, fault)}: that was not asked for",
            "denied": f"was told at {at} that {job} does not exist, but it did all the time ({missed})",
            "undone": f"was answered at {at} with {job} of {of}, which {desktop} did not write in the end",
            "no-effect": f"returned ok at {at}, but {desktop} did not do it meanwhile",
        }
        return ways[fault.reason]

    def effect(self, done: Done, call: tuple[Op, Op]) -> Story:
        what, desktop = _DID[_kind(done)], done.op.node
        invoke, op = call
        said = f"returned ok at {self._at(op)}"
        if op.type == "fail":
            code = op.error.get("code") if isinstance(op.error, dict) else None
            said = f"failed at {self._at(op)}" + (f" ({code})" if code else "")
        again = "" if op.type == "fail" else " once more"
        message = f"{op.node}'s {_call(op)} {said}, but {desktop} {what} it{again} at {self._at(done.op)}"
        story: list[tuple[Op | None, str]] = [
            (invoke, f"{op.node} calls {_call(op)}"),
            (op, f"it returns {op.type}"),
            (done.begun, f"{desktop} begins to write it"),
            (done.op, "it is written"),
        ]
        story.sort(key=lambda line: line[0].time_ns if line[0] is not None else 0)
        return Story(message, {"job": done.op.job, "node": desktop, "story": told(story)})

    def undone(self, op: Op, failed: Op) -> Story:
        n = failed.rev.n if failed.rev is not None else 0
        message = (
            f"{op.node}'s {_call(op)} was answered at {self._at(op)} with revision {n} or later, "
            f"but {failed.node} did not write revision {n} in the end ({self._at(failed)})"
        )
        story: list[tuple[Op | None, str]] = [
            (op, f"{op.node} is told of revision {n}"),
            (failed, f"{failed.node} gives revision {n} up"),
        ]
        return Story(message, {"job": failed.job, "node": op.node, "story": told(story)})

    def _missed(self, fault: Fault) -> str:
        op = fault.missed
        if op is None or op.rev is None:
            return "more was complete before"
        state = "complete" if op.type == "ok" else "begun"
        return f"revision {op.rev.n} ({_write(op)}) was {state} at {self._at(op)}"

    def _commit(self, op: Op) -> str:
        return f"{op.node} has written revision {op.rev.n if op.rev is not None else '?'}: {_write(op)}"

    def _at(self, op: Op) -> str:
        return self._ledger.at(op.time_ns)


def _call(op: Op) -> str:
    """A call in words, with what it asks for."""
    if op.job is not None:
        return f"{op.f} of job {op.job}"
    asked = op.value if isinstance(op.value, dict) else {}
    words = [f"{name} {value(given)}" for name, given in asked.items()]
    return f"{op.f} with {', '.join(words)}" if words else op.f


def _write(op: Op) -> str:
    f = op.value.get("f") if isinstance(op.value, dict) else None
    return f"{f or 'write'} of job {op.job}"


def _kind(done: Done) -> str:
    f = done.op.value.get("f") if isinstance(done.op.value, dict) else None
    return str(f) if f in _DID else "delete"


def _why_not(answer: Answer, fault: Fault) -> str:
    if fault.column is None:
        return "which is of another scope"
    if fault.column == "pageSize" and answer.listed is not None:
        return f"in a page of {len(answer.rows)} jobs where {answer.listed.asked.size} may be"
    row = next((r for r in answer.rows if r.get("id") == fault.job), {})
    return f"whose {fault.column} is {value(row.get(fault.column))}"
