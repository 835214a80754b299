"""Which orders of all calls explain the answers so far."""

from __future__ import annotations

from dataclasses import dataclass, field

from checkers.linearizability.counter import Counter


@dataclass(slots=True)
class Orders:
    """Where the answers stand in the two orders that are tried: one of real time, in which no cache excuses anything,
    and one that only keeps each client's own calls as it made them (`last`: client → revision)."""

    claimed: Counter = field(default_factory=Counter)
    heard: dict[str, int] = field(default_factory=dict)
    last: dict[str, int] = field(default_factory=dict)

    def happened(self, n: int, time_ns: int, client: str) -> None:
        self.claimed.happened(n, time_ns)
        self.heard[client] = n

    def complete_before(self, time_ns: int, client: str) -> int:
        return max(self.claimed.complete_before(time_ns), self.heard.get(client, 0))
