"""What the relay sends to phones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from harness.history import History

FIGURES: Final = {
    "events": "events that left for a phone",
    "event_bytes": "their bytes in sum",
    "with_source": "the share of them that name the device that they come from",
    "said_of_sent": "deliveries that the relay said it made, of those that it made, to all devices",
}


def of(history: History) -> Mapping[str, float]:
    phones = {name for name, node in history.header.nodes.items() if node.get("role") == "mobile"}
    sent = [
        tap
        for tap in history.taps
        if tap.side == "in" and tap.type.startswith("job:") and tap.link.partition("->")[2] in phones
    ]
    if not sent:
        return {}
    left = sum(
        tap.side == "in" and tap.type.startswith("job:") and tap.link.startswith("relay->") for tap in history.taps
    )
    found: dict[str, float] = {"events": len(sent), "event_bytes": sum(tap.bytes for tap in sent)}
    found["with_source"] = sum(tap.source is not None for tap in sent) / len(sent)
    lines = [op.value for op in history.ops if op.f == "deliver" and isinstance(op.value, dict)]
    said = [line["count"] for line in lines if str(line.get("event")).startswith("job:") and "count" in line]
    return {**found, "said_of_sent": sum(said) / left} if said else found
