"""The compiled reader of simple operation maps, where it was built: `native/`. It is never needed.

`HARNESS_PURE=1` does without it; so does a machine without a compiler.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from checkers.linearizability.engine import digest

SOURCES = Path(__file__).parent / "native"
AT_ONCE = 8192  # operations that it reads before it comes back

Scan = Callable[
    [str, int, int, dict[str | None, Any], Callable[[str], Any], Any], tuple[list[tuple[Any, ...]], int, int]
]


def bind(module: Any) -> Scan | None:
    """None: it was built of other sources."""
    scan: Scan = module.operations
    return scan if digest(SOURCES) == module.SOURCE else None


def _found() -> Scan | None:
    if os.environ.get("HARNESS_PURE", "") not in ("", "0"):
        return None
    try:
        return bind(importlib.import_module("harness.interchange._native"))
    except ImportError:
        return None


SCAN = _found()
