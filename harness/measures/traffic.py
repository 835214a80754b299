"""What the relay sends to phones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from harness.history import History

FIGURES: Final = {
    "events": "events that left for a phone",
    "event_bytes": "their bytes in sum",
}


def of(history: History) -> Mapping[str, float]:
    phones = {name for name, node in history.header.nodes.items() if node.get("role") == "mobile"}
    sent = [
        tap.bytes
        for tap in history.taps
        if tap.side == "in" and tap.type.startswith("job:") and tap.link.partition("->")[2] in phones
    ]
    return {"events": len(sent), "event_bytes": sum(sent)} if sent else {}
