"""What most faults are: one scope of the ground over each node, or each direction, that they name.

A plug-in subclasses `OverNodes` or `OverDirections` and says in `over` which verb that is, with which of its words; or
`OneVerb`, if the verb needs none of them; or `ToxicOver`, and says which of Toxiproxy's toxics.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from typing import Any, ClassVar, Literal

from faults import Effect, Ground, Occurrence, Targets, Timed, Toxic, match_directions, match_nodes

Scope = AbstractAsyncContextManager[None]


class _Over:
    Params: ClassVar[type[Timed]]

    def over(self, ground: Ground, target: str, words: Any, occurrence: Occurrence, effect: Effect) -> Scope:
        """The scope over one target. `words` are the plan's, an instance of `Params`."""
        raise NotImplementedError

    def aimed_at(self, occurrence: Occurrence) -> Sequence[str]:
        raise NotImplementedError

    @asynccontextmanager
    async def inject(self, ground: Ground, occurrence: Occurrence) -> AsyncIterator[Effect]:
        words = self.Params.model_validate(occurrence.params)
        effect = Effect()
        async with AsyncExitStack() as scope:
            for target in self.aimed_at(occurrence):
                await scope.enter_async_context(self.over(ground, target, words, occurrence, effect))
            yield effect


class OverNodes(_Over):
    """A fault of machines and processes; its words are a subclass of `OnNodes`."""

    LAYER: ClassVar[Literal["byte", "message", "process"]] = "process"

    def targets(self, params: Any, links: Sequence[str], nodes: Sequence[str]) -> Targets:
        return Targets(nodes=match_nodes(params.nodes, nodes))

    def aimed_at(self, occurrence: Occurrence) -> Sequence[str]:
        return occurrence.nodes


class OneVerb(OverNodes):
    """A fault that is the one verb in `VERBS`, and has no words of its own."""

    VERBS: ClassVar[frozenset[str]]

    def over(self, ground: Ground, target: str, words: Any, occurrence: Occurrence, effect: Effect) -> Scope:
        (verb,) = self.VERBS
        scope: Scope = getattr(ground, verb)(target, effect)
        return scope


class OverDirections(_Over):
    """A fault of links; its words are a subclass of `OnLinks`."""

    LAYER: ClassVar[Literal["byte", "message", "process"]] = "byte"

    def targets(self, params: Any, links: Sequence[str], nodes: Sequence[str]) -> Targets:
        return Targets(directions=match_directions(params.links, links))

    def aimed_at(self, occurrence: Occurrence) -> Sequence[str]:
        return occurrence.directions


class ToxicOver(OverDirections):
    """A fault that is one of Toxiproxy's toxics."""

    def toxic(self, words: Any) -> Toxic:
        raise NotImplementedError

    def over(self, ground: Ground, target: str, words: Any, occurrence: Occurrence, effect: Effect) -> Scope:
        return ground.toxic(target, self.toxic(words), occurrence.stream, effect)
