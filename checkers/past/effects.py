"""Cancels and deletes: which call did which commit.

Every commit of a cancel or a delete is done by one call at most, and every call does one at most. A call that returned
ok did it while it was under way; one of unknown outcome did it then, later, or never; one that failed did not.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from harness.history import Op

KINDS = frozenset({"cancel", "delete"})


@dataclass(slots=True)
class Done:
    """A commit of a cancel or delete: its revision, when it began, its op (the answer, when there is one)."""

    n: int
    begun: Op
    op: Op
    by: Op | None = None  # the return of the call that did it


@dataclass(slots=True)
class _Object:
    """All that is known of one job's cancels, or deletes."""

    done: list[Done] = field(default_factory=list)
    maybe: list[Op] = field(default_factory=list)  # invokes of calls whose outcome nobody knows
    failed: list[tuple[Op, Op]] = field(default_factory=list)
    succeeded: list[tuple[Op, Op]] = field(default_factory=list)


class Effects:
    """One desktop's. Keys are (kind, job)."""

    def __init__(self) -> None:
        self._objects: dict[tuple[str, str], _Object] = {}

    def _object(self, kind: str, job: str) -> _Object:
        return self._objects.setdefault((kind, job), _Object())

    def commit(self, kind: str, op: Op) -> None:
        """An op of a commit of that kind."""
        assert op.job is not None and op.rev is not None
        done = self._object(kind, op.job).done
        known = next((d for d in done if d.n == op.rev.n), None)
        if op.type == "fail":
            if known is not None:
                done.remove(known)
        elif known is None or op.type == "invoke":
            if known is not None:
                done.remove(known)
            done.append(Done(op.rev.n, op, op))
        else:
            known.op = op

    def succeed(self, kind: str, job: str, call: tuple[Op, Op], low: int, high: int) -> Done | None:
        """The commit in (low, high] that this call did; None: there is none.

        Calls come in the order of their returns, so that the least one is the right choice.
        """
        found = self._object(kind, job)
        found.succeeded.append(call)
        done = next((d for d in found.done if d.by is None and low < d.n <= high), None)
        if done is not None:
            done.by = call[1]
        return done

    def fail(self, kind: str, job: str, call: tuple[Op, Op]) -> None:
        self._object(kind, job).failed.append(call)

    def perhaps(self, kind: str, job: str, invoke: Op) -> None:
        self._object(kind, job).maybe.append(invoke)

    def unexplained(self) -> list[tuple[Done, tuple[Op, Op]]]:
        """Commits that no call explains, each with the call that was said to have failed, or to have done it before.

        A commit for which nobody ever called is the desktop's own affair.
        """
        found: list[tuple[Done, tuple[Op, Op]]] = []
        for known in self._objects.values():
            free = list(known.maybe)
            for done in known.done:
                if done.by is not None or done.op.type != "ok":
                    continue
                maybe = next((i for i in free if i.time_ns <= done.op.time_ns), None)
                if maybe is not None:
                    free.remove(maybe)
                    continue
                blamed = [call for call in (*known.failed, *known.succeeded) if call[0].time_ns <= done.op.time_ns]
                if blamed:
                    found.append((done, blamed[-1]))
        return found
