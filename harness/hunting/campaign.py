"""Many runs: plans × seeds over worker processes, and what they add up to.

What a campaign finds depends on its plans and seeds alone: not on the number of workers, nor on the order
in which runs end. Only a budget of time may cut it short, always after a whole run.
"""

from __future__ import annotations

import functools
import itertools
import os
import secrets
import time
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Protocol

import msgspec

from faults import MayBeIdle
from harness import plan as plans
from harness import registry
from harness.hunting.met import cells
from harness.hunting.pool import Died, Pool
from harness.hunting.tally import CampaignResult, RunSummary, Tally
from harness.report.told import words
from harness.runs.keep import Keep, Kept, run_and_keep
from harness.runs.run import execute
from harness.runtimes import CannotPlay, Runtime, RuntimeUnavailable
from harness.schedule import Choice, Schedule
from harness.store import StoreProblem
from harness.store.index import Store
from harness.verdict import Verdict

CANNOT_PLAY = ("harness", "cannot-play")  # the doubt of a run that the runtime refused
MOST_OF_A_KIND = 3  # runs of one signature whose files are kept: a fourth shows nothing that they do not


class Order(Choice, frozen=True, kw_only=True):
    """What every run of a campaign has in common. `limit_s`: wall-clock seconds after which a run is given up."""

    runtime: str
    store: Path
    keep: Keep
    campaign: str
    argv: tuple[str, ...] = ()
    limit_s: float = 3600.0


class PlanText(msgspec.Struct, frozen=True, kw_only=True):
    """A plan as it travels to a worker. `folder` is where a topology file of its own may lie."""

    name: str
    text: str
    folder: Path | None = None

    def plan(self) -> plans.Plan:
        """Raises `PlanErrors`."""
        return _parsed(self)


@functools.lru_cache(maxsize=512)  # more than a folder has: they come in turn, seed after seed
def _parsed(text: PlanText) -> plans.Plan:
    return plans.parse(text.text, text.name, beside=text.folder)


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """One run. `number` is its place in the campaign's order: seed by seed, plan by plan.

    `enough` are the signatures of which files were kept often enough when the run began.
    """

    number: int
    plan: PlanText
    seed: int
    order: Order
    enough: frozenset[tuple[str, str]] = frozenset()
    maps: bool = False  # is what its faults fell upon told?


class Writes(Protocol):
    """Somebody who writes a plan for each seed, and may learn from the runs."""

    def plan(self, number: int) -> tuple[str, str]:
        """Name and text of the plan of the run with that number; asked for once, in their order."""
        ...

    def learn(self, number: int, met: Sequence[str]) -> None:
        """What the faults of that run fell upon."""
        ...


