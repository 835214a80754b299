"""How much code a component goes through, in statements: the same everywhere, where a time is not.

Statements are counted while the run goes on, in the process that plays it: in the simulator alone. Work inside of one
statement, such as a scan by a built-in, is one.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import FrameType
from typing import Any, Final

from harness.history import History

FIGURES: Final = {"mobile_per_event": "statements of mobiles for each event that reached one, all others included"}
_WATCHED: Final = "/targets/mobile/"


@contextmanager
def watch() -> Iterator[Mapping[str, int]]:
    """Count the statements of mobiles from now on, as `mobile`."""
    found: Counter[str] = Counter()

    def line(frame: FrameType, event: str, arg: object) -> Any:
        if event == "line":
            found["mobile"] += 1
        return line

    def call(frame: FrameType, event: str, arg: object) -> Any:
        return line if _WATCHED in frame.f_code.co_filename else None

    before = sys.gettrace()
    sys.settrace(call)
    try:
        yield found
    finally:
        sys.settrace(before)


def of(history: History, watched: Mapping[str, int]) -> Mapping[str, float]:
    phones = {name for name, node in history.header.nodes.items() if node.get("role") == "mobile"}
    events = sum(
        tap.side == "out" and tap.type.startswith("job:") and tap.link.partition("->")[2] in phones
        for tap in history.taps
    )
    return {"mobile_per_event": watched["mobile"] / events} if events and watched.get("mobile") else {}
