"""A process dies, or its machine loses power, and comes back."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, ClassVar, Self

from pydantic import Field, field_validator, model_validator

from faults import DurationNs, Effect, Fault, Ground, Occurrence, OnNodes, Signal, Timed
from faults._scopes import OverNodes


class KillWords(OnNodes):
    """The processes of `nodes` end by `signal` and start anew after `restart`, with the same store.

    KILL ends them at once; TERM lets them end by themselves, if they do so soon. Their sockets are closed by the
    kernel. With `power: true` the whole machine goes dark: peers hear nothing until it is back, and what its disk had
    not synced is lost. With `wipe: true` the store is empty when they start anew, as on a machine that was replaced.
    """

    signal: Signal = "KILL"
    """The signal that ends the processes: `KILL`, the default, at once, or `TERM`, which lets them end in order."""
    restart: DurationNs = Field(2_000_000_000, gt=0)
    """How long after the signal the node starts anew, though not before it has ended: a duration. The default is
    2s."""
    power: bool = False
    """Whether the machine goes dark: peers hear nothing, and what was not synced is lost. The default is no."""
    wipe: bool = False
    """Whether the store is empty when the node starts anew. By default it is the same store."""

    @field_validator("for_", mode="before")
    @classmethod
    def _lasts_until_its_restart(cls, value: object) -> object:
        raise ValueError("a kill lasts until its restart; write restart instead of for")

    @model_validator(mode="after")
    def _a_power_cut_asks_nobody(self) -> Self:
        if self.power and self.signal != "KILL":
            raise ValueError("a power cut sends no signal; leave signal out")
        return self


class Kill(OverNodes):
    ACTION: ClassVar[str] = "kill"
    VERBS: ClassVar[frozenset[str]] = frozenset({"kill", "cut_power", "wipe_store"})
    EXAMPLE: ClassVar[str] = "{action: kill, nodes: [desktop-1], signal: KILL, restart: 2s, at: 3s}"
    Params: ClassVar[type[Timed]] = KillWords
    LENGTH: ClassVar[str] = "restart"

    def lasts_ns(self, params: Any) -> int:
        return int(params.restart)

    def needs(self, params: Any) -> frozenset[str]:
        return frozenset({"cut_power" if params.power else "kill"} | ({"wipe_store"} if params.wipe else set()))

    @asynccontextmanager
    async def over(
        self, ground: Ground, target: str, words: Any, occurrence: Occurrence, effect: Effect
    ) -> AsyncIterator[None]:
        if words.power:
            ending = ground.cut_power(target, f"{occurrence.stream}:{target}", effect)
        else:
            ending = ground.kill(target, words.signal, effect)
        async with ending:
            if words.wipe:
                async with ground.wipe_store(target, effect):
                    yield
            else:
                yield


FAULT: Fault = Kill()
