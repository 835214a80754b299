"""A disk that takes its time."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, ClassVar, Literal

from pydantic import Field

from faults import DurationNs, Effect, Fault, Ground, Occurrence, OnNodes, Targets, Timed, match_nodes


class SlowDiskWords(OnNodes):
    """Every read and write of the store of `nodes` takes `latency` longer."""

    latency: DurationNs = Field(gt=0)


class SlowDisk:
    ACTION: ClassVar[str] = "slow_disk"
    LAYER: ClassVar[Literal["byte", "message", "process"]] = "process"
    VERBS: ClassVar[frozenset[str]] = frozenset({"slow_disk"})
    EXAMPLE: ClassVar[str] = "{action: slow_disk, nodes: [desktop-1], latency: 100ms, at: 2s, for: 3s}"
    Params: ClassVar[type[Timed]] = SlowDiskWords

    def targets(self, params: Any, links: Sequence[str], nodes: Sequence[str]) -> Targets:
        return Targets(nodes=match_nodes(params.nodes, nodes))

    @asynccontextmanager
    async def inject(self, ground: Ground, occurrence: Occurrence) -> AsyncIterator[Effect]:
        latency_ms = SlowDiskWords.model_validate(occurrence.params).latency / 1e6
        effect = Effect()
        async with AsyncExitStack() as scope:
            for node in occurrence.nodes:
                await scope.enter_async_context(ground.slow_disk(node, latency_ms, effect))
            yield effect


FAULT: Fault = SlowDisk()
