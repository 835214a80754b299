"""How long a commit takes to be shown, and how long a phone takes over what reached it.

Counted is each commit that a phone shows by itself, once a phone; one that a later one overtakes is not.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from harness.history import History, Rev
from harness.measures import quantile

FIGURES: Final = {
    "hit_p1_ms": "from the beginning of a commit until an event brought it to a screen: all but the quickest hundredth",
    "hit_p50_ms": "the same, half of them",
    "hit_p99_ms": "the same, all but the slowest hundredth",
    "miss_p50_ms": "from the beginning of a commit until a fetch brought it to a screen, half of them",
    "applied_p99_ms": "from the delivery of an event until it is shown, all but the slowest hundredth",
}
_SHOWN = ("row", "patch", "append", "remove")
_WAYS: Final = {"event": "hit", "list": "miss", "get": "miss"}  # how it came; a cache brings nothing new


def of(history: History) -> Mapping[str, float]:
    begun_ns: dict[Rev, int] = {}
    delivered_ns: dict[tuple[str, str], int] = {}
    shown: set[tuple[str | None, Rev]] = set()
    took: dict[str, list[float]] = {"hit": [], "miss": [], "applied": []}
    for tap in history.taps:
        if tap.side == "out" and tap.msg is not None and tap.type.startswith("job:"):
            delivered_ns.setdefault((tap.link.partition("->")[2], tap.msg), tap.time_ns)
    for op in history.ops:
        if op.f == "commit" and op.type == "invoke" and op.rev is not None:
            begun_ns[op.rev] = op.time_ns
        elif op.f == "observe" and op.rev in begun_ns and isinstance(op.value, dict) and op.value["kind"] in _SHOWN:
            way, _, name = (op.cause or "").partition(":")
            if way not in _WAYS or (op.node, op.rev) in shown:
                continue
            shown.add((op.node, op.rev))
            took[_WAYS[way]].append((op.time_ns - begun_ns[op.rev]) / 1e6)
            if way == "event" and (at_ns := delivered_ns.get((str(op.node), name))) is not None:
                took["applied"].append((op.time_ns - at_ns) / 1e6)
    shares = {"p1": 0.01, "p50": 0.5, "p99": 0.99}
    every = {f"{way}_{p}_ms": quantile(ms, share) for way, ms in took.items() if ms for p, share in shares.items()}
    return {name: value for name, value in every.items() if name in FIGURES}
