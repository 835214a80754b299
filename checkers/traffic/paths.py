"""The way from a desktop to a mobile's screen: since when it is whole, and until when it may be behind."""

from __future__ import annotations

from dataclasses import dataclass

from checkers.past.heard import Arrivals
from checkers.past.screens import Missing, Screen
from checkers.traffic.bounds import Bounds
from checkers.traffic.connections import Connections
from harness.history import Op

_ROWS_A_PAGE, _BYTES_A_PAGE, _ROW_BYTES = 50, 500_000, 2_000


@dataclass(slots=True)
class Path:
    """A mobile and its desktop. `since_ns`: everything that the path needs is there since then; None: something lacks.

    What was behind at `since_ns` has caught up by `calm_ns`; what the relay had no room for, by `spilt_ns`.
    """

    screen: Screen
    bounds: Bounds
    connections: Connections
    blind: bool  # the relay does not say what it drops
    since_ns: int | None = None
    calm_ns: int = 0
    spilt_ns: int = 0
    list_due_ns: int | None = None
    faulty: bool = False  # a fault touched it since it was calm last
    held_bytes: int = 0  # roughly what lists of the desktop carry
    incarnation: int = 0
    cause: Op | None = None  # what made it whole

    def stored(self, text: str | None, new: bool) -> None:
        self.held_bytes += 4 * len(text or "") + (_ROW_BYTES if new else 0)

    def touch(self, time_ns: int, *, faulty: bool) -> None:
        """Something is about to change: what former faults did was repaired by `calm_ns`."""
        if self.since_ns is not None and time_ns >= self.calm_ns:
            self.faulty = False
        self.faulty = self.faulty or faulty

    def look(self, op: Op) -> None:
        """Something has changed."""
        ends = [self.connections.clients[name] for name in (self.screen.mobile, self.screen.desktop)]
        lives = [end.live_ns for end in ends if end.live_ns is not None]
        opened, listed = self.screen.opened, self.screen.listed
        self.since_ns = self.list_due_ns = None
        if opened is None or len(lives) < len(ends) or any(end.faults for end in ends):
            return
        fetch_ns = self._one_fetch_ns(op.time_ns)
        allowed_ns = fetch_ns + (self.bounds.repair_ns(self._patience_ns(op.time_ns)) if self.faulty else 0)
        if listed is None:
            self.list_due_ns = max(*lives, opened.time_ns) + allowed_ns + self.bounds.event_ns
            return
        self.since_ns = max(*lives, listed.time_ns)
        self.calm_ns = self.since_ns + allowed_ns
        self.cause = op

    def spills(self, time_ns: int) -> None:
        """The relay dropped an event: a gap, and a fetch, must repair it."""
        self.spilt_ns = max(self.spilt_ns, time_ns + self._one_fetch_ns(time_ns))

    def due_ns(self, missing: Missing, time_ns: int) -> int:
        """By when it must be shown, the path being whole at `time_ns`."""
        gap_ns = self._arrivals.last_gap_ns(time_ns)
        if gap_ns is not None:
            self.spills(gap_ns)
        due_ns = max(missing.from_ns, self.calm_ns, self.spilt_ns) + self.bounds.event_ns
        return due_ns + (self.bounds.head_ns + self._one_fetch_ns(time_ns) if self.blind else 0)

    @property
    def _arrivals(self) -> Arrivals:
        return self.connections.clients[self.screen.mobile].arrivals

    def _one_fetch_ns(self, time_ns: int) -> int:
        pages = 1 + self.held_bytes // _BYTES_A_PAGE + self.held_bytes // (_ROWS_A_PAGE * _ROW_BYTES)
        return self.bounds.one_fetch_ns(pages, self._patience_ns(time_ns))

    def _patience_ns(self, time_ns: int) -> int:
        """The replica's fetches wait twice as long as a late answer took, at most as long as a call."""
        late_ns, limit_ns = self._arrivals.longest_answer_ns(time_ns), self.bounds.fetch_ns
        return limit_ns if late_ns < limit_ns else max(limit_ns, min(self.bounds.call_ns, 2 * late_ns))