class Campaign:
    """Collects runs as they end; `result` says what they add up to."""

    def __init__(
        self,
        chosen: Sequence[PlanText],
        seeds: Sequence[int],
        order: Order,
        *,
        writer: Writes | None = None,
        stop: bool = False,
    ) -> None:
        """Without plans, `writer` writes one for each seed. `stop`: begin no run after one that is INVALID.

        Raises `PlanErrors` for a text that is no plan.
        """
        self._chosen, self._seeds, self._order, self._writer = chosen, seeds, order, writer
        self._written: dict[int, PlanText] = {}
        self._stop, self._stopped = stop, False
        self._tally = Tally(sorted({action for text in chosen for action in _actions(text.plan())}))
        self._kept: Counter[tuple[str, str]] = Counter()
        self._not_kept = 0
        self.traces: dict[int, str] = {}  # by number, of every run that is done
        self._seconds = 0.0
        self._interrupted = False
        self._cut_short = False
        self._budget_s: float | None = None
        self._spared = False

    @property
    def planned(self) -> int:
        return (len(self._chosen) if self._writer is None else 1) * len(self._seeds)

    def play(self, jobs: int, budget_s: float | None = None) -> Generator[RunSummary]:
        """Run everything, yielding each run when it has ended. Ctrl-C ends it early and keeps what was found."""
        began_s = time.monotonic()
        self._budget_s = budget_s
        pool: Pool[Task, RunSummary] = Pool(run_task, min(jobs, self.planned), self._order.limit_s)
        try:
            with closing(pool.results(self._within(began_s))) as results:
                for task, result in results:
                    summary = of_dead(task, result) if isinstance(result, Died) else result
                    if summary.interrupted:
                        self._interrupted = True
                        continue
                    self._tally.add(summary)
                    if self._writer is not None:
                        self._writer.learn(summary.number, summary.met)
                    self._stopped |= self._stop and summary.verdict is Verdict.INVALID
                    self._count_files(summary)
                    if summary.trace_hash is not None:
                        self.traces[summary.number] = summary.trace_hash
                    yield summary
        except KeyboardInterrupt:
            self._interrupted = True
        finally:
            self._seconds = time.monotonic() - began_s

    def _count_files(self, run: RunSummary) -> None:
        if run.directory is not None:
            self._kept.update(run.kinds)
        elif self._order.keep == "failed" and run.kinds and run.problem is None:
            self._not_kept += 1

    def interrupt(self) -> None:
        """Ctrl-C came while somebody looked at a run."""
        self._interrupted = True

    def spare(self, share: float) -> None:
        """Runs take no more than the rest of the budget: `share` (0 to 1) of it is wanted for something else. Once."""
        if not self._spared and self._budget_s is not None:
            self._budget_s *= 1 - share
        self._spared = True

    def _within(self, began_s: float) -> Iterator[Task]:
        for task in self._tasks():
            if self._budget_s is not None and time.monotonic() - began_s >= self._budget_s:
                self._cut_short = True
                return
            if self._stopped:
                return
            yield task

    def _tasks(self) -> Iterator[Task]:
        return (self._task(number) for number in range(self.planned))

    def _task(self, number: int) -> Task:
        """Seed by seed, plan by plan."""
        plan, seed = self._plan_of(number)
        enough = frozenset(kind for kind, n in self._kept.items() if n >= MOST_OF_A_KIND)
        maps = self._writer is not None
        return Task(number=number, plan=plan, seed=seed, order=self._order, enough=enough, maps=maps)

    def _plan_of(self, number: int) -> tuple[PlanText, int]:
        if self._writer is None:
            seed, plan = divmod(number, len(self._chosen))
            return self._chosen[plan], self._seeds[seed]
        if number not in self._written:
            name, text = self._writer.plan(number)
            self._written[number] = PlanText(name=name, text=text)
        return self._written[number], self._seeds[number]

    # ---- again ------------------------------------------------------------------------------------------------------

    def name(self, number: int) -> str:
        task = self._task(number)
        return f"{task.plan.name} seed {task.seed}"

    def schedule(self, number: int) -> Schedule:
        return scheduled(self._task(number))

    def traces_elsewhere(self, jobs: int, is_over: Callable[[], bool] = lambda: False) -> dict[int, str | None]:
        """Trace hashes by number of the runs that are done, played again by other processes; nothing is kept. No other
        is begun when `is_over`."""
        tasks = (self._task(number) for number in itertools.takewhile(lambda number: not is_over(), self.traces))
        pool: Pool[Task, str | None] = Pool(trace, min(jobs, len(self.traces)), self._order.limit_s)
        return {task.number: None if isinstance(found, Died) else found for task, found in pool.results(tasks)}

    def result(self, known: Iterable[tuple[str, str]] = ()) -> CampaignResult:
        """`known` are signatures (check, reason) that are no news."""
        result = self._tally.result(self._seconds, known, interrupted=self._interrupted, out_of_budget=self._cut_short)
        result.not_kept, result.stopped = self._not_kept, self._stopped
        return result


def new_campaign_id() -> str:
    return secrets.token_hex(4)


def _actions(plan: plans.Plan) -> Iterator[str]:
    """What a plan declares; a fault that its parameters make idle is none."""
    for said in plan.words.faults:
        action: str = said.action
        fault = registry.find("fault", action)
        if not (isinstance(fault, MayBeIdle) and fault.is_idle(said)):
            yield action


