"""Files that can be read once: a pipe (`<(command)`, `/dev/stdin`) is read whole the first time, and remembered."""

from __future__ import annotations

import os
import stat
from pathlib import Path

MOST_BYTES = 1 << 28  # of a pipe: one that never ends is given up

_known: dict[tuple[int, int], bytes] = {}


def bytes_of(path: Path, most: int | None = None) -> bytes:
    """At most `most` bytes, None: all there are. Raises `OSError`."""
    with path.open("rb") as file:
        told = os.fstat(file.fileno())
        if stat.S_ISREG(told.st_mode):
            return file.read(-1 if most is None else most)
        key = (told.st_dev, told.st_ino)
        if key not in _known:
            _known[key] = file.read(MOST_BYTES)
        return _known[key] if most is None else _known[key][:most]
