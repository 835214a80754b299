"""No room on the disk."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, ClassVar, Literal

from faults import Effect, Fault, Ground, Occurrence, OnNodes, Targets, Timed, match_nodes


class DiskFullWords(OnNodes):
    """Writes of the store of `nodes` fail as on a full disk (SQLITE_FULL) and are rolled back; reads go on."""


class DiskFull:
    ACTION: ClassVar[str] = "disk_full"
    LAYER: ClassVar[Literal["byte", "message", "process"]] = "process"
    VERBS: ClassVar[frozenset[str]] = frozenset({"fill_disk"})
    EXAMPLE: ClassVar[str] = "{action: disk_full, nodes: [desktop-1], at: 2s, for: 2s}"
    Params: ClassVar[type[Timed]] = DiskFullWords

    def targets(self, params: Any, links: Sequence[str], nodes: Sequence[str]) -> Targets:
        return Targets(nodes=match_nodes(params.nodes, nodes))

    @asynccontextmanager
    async def inject(self, ground: Ground, occurrence: Occurrence) -> AsyncIterator[Effect]:
        effect = Effect()
        async with AsyncExitStack() as scope:
            for node in occurrence.nodes:
                await scope.enter_async_context(ground.fill_disk(node, effect))
            yield effect


FAULT: Fault = DiskFull()
