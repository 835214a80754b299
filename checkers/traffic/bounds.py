"""How long things may take: durations as plans write them, and bounds made of the topology's own timers.

Every bound is a sum of timers of `Header.timing` (seconds, scaled as the topology says), so a topology that runs twenty
times as fast is judged twenty times as strictly.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from harness.history import Header

NS_PER_S = 1_000_000_000
_UNIT_NS = {"ns": 1, "us": 1_000, "ms": 1_000_000, "s": NS_PER_S, "m": 60 * NS_PER_S, "h": 3600 * NS_PER_S}
_PART = re.compile(r"(\d{1,15}(?:\.\d{1,9})?)(ns|us|ms|s|m|h)", re.ASCII)
_NOMINAL_HEAD_S = 10.0  # the head interval of an unscaled topology
_EVENT_S = 2.0  # an event that nothing holds up, unscaled
_BUSY_S = 2.0  # outside the simulator programs wait for a processor, and clocks of several machines are compared
_JITTER = 1.15  # of a reconnect's back-off


def duration_ns(text: object) -> int:
    """A duration such as `250ms` or `1m30s`. Raises `ValueError`."""
    if not isinstance(text, str) or not re.fullmatch(f"(?:{_PART.pattern})+", text, re.ASCII):
        raise ValueError(f"expected a duration such as 250ms or 2s, not {text!r}")
    return sum(round(float(number) * _UNIT_NS[unit]) for number, unit in _PART.findall(text))


def within_ns(params: Mapping[str, Any]) -> int | None:
    """The bound that a plan sets: `{within: 2s}`. Raises `ValueError`."""
    within = params.get("within")
    return duration_ns(within) if within is not None else None


def in_words(ns: int) -> str:
    """`1.234 s`, `12.3 ms`."""
    return f"{ns / 1e9:.3f} s" if ns >= NS_PER_S else f"{ns / 1e6:.1f} ms"


@dataclass(frozen=True)
class Bounds:
    """All in nanoseconds."""

    scale: float  # 1: the timers of the protocol; 0.05: twenty times as fast
    event_ns: int  # commit → shown, when nothing was lost and nobody is behind
    coalesce_ns: int
    fetch_ns: int  # time-out of the replica's own fetch
    call_ns: int
    fetch_pause_ns: int  # longest pause after failed fetches
    head_ns: int
    dead_peer_ns: int
    attempt_ns: int  # an upgrade and a registration that run into their time-outs
    pause_ns: int  # longest back-off between two attempts

    def one_fetch_ns(self, pages: int, patience_ns: int) -> int:
        """A fetch that is under way, and one after it that covers `pages`; each waits to be coalesced."""
        return 2 * self.coalesce_ns + (pages + 1) * patience_ns

    def repair_ns(self, patience_ns: int) -> int:
        """Until the fetch that repairs what a fault did: another is lost, its pause passes, and a head tells."""
        return patience_ns + self.fetch_pause_ns + self.head_ns

    @property
    def registered_ns(self) -> int:
        """After the last heal every client is registered again within this: it notices that its connection is dead,
        or that an attempt has failed; then the longest pause passes."""
        return max(self.dead_peer_ns, self.attempt_ns) + self.pause_ns + self.event_ns

    @property
    def converge_ns(self) -> int:
        """And shows everything within this, from then on."""
        return self.one_fetch_ns(1, self.fetch_ns) + self.repair_ns(self.fetch_ns)


_NEEDED = (
    *("head_s", "coalesce_max_s", "fetch_s", "call_s", "fetch_backoff_max_s", "dead_peer_s"),
    *("upgrade_s", "register_s", "backoff_max_s"),
)


def bounds(header: Header) -> Bounds | None:
    """None when the header does not say all timers."""
    timing = header.timing
    if not all(isinstance(timing.get(name), int | float) and timing[name] >= 0 for name in _NEEDED):
        return None
    ns = {name: round(timing[name] * NS_PER_S) for name in _NEEDED}
    scale = timing["head_s"] / _NOMINAL_HEAD_S
    busy_ns = 0 if header.runtime == "sim" else round(_BUSY_S * NS_PER_S)
    return Bounds(
        scale=scale,
        event_ns=round(_EVENT_S * scale * NS_PER_S) + busy_ns,
        coalesce_ns=ns["coalesce_max_s"],
        fetch_ns=ns["fetch_s"],
        call_ns=ns["call_s"],
        fetch_pause_ns=ns["fetch_backoff_max_s"],
        head_ns=ns["head_s"],
        dead_peer_ns=ns["dead_peer_s"],
        attempt_ns=ns["upgrade_s"] + ns["register_s"],
        pause_ns=round(_JITTER * ns["backoff_max_s"]),
    )
