"""The runs of a night, numbered: what is played is the same whoever plays it.

Simulated runs come first, those of all parts in turn, so that a night that ends early has tried something of each; then
safeguards that are taken out; then runs on real sockets. A shard K of N has every Nth, beginning with the Kth.
"""

from __future__ import annotations

import heapq
from collections.abc import Container, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import msgspec

from harness import plan as plans
from harness import registry
from harness.hunting.ablating import AblationHunt
from harness.hunting.ablations import base_of
from harness.hunting.campaign import Order, PlanText, Task
from harness.hunting.generate.generator import Generator
from harness.night.words import Night, PartWords
from harness.runs.keep import DEFAULT_RUNTIME
from harness.runtimes import Runtime, cannot_start
from harness.schedule import Choice

Phase = Literal["simulated", "ablations", "real"]
PHASES: tuple[Phase, ...] = ("simulated", "ablations", "real")


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to be done by a worker: a run; or, of a safeguard `policy`, runs without it until that is noticed.

    `number` is its place in the night. `texts` and `seeds` (from, up to) are what an ablation plays, seed
    by seed and plan by plan.
    """

    number: int
    part: str
    task: Task
    memory_bytes: int
    limit_s: float
    policy: str | None = None
    base: tuple[str, ...] = ()
    texts: tuple[PlanText, ...] = ()
    seeds: tuple[int, int] = (0, 1)


@dataclass(frozen=True)
class Shard:
    """The Kth of N, from 1."""

    k: int = 1
    n: int = 1

    def has(self, number: int) -> bool:
        return number % self.n == self.k - 1

    def __str__(self) -> str:
        return f"{self.k}/{self.n}"


@dataclass(frozen=True)
class LeftOut:
    """A plan of a part, or a whole part, that is not played, and why."""

    part: str
    what: str
    why: str


@dataclass
class _Part:
    words: PartWords
    texts: list[PlanText]
    seeds: range
    order: Order
    writer: Generator | None = None

    @property
    def count(self) -> int:
        return len(self.seeds) if self.writer is not None else len(self.texts) * len(self.seeds)

    def task(self, number: int) -> Task:
        """Of the part's own numbers: seed by seed, plan by plan."""
        if self.writer is not None:
            name, text = self.writer.plan(number)
            return Task(number=number, plan=PlanText(name=name, text=text), seed=self.seeds[number], order=self.order)
        seed, plan = divmod(number, len(self.texts))
        return Task(number=number, plan=self.texts[plan], seed=self.seeds[seed], order=self.order)


