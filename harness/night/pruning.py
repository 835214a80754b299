"""Bounds of the disk: the oldest runs go first, never one that is spared."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from harness.store.index import Store


@dataclass(frozen=True)
class Pruned:
    """`runs` whose files were removed (their rows of the index stay), and how much is too much all the same."""

    runs: int
    still_over_bytes: int


def prune(store: Store, most_bytes: int, spare: Collection[Path]) -> Pruned:
    """Remove files of runs until the store holds `most_bytes` at most."""
    spared = {path.resolve() for path in spare}
    found = sorted((file.parent for file in store.root.glob("*/*/run.json")), key=lambda path: path.name)
    sizes = {directory: _size(directory) for directory in found}
    over, removed = sum(sizes.values()) - most_bytes, 0
    for directory, size in sizes.items():
        if over <= 0:
            break
        if directory.resolve() in spared:
            continue
        store.discard(directory)
        store.forget(directory)
        over, removed = over - size, removed + 1
    return Pruned(removed, max(0, over))


def _size(directory: Path) -> int:
    return sum(file.stat().st_size for file in directory.rglob("*") if file.is_file())