def of_dead(task: Task, died: Died) -> RunSummary:
    """A run that took too long is only undecided; a worker that died or crashed is trouble of the harness."""
    trace = f"\n{died.trace}" if died.trace and os.environ.get("HARNESS_DEBUG") else ""
    trouble = f"{task.plan.name} seed {task.seed}: {died.why}{trace}"
    return RunSummary(
        number=task.number,
        plan=task.plan.name,
        seed=task.seed,
        verdict=Verdict.UNKNOWN,
        doubts=[("harness", died.reason)],
        message=died.why,
        problem=None if died.reason == "overdue" else trouble,
    )


# ---- in a worker ----------------------------------------------------------------------------------------------------


def run_task(task: Task, store: Store | None = None) -> RunSummary:
    """One run of a campaign, in a worker process, kept in `store` (its order's, if there is none). A run that could not
    be made or kept is UNKNOWN and says why."""
    try:
        schedule = scheduled(task)
        return _summary(task, schedule, _run(task, schedule, store or Store(task.order.store)))
    except (plans.PlanErrors, StoreProblem, RuntimeUnavailable) as exc:
        kind = CANNOT_PLAY if isinstance(exc, CannotPlay) else ("harness", "cannot-run")
        return RunSummary(
            number=task.number,
            plan=task.plan.name,
            seed=task.seed,
            verdict=Verdict.UNKNOWN,
            doubts=[kind],
            message=str(exc),
            problem=str(exc),
        )


def trace(task: Task) -> str | None:
    """The trace hash of a run, in a worker process."""
    return execute(scheduled(task), registry.find("runtime", task.order.runtime)).trace_hash


def scheduled(task: Task) -> Schedule:
    """Raises `PlanErrors`."""
    return plans.expand_on(registry.find("runtime", task.order.runtime), task.plan.plan(), task.seed, task.order)


def _run(task: Task, schedule: Schedule, store: Store) -> Kept:
    order = task.order
    runtime: Runtime = registry.find("runtime", order.runtime)
    return run_and_keep(
        schedule,
        runtime,
        store=store,
        plan_text=task.plan.text,
        topology_text=plans.used_topology(task.plan.plan(), order.topology),
        argv=list(order.argv),
        keep=order.keep,
        campaign=order.campaign,
        enough=task.enough,
        point_latest=False,
    )


def _summary(task: Task, schedule: Schedule, kept: Kept) -> RunSummary:
    results = words.in_order(kept.result.results)
    failure = words.first_failure(kept.result.results)
    return RunSummary(
        number=task.number,
        plan=task.plan.name,
        seed=task.seed,
        verdict=kept.result.verdict,
        signatures=[s for r in results for s in r.signatures],
        doubts=[(r.check, r.reason or "") for r in results if r.verdict is Verdict.UNKNOWN],
        judged=sorted(r.check for r in results if r.verdict is not None),
        drawn=sorted({fault.action for fault in schedule.faults}),
        exercised=exercised(kept),
        met=cells(kept.result.history) if task.maps and kept.result.history is not None else [],
        directory=str(kept.directory) if kept.directory is not None else None,
        trace_hash=kept.result.trace_hash,
        message=failure.message if failure is not None else "; ".join(kept.result.ailments),
        interrupted=kept.result.interrupted,
        problem=kept.problem,
    )


def exercised(kept: Kept) -> dict[str, int]:
    """Occurrences that met work, by action; where nobody has judged that, those that met anything."""
    for result in kept.result.results:
        if result.check == "evidence" and isinstance(counted := result.details.get("exercised"), dict):
            return dict(counted)
    found: dict[str, int] = {}
    ops = kept.result.history.ops if kept.result.history is not None else []
    for op in ops:
        if op.f == "fault-heal" and isinstance(op.value, dict) and op.value.get("exercised"):
            action = str(op.value.get("action"))
            found[action] = found.get(action, 0) + 1
    return found
