"""A process stops for a while, as SIGSTOP stops it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, ClassVar, Literal

from faults import Effect, Fault, Ground, Occurrence, OnNodes, Targets, Timed, match_nodes


class PauseWords(OnNodes):
    """The processes of `nodes` do not run for `for`; then they go on where they were.

    Their kernels still take bytes and connections, so peers notice nothing until their own time-outs.
    """


class Pause:
    ACTION: ClassVar[str] = "pause"
    LAYER: ClassVar[Literal["byte", "message", "process"]] = "process"
    VERBS: ClassVar[frozenset[str]] = frozenset({"pause"})
    EXAMPLE: ClassVar[str] = "{action: pause, nodes: [desktop-1], at: 2s, for: 1s}"
    Params: ClassVar[type[Timed]] = PauseWords

    def targets(self, params: Any, links: Sequence[str], nodes: Sequence[str]) -> Targets:
        return Targets(nodes=match_nodes(params.nodes, nodes))

    @asynccontextmanager
    async def inject(self, ground: Ground, occurrence: Occurrence) -> AsyncIterator[Effect]:
        effect = Effect()
        async with AsyncExitStack() as scope:
            for node in occurrence.nodes:
                await scope.enter_async_context(ground.pause(node, effect))
            yield effect


FAULT: Fault = Pause()
