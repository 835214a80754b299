"""A hunt over ablations: which plans notice that a safeguard is missing, and how soon.

For every safeguard the campaign's runs are made without it, seed by seed, until a checker says INVALID; then the next
safeguard. One that a second line of defence masks is taken out of the base that its own plan names; such a base is not
silent on every plan, so there a run counts only if the base is VALID with the same plan and seed.

All share one pool of workers. Which run catches one depends on plans and seeds alone, not on the number of workers:
later runs that were under way already are not counted. Only a budget of time may leave one uncaught.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing

import msgspec

from harness.hunting import ablations
from harness.hunting.campaign import Order, PlanText, Task, of_dead, run_task
from harness.hunting.pool import Died, Pool
from harness.hunting.tally import RunSummary
from harness.verdict import Verdict
from targets import profiles


class Caught(msgspec.Struct, kw_only=True):
    """What became of one ablation.

    `caught_by`: the checker that said INVALID first, None if none did; `reason`, `plan`, `seed` and `run` (a directory,
    if it was kept) are of that run. `seeds`: how many seeds were played for it, the last one not with every plan.
    `seconds`: of wall-clock time, from its first run to its last. `out_of_budget`: there were seeds left.
    `base_without`: what the base lacked already.
    """

    policy: str
    caught_by: str | None = None
    reason: str | None = None
    plan: str | None = None
    seed: int | None = None
    run: str | None = None
    seeds: int = 0
    runs: int = 0
    seconds: float = 0.0
    out_of_budget: bool = False
    base_without: list[str] = []


class Search:
    """The runs without one safeguard, as they are given out and come back. `base`: what is missing anyway."""

    def __init__(self, policy: str, base: tuple[str, ...] = ()) -> None:
        self.policy, self.base = policy, base
        self.began_s: float | None = None
        self.ended_s = 0.0
        self.given = 0
        self.first: RunSummary | None = None  # the one that proves it and comes first in the campaign's order
        self.suspects: dict[int, RunSummary] = {}  # by number: INVALID, and the base's own run is still to come
        self.out_of_budget = False

    def add(self, run: RunSummary) -> bool:
        """A run without the safeguard. True: the base must be played with the same plan and seed."""
        self.ended_s = time.monotonic()
        if run.verdict is not Verdict.INVALID:
            return False
        if not self.base:
            self._proved(run)
            return False
        self.suspects[run.number] = run
        return True

    def add_of_base(self, run: RunSummary) -> None:
        self.ended_s = time.monotonic()
        suspect = self.suspects.pop(run.number)
        if run.verdict is Verdict.VALID:
            self._proved(suspect)

    def _proved(self, run: RunSummary) -> None:
        if self.first is None or run.number < self.first.number:
            self.first = run

    def result(self, plans: int) -> Caught:
        found, runs = self.first, self.given if self.first is None else self.first.number + 1
        caught = Caught(
            policy=self.policy,
            seeds=-(-runs // plans),
            runs=runs,
            seconds=0.0 if self.began_s is None else round(max(0.0, self.ended_s - self.began_s), 2),
            out_of_budget=self.out_of_budget,
            base_without=list(self.base),
        )
        if found is None:
            return caught
        check, reason = found.signatures[0]
        return msgspec.structs.replace(
            caught, caught_by=check, reason=reason, plan=found.plan, seed=found.seed, run=found.directory
        )


class AblationHunt:
    """Plans × seeds, once for every safeguard that the order's profile still has."""

    def __init__(self, chosen: Sequence[PlanText], seeds: range, order: Order) -> None:
        """Raises `UnknownPolicy` for an order whose profile or swaps do not exist."""
        self._chosen, self._seeds, self._order = chosen, seeds, order
        composed = profiles.load(order.profile or profiles.DEFAULT, order.with_, order.without)
        self._searches = {
            name: Search(name, tuple(one for one in ablations.base_of(name) if one not in order.without))
            for name in ablations.safeguards()
            if composed.chosen[name] == "hardened"
        }
        self._of_bases: deque[_Lacking] = deque()  # to be played next
        self.interrupted = False
        self.problems: dict[str, None] = {}

    @property
    def policies(self) -> list[str]:
        return list(self._searches)

    @property
    def results(self) -> list[Caught]:
        return [search.result(len(self._chosen)) for search in self._searches.values()]

    @property
    def seeds_played(self) -> range:
        """Those that some ablation was played with: the restored profile is to be silent on them."""
        return self._seeds[: max((caught.seeds for caught in self.results), default=0)]

    def play(self, jobs: int, budget_s: float | None = None) -> Generator[tuple[str, RunSummary]]:
        """Yield every run with the safeguard that it is about. `budget_s` is for each safeguard."""
        pool: Pool[_Lacking, RunSummary] = Pool(run_task, jobs, self._order.limit_s)
        try:
            with closing(pool.results(_Tasks(self._of_bases, self._tasks(budget_s)))) as results:
                for task, result in results:
                    summary = of_dead(task, result) if isinstance(result, Died) else result
                    if summary.interrupted:
                        self.interrupted = True
                        continue
                    if summary.problem is not None:
                        self.problems[summary.problem] = None
                    self._add(task, summary)
                    yield task.policy, summary
        except KeyboardInterrupt:
            self.interrupted = True

    def _add(self, task: _Lacking, run: RunSummary) -> None:
        search = self._searches[task.policy]
        if task.of_base:
            search.add_of_base(run)
        elif search.add(run):
            self._of_bases.append(self._task(search, run.number, of_base=True))

    def _tasks(self, budget_s: float | None) -> Iterator[_Lacking]:
        for search in self._searches.values():
            search.began_s = time.monotonic()
            for number in range(len(self._chosen) * len(self._seeds)):
                if search.first is not None:
                    break
                if budget_s is not None and time.monotonic() - search.began_s >= budget_s:
                    search.out_of_budget = True
                    break
                search.given = number + 1
                yield self._task(search, number)

    def _task(self, search: Search, number: int, *, of_base: bool = False) -> _Lacking:
        seed, plan = divmod(number, len(self._chosen))
        without = (*self._order.without, *search.base, *(() if of_base else (search.policy,)))
        order = msgspec.structs.replace(self._order, without=without)
        if of_base:
            order = msgspec.structs.replace(order, keep="none")
        return _Lacking(
            number=number,
            plan=self._chosen[plan],
            seed=self._seeds[seed],
            order=order,
            policy=search.policy,
            of_base=of_base,
        )


class _Lacking(Task, frozen=True, kw_only=True):
    """A run without `policy`; or one of its base, which says whether the other proves anything."""

    policy: str
    of_base: bool = False


class _Tasks:
    """First what is owed to runs that have ended, then the next one. There may be more after there was none."""

    def __init__(self, owed: deque[_Lacking], following: Iterator[_Lacking]) -> None:
        self._owed, self._following = owed, following

    def __iter__(self) -> Iterator[_Lacking]:
        return self

    def __next__(self) -> _Lacking:
        return self._owed.popleft() if self._owed else next(self._following)
