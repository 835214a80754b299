"""What the end of a call must stand on: an answer that the wire delivered, a link that was lost, a time that was up.

A journal that says so itself proves nothing. What needs the wire is judged only where there are taps.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from checkers.traffic.bounds import Bounds, bounds, in_words
from checkers.traffic.peace import Path, Peace
from checkers.traffic.replies import Replies
from checkers.traffic.rpc_book import DEFINITE, Call, code_of
from checkers.words.findings import Moment, Proof
from harness.history import Header, Op, Tap

_AT_ONCE_NS = 10_000_000
_NEVER_NS = 1 - (1 << 62)
_GIVEN = frozenset({"answered", "disconnected", *DEFINITE})
_UNCLEAR = frozenset({"disconnected", "timeout", "offline", "desktop_offline", "internal"})


@dataclass(frozen=True, slots=True)
class Wrong:
    """An end that stands on nothing. `beside`: what else shows it."""

    reason: str
    call: Call
    op: Op
    what: str
    beside: tuple[tuple[Proof, str], ...] = ()


class Endings:
    """Fed taps first, then ops. What is wrong is handed out by `end` at once, the rest by `close`."""

    def __init__(self, header: Header, slack_ns: int) -> None:
        self._bounds, self._slack_ns = bounds(header), slack_ns
        self._replies, self._peace = Replies(header), Peace(header)
        self._desktop = {name: str(node.get("desktop") or "") for name, node in header.nodes.items()}
        self.tapped = False
        self._own: set[str] = set()  # ids of the replicas' own fetches
        self._late: dict[str, list[tuple[int, int]]] = {}  # node → answers after a time-out: (when, what it took)
        self._failed: list[Wrong] = []  # with everything up, unless a link ends in a moment
        self._torn: list[tuple[Call, Op]] = []  # ended as disconnected, before their link did
        self._given: dict[str, Op] = {}  # id → the relay's word that it answered, by itself or with a desktop's answer
        self.judged: Counter[str] = Counter()

    def tap(self, tap: Tap) -> None:
        self.tapped = True
        self._replies.tap(tap)

    def op(self, op: Op) -> None:
        if op.f == "fetch":
            if isinstance(op.value, dict) and op.value.get("phase") == "begin":
                self._own.add(str(op.value.get("corr")))
            return
        self._peace.op(op)
        if (
            (self._torn or self._failed)
            and op.f == "link"
            and isinstance(op.value, dict)
            and op.value.get("state") != "registered"
        ):
            self._lost(op)

    def said(self, op: Op) -> None:
        """An `rpc` line of the relay."""
        line = op.value if isinstance(op.value, dict) else {}
        if str(line.get("outcome")) in _GIVEN:
            self._given.setdefault(str(line.get("corr")), op)

    def end(self, call: Call, op: Op) -> Iterator[Wrong]:
        """The call has ended, for the first time."""
        path = self._peace.paths.get(call.node)
        if path is None or self._bounds is None:
            return
        self.judged[code_of(op)] += 1
        if self.tapped:
            yield from self._grounds(call, op, path)
            yield from self._unheard(call, op, path)
        yield from self._lost_answer(call, op, path)
        yield from self._in_time(call, op, path)
        self._in_peace(call, op, path)

    # ---- what it stands on ------------------------------------------------------------------------------------------

    def _grounds(self, call: Call, op: Op, path: Path) -> Iterator[Wrong]:
        begun_ns, code = call.begin.time_ns - self._slack_ns, code_of(op)
        first_ns = self._replies.first_ns(call.node, call.corr, begun_ns)
        if first_ns is not None and first_ns <= op.time_ns + self._slack_ns:
            return
        if code == "ok":
            yield Wrong("ok-without-reply", call, op, "ended as ok, and no answer had been delivered")
        elif code == "offline":
            if path.registered and path.untouched(begun_ns):
                yield Wrong("groundless-error", call, op, "ended as offline, and its link was up all the time")
        elif code == "disconnected":
            if path.lost_ns < begun_ns:
                self._torn.append((call, op))
        elif code == "invalid_params":
            if (call.node, call.corr) in self._replies.sent:
                yield self._groundless(call, op, code)
        elif code in DEFINITE or code == "internal":
            yield self._groundless(call, op, code)

    def _groundless(self, call: Call, op: Op, code: str) -> Wrong:
        return Wrong("groundless-error", call, op, f"ended as {code}, and no answer had been delivered that says so")

    def _lost(self, op: Op) -> None:
        """A link ended: a call that could not be sent over it knew that a moment before."""
        self._torn = [(call, end) for call, end in self._torn if call.node != op.node or self._later(end, op)]
        assert self._bounds is not None
        self._failed = [
            wrong
            for wrong in self._failed
            if op.node not in (wrong.call.node, self._desktop.get(wrong.call.node))
            or op.time_ns - wrong.op.time_ns > self._bounds.event_ns
        ]

    def _later(self, end: Op, op: Op) -> bool:
        assert self._bounds is not None
        return op.time_ns - end.time_ns > self._bounds.dead_peer_ns

    def _unheard(self, call: Call, op: Op, path: Path) -> Iterator[Wrong]:
        heard_ns = self._replies.heard_ns(call.node, call.corr, call.begin.time_ns)
        if heard_ns is None or op.time_ns <= heard_ns + _AT_ONCE_NS + 4 * self._slack_ns:
            return
        if path.sane(call.begin.time_ns) and path.lost_ns < heard_ns:
            what = f"was answered {in_words(op.time_ns - heard_ns)} before it ended, as {code_of(op)}"
            heard = Moment(heard_ns, call.node, msg=call.corr)
            yield Wrong("unheard", call, op, what, ((heard, f"its answer is delivered to {call.node}"),))

    def _lost_answer(self, call: Call, op: Op, path: Path) -> Iterator[Wrong]:
        assert self._bounds is not None
        given = self._given.get(call.corr)
        if given is None or given.time_ns < call.begin.time_ns or not path.untouched(given.time_ns - self._slack_ns):
            return
        doubtful = path.faulted_ns >= given.time_ns - self._bounds.dead_peer_ns
        if doubtful and not self._replies.hears(call.node, path.faulted_ns, given.time_ns):
            return  # what the fault left may be dead at one end, and nobody knows yet
        if op.time_ns - given.time_ns > self._bounds.event_ns and not self._answered(call, op):
            what = f"ended as {code_of(op)}, {in_words(op.time_ns - given.time_ns)} after the relay says it answered"
            yield Wrong("answer-lost", call, op, what, ((given, f"the relay: {given.value.get('outcome')}"),))

    # ---- when -------------------------------------------------------------------------------------------------------

    def _in_time(self, call: Call, op: Op, path: Path) -> Iterator[Wrong]:
        assert self._bounds is not None
        took_ns, own, code = op.time_ns - call.begin.time_ns, call.corr in self._own, code_of(op)
        limit_ns = self._bounds.fetch_ns if own else self._bounds.call_ns
        if not path.sane(call.begin.time_ns):
            return
        if code == "timeout" and took_ns + self._slack_ns < limit_ns * 3 // 4 and not self._answered(call, op):
            yield Wrong("wrong-time-out", call, op, f"was given up after {in_words(took_ns)}")
        if own and not path.sane(_NEVER_NS):
            limit_ns = self._bounds.call_ns  # what it knows of late answers, it learned from a wrong clock
        elif own:
            limit_ns = max(limit_ns, min(self._bounds.call_ns, 2 * self._longest_ns(call.node, call.begin.time_ns)))
        if took_ns > limit_ns * 5 // 4 + _busy_ns(self._bounds) + self._slack_ns:
            yield Wrong("wrong-time-out", call, op, f"was still waited for after {in_words(took_ns)}")
        if own and code == "timeout" and self.tapped:
            late_ns = self._replies.first_ns(call.node, call.corr, op.time_ns - self._slack_ns)
            if late_ns is not None:  # at the earliest, and what it took at the most: both only allow more
                took_ns = late_ns + self._slack_ns - call.begin.time_ns
                self._late.setdefault(call.node, []).append((late_ns - self._slack_ns, took_ns))

    def _answered(self, call: Call, op: Op) -> bool:
        """By an answer that says so."""
        first_ns = self._replies.first_ns(call.node, call.corr, call.begin.time_ns) if self.tapped else None
        return first_ns is not None and first_ns <= op.time_ns + self._slack_ns

    def _longest_ns(self, node: str, until_ns: int) -> int:
        """What the slowest answer took that had come too late by then. Without the wire anything may have."""
        if not self.tapped:
            return 1 << 62
        return max((took_ns for at_ns, took_ns in self._late.get(node, ()) if at_ns <= until_ns), default=0)

    # ---- with everything up -----------------------------------------------------------------------------------------

    def _in_peace(self, call: Call, op: Op, path: Path) -> None:
        """Whoever tells a caller that a link has ended may know it before that link's client does."""
        assert self._bounds is not None
        code = code_of(op)
        if code not in _UNCLEAR:
            return
        desktop = self._peace.paths.get(self._desktop.get(call.node, ""))
        since_ns = call.begin.time_ns - self._bounds.event_ns
        doubt_ns = since_ns - self._bounds.dead_peer_ns
        ends = (path, desktop) if desktop is not None else ()
        if not ends or not all(p.registered and p.untouched(since_ns) and p.faulted_ns < doubt_ns for p in ends):
            return
        what = f"failed as {code}, with everything up and no fault at work"
        self._failed.append(Wrong("failed-in-peace", call, op, what))

    # ---- at the end -------------------------------------------------------------------------------------------------

    def close(self) -> Iterator[Wrong]:
        yield from self._failed
        for call, op in self._torn:
            yield Wrong("groundless-error", call, op, "ended as disconnected, and its link was not lost")


def _busy_ns(limits: Bounds) -> int:
    return limits.event_ns // 10
