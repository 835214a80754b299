"""A call as a line tells it, and how it returned."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import msgspec

Returned = tuple[int, str, Any, Any] | None  # line, type, value, key


class Call(msgspec.Struct, frozen=True, gc=False):
    line: int
    process: Hashable
    f: str
    value: Any
    key: Any
