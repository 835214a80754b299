"""What reading one input may cost at most: more than any user would wait for, or have."""

from __future__ import annotations

import os
import resource
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LIMIT_S = 10.0  # of CPU: a busy machine makes nobody guilty
LIMIT_BYTES = 500 << 20
_KIB = 1024 if sys.platform != "darwin" else 1
_FORGET_PEAK = Path("/proc/self/clear_refs")


def _peak_bytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _KIB


def _forget_peak() -> None:
    """Where the system can do it: what ran earlier in this process hides no growth."""
    if os.access(_FORGET_PEAK, os.W_OK):
        _FORGET_PEAK.write_text("5")


@contextmanager
def bounded(what: object) -> Iterator[None]:
    """Counts from here on: the process may have run a thousand other tests before."""
    _forget_peak()
    began_s, before_bytes = time.process_time(), _peak_bytes()
    yield
    took_s, grown_bytes = time.process_time() - began_s, _peak_bytes() - before_bytes
    assert took_s < LIMIT_S, f"{took_s:.1f} s of CPU: {what!r:.2000}"
    assert grown_bytes < LIMIT_BYTES, f"{grown_bytes >> 20} MiB: {what!r:.2000}"
