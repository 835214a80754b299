"""A hunt over ablations: which plans notice that a safeguard is missing, and how soon.

For every safeguard the campaign's runs are made without it, seed by seed, until a checker says INVALID; then the next
safeguard. All share one pool of workers. Which run catches one depends on plans and seeds alone, not on the number of
workers: later runs that were under way already are not counted. Only a budget of time may leave one uncaught.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing

import msgspec

from harness import ablations
from harness.campaign import Order, PlanText, Task, of_dead, run_task
from harness.pool import Died, Pool
from harness.tally import RunSummary
from harness.verdict import Verdict
from targets import profiles


class Caught(msgspec.Struct, kw_only=True):
    """What became of one ablation.

    `caught_by`: the checker that said INVALID first, None if none did; `reason`, `plan`, `seed` and `run` (a directory,
    if it was kept) are of that run. `seeds`: how many seeds were played for it, the last one not with every plan.
    `seconds`: of wall-clock time, from its first run to its last. `out_of_budget`: there were seeds left.
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


class Search:
    """The runs without one safeguard, as they are given out and come back."""

    def __init__(self, policy: str) -> None:
        self.policy = policy
        self.began_s: float | None = None
        self.ended_s = 0.0
        self.given = 0
        self.first: RunSummary | None = None  # the INVALID one that comes first in the campaign's order
        self.out_of_budget = False

    def add(self, run: RunSummary) -> None:
        self.ended_s = time.monotonic()
        if run.verdict is Verdict.INVALID and (self.first is None or run.number < self.first.number):
            self.first = run

    def result(self, plans: int) -> Caught:
        found, runs = self.first, self.given if self.first is None else self.first.number + 1
        caught = Caught(
            policy=self.policy,
            seeds=-(-runs // plans),
            runs=runs,
            seconds=0.0 if self.began_s is None else round(max(0.0, self.ended_s - self.began_s), 2),
            out_of_budget=self.out_of_budget,
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
        present = [name for name in ablations.safeguards() if composed.chosen[name] == "hardened"]
        self._searches = {name: Search(name) for name in present}
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
        """Yield every run, with the safeguard that it lacked. `budget_s` is for each safeguard."""
        pool: Pool[Task, RunSummary] = Pool(run_task, jobs, self._order.limit_s)
        try:
            with closing(pool.results(self._tasks(budget_s))) as results:
                for task, result in results:
                    summary = of_dead(task, result) if isinstance(result, Died) else result
                    if summary.interrupted:
                        self.interrupted = True
                        continue
                    if summary.problem is not None:
                        self.problems[summary.problem] = None
                    policy = task.order.without[-1]
                    self._searches[policy].add(summary)
                    yield policy, summary
        except KeyboardInterrupt:
            self.interrupted = True

    def _tasks(self, budget_s: float | None) -> Iterator[Task]:
        for search in self._searches.values():
            order = msgspec.structs.replace(self._order, without=(*self._order.without, search.policy))
            search.began_s = time.monotonic()
            for number in range(len(self._chosen) * len(self._seeds)):
                if search.first is not None:
                    break
                if budget_s is not None and time.monotonic() - search.began_s >= budget_s:
                    search.out_of_budget = True
                    break
                seed, plan = divmod(number, len(self._chosen))
                search.given = number + 1
                yield Task(number=number, plan=self._chosen[plan], seed=self._seeds[seed], order=order)
