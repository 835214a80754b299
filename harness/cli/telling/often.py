"""When a long command says how far it is."""

from __future__ import annotations

import sys
import time


class Often:
    """At every tenth of the way, but not twice in two seconds, and once a minute; on a terminal, always."""

    def __init__(self, planned: int) -> None:
        self._step = max(1, planned // 10)
        self._last_s = time.monotonic()
        self._always = sys.stderr is not None and sys.stderr.isatty()

    def is_time(self, number: int) -> bool:
        since_s = time.monotonic() - self._last_s
        if self._always or since_s > 60 or (number % self._step == 0 and since_s > 2):
            self._last_s = time.monotonic()
            return True
        return False
