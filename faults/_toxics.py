"""What the faults that are one of Toxiproxy's toxics share."""

from __future__ import annotations

from typing import Any

from faults import Effect, Ground, Occurrence, Toxic
from faults._scopes import OverDirections, Scope


class ToxicOver(OverDirections):
    """A plug-in subclasses it, and says which toxic its words ask for."""

    def toxic(self, words: Any) -> Toxic:
        raise NotImplementedError

    def over(self, ground: Ground, target: str, words: Any, occurrence: Occurrence, effect: Effect) -> Scope:
        return ground.toxic(target, self.toxic(words), occurrence.stream, effect)


def check_slicer(average_size: int, size_variation: int) -> None:
    """Toxiproxy 2.12 recurses until it dies for an average of 0. Raises `ValueError`."""
    if average_size < 1:
        raise ValueError("a slicer's average_size is at least 1 byte")
    if size_variation >= average_size:
        raise ValueError("a slicer's size_variation is less than its average_size")
