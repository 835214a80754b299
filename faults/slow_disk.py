"""A disk that takes its time."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import Field

from faults import DurationNs, Effect, Fault, Ground, Occurrence, OnNodes, Timed
from faults._scopes import OverNodes, Scope


class SlowDiskWords(OnNodes):
    """Every read and write of the store of `nodes` takes `latency` longer."""

    latency: DurationNs = Field(gt=0)
    """How much longer every read and every write of the store takes: a duration such as `50ms`."""


class SlowDisk(OverNodes):
    ACTION: ClassVar[str] = "slow_disk"
    VERBS: ClassVar[frozenset[str]] = frozenset({"slow_disk"})
    EXAMPLE: ClassVar[str] = "{action: slow_disk, nodes: [desktop-1], latency: 100ms, at: 2s, for: 3s}"
    Params: ClassVar[type[Timed]] = SlowDiskWords

    def over(self, ground: Ground, target: str, words: Any, occurrence: Occurrence, effect: Effect) -> Scope:
        return ground.slow_disk(target, words.latency / 1e6, effect)


FAULT: Fault = SlowDisk()
