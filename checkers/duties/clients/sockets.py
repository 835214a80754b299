"""How a client's connections end, and how long it waits before the next one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from checkers.traffic.bounds import Bounds, in_words
from checkers.traffic.merged import ns, said
from checkers.traffic.peace import Peace
from checkers.words.findings import limit
from harness.history import Header, Op

_JITTER = 0.15
_AT_ONCE_NS = 10_000_000
_EXPIRED = "4401"
_MOST_STEPS = 30
_HARMLESS = frozenset({"duplicate", "reorder", "loss", "slicer", "slow_disk", "disk_full"})  # they end no connection
_QUIETING = frozenset({"delay", "hold", "bandwidth"})  # they may make one silent, for which it is given up
_SILENCE = ("dead peer", "no close frame")


@dataclass(frozen=True, slots=True)
class Wrong:
    reason: str
    node: str
    op: Op
    what: str
    proof: tuple[Op, ...]
    limit: dict[str, Any] = field(default_factory=dict)  # as `limit` gives it


@dataclass(slots=True)
class Line:
    """One client's link, as it journals it. `failures`: as its back-off counts them; None: nobody knows."""

    failures: int | None = 0
    registered: Op | None = None
    closed: Op | None = None
    suspended: bool = False
    away: Op | None = None  # since when it is in the background


@dataclass(slots=True)
class Harm:
    """Faults on one client's path that may end its connection: at work now, and when one began or healed last."""

    active: int = 0
    last_ns: int = -(1 << 62)

    def near(self, since_ns: int) -> bool:
        return self.active > 0 or self.last_ns >= since_ns


class Ends:
    """Ends of registered connections that nothing explains. What explains one may be journaled a moment later.

    What ends a run ends connections: an end counts once the run has gone on. Outside the simulator all links may die at
    once with what carries them, and nobody can tell when: there somebody must have registered since, or told its state
    in the end.
    """

    def __init__(self, header: Header, limits: Bounds) -> None:
        self._header, self._moment_ns = header, limits.event_ns
        self._doubt_ns = limits.dead_peer_ns + limits.event_ns
        self._harm: dict[tuple[str, bool], Harm] = {}  # (client, does it only make silent?)
        self._open: list[tuple[str, Op, Op]] = []  # client, its registration, the end
        self._simulated = header.runtime == "sim"
        self._carried_ns = -(1 << 62)  # until when links lived at least
        self.judged = 0

    def carried(self, op: Op) -> None:
        """A client was registered, or the state of a node was read in the end."""
        self._carried_ns = op.time_ns

    def closed(self, node: str, line: Line, op: Op) -> None:
        if line.registered is None or line.suspended:
            return
        self.judged += 1
        since_ns = op.time_ns - self._doubt_ns
        harm = self._of(node, False).near(since_ns)
        harm = harm or (self._of(node, True).near(since_ns) and str(said(op).get("reason")).startswith(_SILENCE))
        if not harm and not self._expired(node, op):
            self._open.append((node, line.registered, op))

    def _of(self, node: str, quieting: bool) -> Harm:
        return self._harm.setdefault((node, quieting), Harm())

    def _expired(self, node: str, op: Op) -> bool:
        life = self._header.nodes.get(node, {}).get("token_life_s")
        return bool(life) and _EXPIRED in str(said(op).get("reason"))

    def fault(self, op: Op, names: Iterable[str]) -> None:
        action = str(said(op).get("action"))
        if action in _HARMLESS:
            return
        for name in names:
            harm = self._of(name, action in _QUIETING)
            harm.active = max(0, harm.active + (1 if op.f == "fault-begin" else -1))
            harm.last_ns = op.time_ns
        if action not in _QUIETING:
            self._excuse(names, op.time_ns)

    def started(self, op: Op, names: Iterable[str]) -> None:
        for name in names:
            self._of(name, False).last_ns = op.time_ns
        self._excuse(names, op.time_ns)

    def _excuse(self, names: Iterable[str], now_ns: int) -> None:
        """What it ended may have been noticed before it was journaled."""
        if self._open:
            gone = set(names)
            self._open = [e for e in self._open if e[0] not in gone or now_ns - e[2].time_ns > self._moment_ns]

    def settle(self, now_ns: int) -> Iterator[Wrong]:
        while self._open and now_ns - (end := self._open[0][2]).time_ns > self._moment_ns:
            if not self._simulated and self._carried_ns <= end.time_ns:
                break
            yield self._wrong(*self._open.pop(0))

    def close(self) -> Iterator[Wrong]:
        for end in self._open:
            if self._carried_ns > end[2].time_ns:
                yield self._wrong(*end)

    def _wrong(self, node: str, registered: Op, op: Op) -> Wrong:
        reason = said(op).get("reason") or "without a word"
        what = f"ended its connection ({reason}), to which nothing had happened"
        return Wrong("ended-without-cause", node, op, what, (registered, op))


class BackOff:
    """The pause before the next socket: 0, then a unit that doubles with each failure, up to a limit; it begins anew
    after a session that lasted, a start and a return to the foreground."""

    def __init__(self, header: Header, peace: Peace, slack_ns: int) -> None:
        self._peace = peace
        names = ("backoff_unit_s", "backoff_max_s", "stable_s")
        self._unit_ns, self._most_ns, self._stable_ns = (ns(header, name) for name in names)
        self._slack_ns = slack_ns
        self.judged: Counter[str] = Counter()

    @property
    def known(self) -> bool:
        return bool(self._unit_ns and self._most_ns and self._stable_ns)

    def connecting(self, node: str, line: Line, op: Op) -> Wrong | None:
        path, closed, failures = self._peace.paths[node], line.closed, 0 if line.suspended else line.failures
        line.closed = None
        if failures is not None:
            line.failures = failures + 1
        if closed is None or failures is None or line.suspended or not path.sane(closed.time_ns - self._most_ns):
            return None
        self.judged["pauses"] += 1
        pause_ns, step_ns = op.time_ns - closed.time_ns, self._step_ns(failures)
        least, most = (1 - _JITTER) * step_ns - self._margin_ns, (1 + _JITTER) * step_ns + self._margin_ns
        if least <= pause_ns <= most:
            return None
        which = "the first" if failures == 0 else f"number {failures + 1}"
        what = (
            f"waited {in_words(pause_ns)} before {which} attempt since its last good session, "
            f"and its back-off says {in_words(step_ns)}"
        )
        bound = limit("the pause", node, closed.time_ns, step_ns, op.time_ns, least=pause_ns < least)
        return Wrong("back-off", node, op, what, (closed, op), bound)

    @property
    def _margin_ns(self) -> int:
        return _AT_ONCE_NS + 4 * self._slack_ns

    def _step_ns(self, failures: int) -> int:
        return 0 if failures == 0 else min(self._most_ns, self._unit_ns << min(failures - 1, _MOST_STEPS))

    def closed(self, node: str, line: Line, op: Op) -> None:
        """Did the session last long enough for the back-off to begin anew?"""
        path = self._peace.paths[node]
        if line.registered is None:
            return
        lived_ns = op.time_ns - line.registered.time_ns
        if not path.sane(line.registered.time_ns):
            line.failures = 0 if lived_ns > 4 * self._stable_ns else None  # by its own clock it may have
        elif abs(lived_ns - self._stable_ns) <= self._margin_ns:
            line.failures = None
        elif lived_ns > self._stable_ns:
            line.failures = 0
