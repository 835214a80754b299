"""A node that does not read what it is sent."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, ClassVar, Literal

from faults import Effect, Fault, Ground, Occurrence, OnNodes, Targets, Timed, match_nodes


class SlowConsumerWords(OnNodes):
    """The processes of `nodes` do not read their sockets: buffers and mailboxes of their peers fill.

    All else of them goes on; they still send. What waits is read at heal.
    """


class SlowConsumer:
    ACTION: ClassVar[str] = "slow_consumer"
    LAYER: ClassVar[Literal["byte", "message", "process"]] = "process"
    VERBS: ClassVar[frozenset[str]] = frozenset({"stall"})
    EXAMPLE: ClassVar[str] = "{action: slow_consumer, nodes: [mobile-1], at: 2s, for: 1s}"
    Params: ClassVar[type[Timed]] = SlowConsumerWords

    def targets(self, params: Any, links: Sequence[str], nodes: Sequence[str]) -> Targets:
        return Targets(nodes=match_nodes(params.nodes, nodes))

    @asynccontextmanager
    async def inject(self, ground: Ground, occurrence: Occurrence) -> AsyncIterator[Effect]:
        effect = Effect()
        async with AsyncExitStack() as scope:
            for node in occurrence.nodes:
                await scope.enter_async_context(ground.stall(node, effect))
            yield effect


FAULT: Fault = SlowConsumer()