class Items:
    """All items of a night. `left_out` names what a night's file asks for and this place cannot play."""

    def __init__(self, night: Night, name: str, number: int, store: Path) -> None:
        """`number`: of the night, for parts with `fresh` seeds. Raises `PlanErrors`, `UnknownName`, `UnknownPolicy`."""
        self._night, self._name, self._number, self._store = night, name, number, store
        self.left_out: list[LeftOut] = []
        self._parts: dict[str, _Part] = {}
        for words in night.words.parts:
            found = self._part(words)
            if found is not None:
                self._parts[words.name] = found
        self._ablations = [item for part in self._of("ablations") for item in self._without_each(part)]

    @property
    def parts(self) -> list[str]:
        return list(self._parts)

    def jobs(self, phase: Phase, jobs: int) -> int:
        """How many may be under way at once: on real sockets runs disturb each other."""
        return jobs if phase != "real" else min((part.words.jobs for part in self._of("real")), default=1)

    def planned(self, phase: Phase, shard: Shard) -> int:
        return sum(1 for number in self._numbers(phase) if shard.has(number))

    def of(
        self, phase: Phase, shard: Shard, done: frozenset[int] = frozenset(), only: Container[int] | None = None
    ) -> Iterator[Item]:
        """Those of a shard that are not yet done, or `only` some of them, in their order; each is made when it is asked
        for, and no other is: to draw a plan takes its time."""
        first = self._first(phase)
        if phase == "ablations":
            for at, item in enumerate(self._ablations, start=first):
                if shard.has(at) and at not in done and (only is None or at in only):
                    yield msgspec.structs.replace(item, number=at)
            return
        for number, (part, at) in enumerate(self._in_turn(phase), start=first):
            if shard.has(number) and number not in done and (only is None or number in only):
                yield self._item(number, part, part.task(at))

    def _of(self, phase: Phase) -> list[_Part]:
        return [part for part in self._parts.values() if _phase(part.words) == phase]

    def _count(self, phase: Phase) -> int:
        return len(self._ablations) if phase == "ablations" else sum(part.count for part in self._of(phase))

    def _first(self, phase: Phase) -> int:
        return sum(self._count(earlier) for earlier in PHASES[: PHASES.index(phase)])

    def _numbers(self, phase: Phase) -> range:
        return range(self._first(phase), self._first(phase) + self._count(phase))

    def _in_turn(self, phase: Phase) -> Iterator[tuple[_Part, int]]:
        """Of parts of any size the same share is played at any time; real ones part by part, for they differ in what
        they start."""
        parts = self._of(phase)
        if phase == "real":
            return ((part, at) for part in parts for at in range(part.count))
        each = [[((at + 0.5) / part.count, place, at) for at in range(part.count)] for place, part in enumerate(parts)]
        return ((parts[place], at) for _, place, at in heapq.merge(*each))

    def _item(self, number: int, part: _Part, task: Task) -> Item:
        limits = self._night.words.limits
        maps = part.writer is not None
        return Item(
            number=number,
            part=part.words.name,
            task=msgspec.structs.replace(task, maps=maps),
            memory_bytes=limits.memory,
            limit_s=limits.run / 1e9,
        )

    # ---- parts ------------------------------------------------------------------------------------------------------

    def _part(self, words: PartWords) -> _Part | None:
        runtime: Runtime = registry.find("runtime", words.runtime)
        missing = list(runtime.missing())
        if missing:
            self.left_out.append(LeftOut(words.name, "all of it", f"{words.runtime} cannot start here: {missing[0]}"))
            return None
        order = Order(
            runtime=words.runtime,
            store=self._store,
            keep=self._night.words.keep.runs,
            campaign=self._name,
            **_choice(words).chosen(),
        )
        first = self._number * words.seeds if words.fresh else 0
        seeds = range(first, first + words.seeds)
        if words.generated:
            return _Part(words, [], seeds, order, Generator(seeds, guided=False, staged=False))
        texts = list(self._texts(words, runtime, seeds[0]))
        return _Part(words, texts, seeds, order) if texts else None

    def _texts(self, words: PartWords, runtime: Runtime, seed: int) -> Iterator[PlanText]:
        """The plans that can be played there. Raises `PlanErrors` for those that can be played nowhere."""
        errors: list[plans.PlanError] = []
        for named in dict.fromkeys(one for word in words.plans for one in plans.members(word)):
            try:
                for plan in plans.variants(plans.load(named)):
                    why = _why_not(plan, words, runtime, seed)
                    if why is None:
                        yield text_of(plan)
                    else:
                        self.left_out.append(LeftOut(words.name, plan.name, why))
            except plans.PlanErrors as exc:
                errors += exc.errors
        if errors:
            raise plans.PlanErrors(errors)

    def _without_each(self, part: _Part) -> Iterator[Item]:
        hunt = AblationHunt(part.texts, part.seeds, part.order)
        for policy in hunt.policies:
            base = tuple(one for one in base_of(policy) if one not in part.order.without)
            order = msgspec.structs.replace(part.order, keep="none")
            first = Task(number=0, plan=part.texts[0], seed=part.seeds[0], order=order)
            item = self._item(0, part, first)
            limit_s = item.limit_s * 6
            seeds = (part.seeds.start, part.seeds.stop)
            yield msgspec.structs.replace(
                item, policy=policy, base=base, texts=tuple(part.texts), seeds=seeds, limit_s=limit_s
            )


def _why_not(plan: plans.Plan, words: PartWords, runtime: Runtime, seed: int) -> str | None:
    """Why this runtime cannot play it; None: it can. Raises `PlanErrors` for what no runtime could."""
    try:
        schedule = plans.expand_on(runtime, plan, seed, _choice(words))
    except plans.PlanErrors as exc:
        if all(error.of_runtime for error in exc.errors):
            return exc.errors[0].message
        raise
    return next(iter(cannot_start(runtime, schedule.system)), None)


def _choice(words: PartWords) -> Choice:
    return Choice(profile=words.profile, with_=tuple(words.with_), without=tuple(words.without))


def _phase(words: PartWords) -> Phase:
    if words.ablations:
        return "ablations"
    return "simulated" if words.runtime == DEFAULT_RUNTIME else "real"


def text_of(plan: plans.Plan) -> PlanText:
    file = Path(plan.source.name)
    return PlanText(name=plan.name, text=plan.source.text, folder=file.parent if file.is_file() else None)
