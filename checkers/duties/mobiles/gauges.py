"""Sizes of a mobile's maps once it has been left in peace for so long that nothing can be under way."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from checkers.past.ledger import jobs_of
from checkers.traffic.bounds import in_words
from checkers.traffic.merged import Merged, said
from checkers.traffic.phones import Phone, Phones
from checkers.words.findings import Findings, Story, told
from harness.history import Op, Tap

EMPTY = ("waiters", "buffered", "early", "tombstones", "unseen", "calls", "sending", "ops", "wishes")
_BUSY = frozenset({"fetch", "observe", "trigger", "link", "cache", "started"})


def sizes(gauges: object) -> Iterator[tuple[str, int]]:
    """What a final state counts; whatever is no number is left out."""
    for name, size in gauges.items() if isinstance(gauges, dict) else ():
        if isinstance(size, int) and not isinstance(size, bool):
            yield str(name), size


def below_zero(op: Op, name: str, size: int) -> Story:
    """Fewer than nothing: something was taken out twice."""
    message = f"{op.node} counts {size} {name}"
    return Story(message, {"node": op.node, "story": told([(op, message)])})


class Gauges:
    """`judged`: node → what was found, or why nothing was."""

    def __init__(self, judge: Merged, phones: Phones, findings: Findings) -> None:
        self._judge, self._phones, self._findings = judge, phones, findings
        self._busy_ns: dict[str, int] = {}
        self._last: dict[str, Op] = {}
        self._calls: dict[str, dict[str, int]] = {}  # node → correlation id of each call under way → when it began
        self._call_ns = judge.ns("call_s") + judge.slack_ns
        self._fetches: dict[str, set[str]] = {}  # node → those of them that are the replica's own
        # With no fetch under way only timers can be running, and the longest is the back-off of a fetch.
        self._quiet_ns = 3 * (judge.ns("fetch_backoff_max_s") + judge.ns("coalesce_max_s")) // 2 + judge.slack_ns
        self.judged: dict[str, str] = {}

    def wire(self, phone: Phone, tap: Tap) -> None:
        if tap.type.startswith("job:"):
            self._busy_ns[phone.node] = max(tap.time_ns, self._busy_ns.get(phone.node, tap.time_ns))

    def op(self, op: Op) -> None:
        phone = self._phones.of(op.node)
        if phone is None:
            return
        if op.f == "final":
            self._final(phone, op)
        elif op.f == "call":
            self._call(phone, op)
        elif op.f in _BUSY:
            if op.f == "fetch" and said(op).get("phase") == "begin":
                self._fetches.setdefault(phone.node, set()).add(str(said(op).get("corr")))
            elif op.f == "started":
                self._calls.pop(phone.node, None)
            self._busy_ns[phone.node] = max(op.time_ns, self._busy_ns.get(phone.node, op.time_ns))
            self._last[phone.node] = op

    def _call(self, phone: Phone, op: Op) -> None:
        line = said(op)
        calls = self._calls.setdefault(phone.node, {})
        if line.get("phase") == "begin":
            calls[str(line.get("corr"))] = op.time_ns
        else:
            calls.pop(str(line.get("corr")), None)
            self._fetches.get(phone.node, set()).discard(str(line.get("corr")))

    def _under_way(self, phone: Phone, now_ns: int) -> list[str]:
        """Calls that may still be waiting for an answer: one that is lost ends by its time-out only."""
        calls = self._calls.get(phone.node, {})
        return [corr for corr, begun_ns in calls.items() if now_ns - begun_ns <= self._call_ns]

    def _final(self, phone: Phone, op: Op) -> None:
        state = op.value if isinstance(op.value, dict) else {}
        gauges = state.get("gauges")
        for name, size in sizes(gauges):
            if size < 0:
                self._findings.add("miscounted", op, [op], partial(below_zero, op, name, size))
        shows = all(state.get(name) for name in ("scope", "foreground", "registered", "listed"))
        if not isinstance(gauges, dict) or not shows:
            self.judged[phone.node] = "not judged: no gauges, or no open screen"
            return
        busy_ns = self._busy_ns.get(phone.node)
        calls = self._under_way(phone, op.time_ns)
        fetching = not self._fetches.get(phone.node, set()).isdisjoint(calls)
        if phone.disturbed or fetching or busy_ns is None or op.time_ns - busy_ns < self._quiet_ns:
            self.judged[phone.node] = "not judged: it had not been left in peace long enough"
            return
        self.judged[phone.node] = "judged"
        self._covers(phone, op, gauges)
        for name, size, most in self._sizes(gauges, len(jobs_of(state)), len(calls)):
            if size > most:
                self._leak(phone, op, name, size, most)

    def _covers(self, phone: Phone, op: Op, gauges: dict[str, Any]) -> None:
        """A whole list counts for what it is as of. A list of a database that is gone counts for nothing."""
        as_of, listing = gauges.get("asOf"), phone.listing
        if listing is None or not listing.done or listing.as_of is None or phone.left:
            return
        if isinstance(as_of, int) and as_of < listing.as_of:
            begun, covered = listing.begun, listing.as_of

            def tell() -> Story:
                message = f"{phone.node} has its scope as of revision {as_of}, though it listed it as of {covered}"
                story = [(begun, f"{phone.node} lists its scope"), (op, f"as of: {as_of}")]
                return Story(message, {"node": phone.node, "story": told(story)})

            self._findings.add("miscounted", op, [begun, op], tell)

    def _sizes(self, gauges: dict[str, Any], jobs: int, calls: int) -> list[tuple[str, int, int]]:
        """(map, its size, the most that it may hold)."""
        most = {
            **dict.fromkeys(EMPTY, 0),
            "index": jobs,
            "trackers": jobs,
            "calls": calls,
            "ops": calls,
            "wishes": calls,
        }
        return [(k, gauges[k], n) for k, n in most.items() if isinstance(gauges.get(k), int)]

    def _leak(self, phone: Phone, op: Op, name: str, size: int, most: int) -> None:
        ops = [o for o in (self._last.get(phone.node), op) if o is not None]

        def tell() -> Story:
            quiet = in_words(op.time_ns - self._busy_ns[phone.node])
            message = f"{phone.node} had been left in peace for {quiet} and its {name} held {size}, not {most}"
            story = [(o, f"{phone.node}: the last it did" if o is not op else f"{name}: {size}") for o in ops]
            return Story(message, {"node": phone.node, "story": told(story)})

        self._findings.add("leak", op, ops, tell)
