"""Every timer of the system in one place, in seconds, with its reason; a topology may scale them all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace


@dataclass(frozen=True)
class Timing:
    ping_s: float = 30.0  # the relay pings
    heartbeat_s: float = 30.0  # clients send a heartbeat
    dead_peer_s: float = 60.0  # no bytes for this long: close
    upgrade_s: float = 10.0  # a client gives up the HTTP upgrade
    register_s: float = 5.0  # and the registration
    close_s: float = 2.0  # waits for a close handshake
    call_s: float = 30.0  # a user's RPC
    fetch_s: float = 5.0  # the replica's own fetch
    relay_pending_s: float = 45.0  # the relay forgets a pending call
    head_s: float = 10.0  # the desktop repeats its head
    stable_s: float = 5.0  # registered for this long: the back-off starts again
    backoff_max_s: float = 30.0  # reconnect back-off cap
    backoff_unit_s: float = 0.5  # its first step: 0, 1, 2, 4, 8, 16 … units
    fetch_backoff_max_s: float = 5.0
    desktop_cache_s: float = 2.0
    mobile_cache_s: float = 300.0
    refresh_after_s: float = 5.0  # background hard refresh when the last fetch is older
    coalesce_max_s: float = 0.25  # a coalesced fetch waits at most this long
    batch_s: float = 0.1  # chunks wait for each other so long, when they are sent in batches; less than a fetch waits

    def scaled(self, scale: float) -> Timing:
        """All timers divided by `scale`."""
        return replace(self, **{f.name: getattr(self, f.name) / scale for f in fields(self)})

    def as_seconds(self) -> dict[str, float]:
        return {f.name: getattr(self, f.name) for f in fields(self)}

    @property
    def converge_floor_s(self) -> float:
        """The least `converge` to ask for: dead peer + longest back-off (with its jitter) + head + two fetches."""
        return self.dead_peer_s + 1.15 * self.backoff_max_s + self.head_s + 2 * self.fetch_s


def timing_from_env(env: Mapping[str, str]) -> Timing:
    """`TIMING_SCALE` first, then single timers (`TIMING_HEAD_S=3`), which are not scaled."""
    timing = Timing().scaled(float(env.get("TIMING_SCALE", "1")))
    single = {f.name: float(env[key]) for f in fields(timing) if (key := f"TIMING_{f.name.upper()}") in env}
    return replace(timing, **single)
