"""A network partition: between groups of nodes, or of named links and directions."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from faults import Effect, Fault, Ground, Occurrence, TargetError, Targets, Timed, match_directions


class PartitionWords(Timed):
    """Nothing passes between `groups` of nodes (those not listed share one group), or over `links`.

    `drop`: `blackhole` holds the bytes and releases them in order at heal, as TCP does; `reset` cuts live connections
    with a reset and refuses new ones; `refuse` closes them and refuses new ones. Of `links`, blackhole can hold one
    direction alone (`relay->mobile-1`); reset and refuse always concern both.
    """

    groups: list[list[str]] | None = Field(None, min_length=1)
    """Groups of nodes between which nothing passes, `[[desktop-1], [relay, mobile-1]]`; those in no group share one.
    Either this or `links` is given."""
    links: list[str] | None = Field(None, min_length=1)
    """The directions over which nothing passes: `relay->mobile-1`, `mobile-1<->relay`. Either this or `groups` is
    given."""
    drop: Literal["blackhole", "reset", "refuse"] = "blackhole"
    """What becomes of the bytes: `blackhole`, the default, holds them until it heals, as TCP does; `reset` and `refuse`
    cut the connections and take no new ones."""

    @model_validator(mode="after")
    def _names_one_kind_of_target(self) -> Self:
        if (self.groups is None) == (self.links is None):
            raise ValueError("a partition needs either groups or links")
        return self


class Partition:
    ACTION: ClassVar[str] = "partition"
    LAYER: ClassVar[Literal["byte", "message", "process"]] = "byte"
    VERBS: ClassVar[frozenset[str]] = frozenset({"hold", "refuse"})
    EXAMPLE: ClassVar[str] = (
        "{action: partition, groups: [[desktop-1], [relay, mobile-1]], drop: blackhole, at: 2s, for: 3s}"
    )
    Params: ClassVar[type[Timed]] = PartitionWords

    def targets(self, params: Any, links: Sequence[str], nodes: Sequence[str]) -> Targets:
        if params.links is not None:
            cut = match_directions(params.links, links)
        else:
            cut = _between(_group_of(params.groups, nodes), links)
            if not cut:
                word = params.groups[0][0] if params.groups[0] else ""
                raise TargetError(word, "these groups cut no link: all linked nodes are in one of them")
        if params.drop != "blackhole":
            cut = match_directions([d.replace("->", "<->") for d in cut], links)
        return Targets(directions=cut)

    @asynccontextmanager
    async def inject(self, ground: Ground, occurrence: Occurrence) -> AsyncIterator[Effect]:
        words = PartitionWords.model_validate(occurrence.params)
        effect = Effect()
        async with AsyncExitStack() as scope:
            if words.drop == "blackhole":
                for direction in occurrence.directions:
                    await scope.enter_async_context(ground.hold(direction, effect))
            else:
                for link in occurrence.directions[::2]:  # both directions stand here, the client's first
                    await scope.enter_async_context(ground.refuse(link, words.drop == "reset", effect))
            yield effect


def _group_of(groups: Sequence[Sequence[str]], nodes: Sequence[str]) -> dict[str, int]:
    """Node → number of its group; nodes of no group have none. Raises `TargetError`."""
    group_of: dict[str, int] = {}
    for number, group in enumerate(groups):
        for node in group:
            if node not in nodes:
                raise TargetError(node, f"no node {node!r} in this topology", nodes)
            if group_of.setdefault(node, number) != number:
                raise TargetError(node, f"{node!r} stands in two groups")
    return group_of


def _between(group_of: dict[str, int], links: Sequence[str]) -> tuple[str, ...]:
    def ends(direction: str) -> tuple[int | None, int | None]:
        source, _, target = direction.partition("->")
        return group_of.get(source), group_of.get(target)

    return tuple(d for d in links if ends(d)[0] != ends(d)[1])


FAULT: Fault = Partition()
