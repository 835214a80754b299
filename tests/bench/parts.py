"""Where a profile's time went: by the part of the product that a function is of."""

from __future__ import annotations

import cProfile
import pstats
from collections.abc import Iterator

_PARTS = (  # the first that a file's path contains; what is built in counts for who calls it
    ("websockets", ("/websockets/",)),
    ("network", ("/harness/runtimes/sim/", "/harness/wire/")),
    ("components", ("/targets/",)),
    ("journals", ("/recorder.py", "/harness/history")),
    ("checkers", ("/checkers/", "/checking.py", "/harness/judging/")),
    ("conductor and workload", ("/harness/", "/faults/")),
)
_REST = "event loop's tasks, other libraries"
_Key = tuple[str, int, str]


def seconds(profile: cProfile.Profile) -> dict[str, float]:
    """Own seconds by part."""
    found = dict.fromkeys([name for name, _ in _PARTS] + [_REST], 0.0)
    for key, own_s, callers in _entries(pstats.Stats(profile)):
        if key[0] == "~" and callers:
            total_s = sum(callers.values()) or 1.0
            for caller, share_s in callers.items():
                found[_part(caller)] += own_s * share_s / total_s
        else:
            found[_part(key)] += own_s
    return found


def _entries(stats: pstats.Stats) -> Iterator[tuple[_Key, float, dict[_Key, float]]]:
    """Function, own seconds, and of them those by caller."""
    for key, (_, _, own_s, _, callers) in stats.stats.items():  # type: ignore[attr-defined]
        yield key, own_s, {caller: of[2] for caller, of in callers.items()}


def _part(key: _Key) -> str:
    return next((name for name, marks in _PARTS if any(mark in key[0] for mark in marks)), _REST)
