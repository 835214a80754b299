"""What comes from the system under test, as a terminal may show it."""

from __future__ import annotations

from typing import Final

_OBEYED: Final = [c for c in (*range(0x20), 0x7F, *range(0x80, 0xA0)) if c not in (0x09, 0x0A)]
_TURNING: Final = (0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A))  # right to left, and back
_ESCAPES: Final = {c: f"\\x{c:02x}" for c in _OBEYED} | {c: f"\\u{c:04x}" for c in _TURNING}


def harmless(text: str) -> str:
    """`text` without anything that a terminal would obey, or that turns what stands beside it around."""
    return text.translate(_ESCAPES)
