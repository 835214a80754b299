"""Many runs: plans × seeds over worker processes, and what they add up to.

What a campaign finds depends on its plans and seeds alone: not on the number of workers, nor on the order
in which runs end. Only a budget of time may cut it short, always after a whole run.
"""

from __future__ import annotations

import functools
import secrets
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import msgspec

from faults import MayBeIdle
from harness import plan as plans
from harness import registry
from harness.keep import Keep, Kept, run_and_keep
from harness.pool import Died, Pool
from harness.report import words
from harness.run import execute
from harness.runtimes import Runtime
from harness.schedule import Schedule
from harness.store import Store
from harness.verdict import Verdict, worst


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What every run of a campaign has in common."""

    runtime: str
    store: Path
    keep: Keep
    campaign: str
    argv: tuple[str, ...] = ()
    profile: str | None = None
    with_: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    duration_ns: int | None = None
    topology: str | None = None


class PlanText(msgspec.Struct, frozen=True, kw_only=True):
    """A plan as it travels to a worker. `folder` is where a topology file of its own may lie."""

    name: str
    text: str
    folder: Path | None = None

    def plan(self) -> plans.Plan:
        """Raises `PlanErrors`."""
        return _parsed(self)


@functools.lru_cache(maxsize=64)
def _parsed(text: PlanText) -> plans.Plan:
    return plans.parse(text.text, text.name, beside=text.folder)


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """One run. `number` is its place in the campaign's order: seed by seed, plan by plan."""

    number: int
    plan: PlanText
    seed: int
    order: Order


class RunSummary(msgspec.Struct, kw_only=True):
    """What a campaign remembers of one run. `exercised`: occurrences by action that met something."""

    number: int
    plan: str
    seed: int
    verdict: Verdict
    signatures: list[tuple[str, str]]
    exercised: dict[str, int] = msgspec.field(default_factory=dict)
    directory: str | None = None
    trace_hash: str | None = None
    message: str = ""
    interrupted: bool = False
    problem: str | None = None


class Signature(msgspec.Struct, kw_only=True):
    """All failures of one kind: the same checker, the same reason. `run` is the first one's directory."""

    check: str
    reason: str
    known: bool
    first_plan: str
    first_seed: int
    runs: int
    run: str | None
    message: str


class CampaignResult(msgspec.Struct, kw_only=True):
    verdict: Verdict
    runs: int
    invalid: int
    unknown: int
    seconds: float
    exercised: dict[str, int]
    never: list[str]  # actions that a plan declares and that met nothing in any run
    signatures: list[Signature]
    problems: list[str]
    interrupted: bool = False
    out_of_budget: bool = False


class Campaign:
    """Collects runs as they end; `result` says what they add up to."""

    def __init__(self, chosen: Sequence[PlanText], seeds: Iterable[int], order: Order) -> None:
        """Raises `PlanErrors` for a text that is no plan."""
        self._declared = sorted({action for text in chosen for action in _actions(text.plan())})
        pairs = [(text, seed) for seed in seeds for text in chosen]
        self._tasks = [Task(number=n, plan=text, seed=seed, order=order) for n, (text, seed) in enumerate(pairs)]
        self._done: dict[int, RunSummary] = {}
        self._seconds = 0.0
        self._interrupted = False
        self._cut_short = False

    @property
    def planned(self) -> int:
        return len(self._tasks)

    @property
    def done(self) -> list[RunSummary]:
        return [self._done[number] for number in sorted(self._done)]

    def play(self, jobs: int, budget_s: float | None = None) -> Iterator[RunSummary]:
        """Run everything, yielding each run when it has ended. Ctrl-C ends it early and keeps what was found."""
        began_s = time.monotonic()
        pool: Pool[Task, RunSummary] = Pool(run_task, min(jobs, len(self._tasks)))
        try:
            for task, result in pool.results(self._within(budget_s, began_s)):
                summary = _of_dead(task, result) if isinstance(result, Died) else result
                if summary.interrupted:
                    self._interrupted = True
                    continue
                self._done[task.number] = summary
                yield summary
        except KeyboardInterrupt:
            self._interrupted = True
        finally:
            self._seconds = time.monotonic() - began_s

    def _within(self, budget_s: float | None, began_s: float) -> Iterator[Task]:
        for task in self._tasks:
            if budget_s is not None and time.monotonic() - began_s >= budget_s:
                self._cut_short = True
                return
            yield task

    def schedule(self, number: int) -> Schedule:
        return scheduled(self._tasks[number])

    def traces_elsewhere(self, jobs: int) -> dict[int, str | None]:
        """Trace hashes by number of all runs that are done, played again by other processes; nothing is kept."""
        tasks = [self._tasks[run.number] for run in self.done]
        pool: Pool[Task, str | None] = Pool(trace, min(jobs, len(tasks)))
        return {task.number: None if isinstance(found, Died) else found for task, found in pool.results(tasks)}

    def result(self, known: Iterable[tuple[str, str]] = ()) -> CampaignResult:
        """`known` are signatures (check, reason) that are no news."""
        done = self.done
        exercised = dict.fromkeys(self._declared, 0)
        for run in done:
            for action, n in run.exercised.items():
                exercised[action] = exercised.get(action, 0) + n
        never = [action for action in self._declared if not exercised[action]] if done else []
        verdicts = [run.verdict for run in done] + [Verdict.UNKNOWN for _ in never]
        return CampaignResult(
            verdict=worst(verdicts),
            runs=len(done),
            invalid=sum(run.verdict is Verdict.INVALID for run in done),
            unknown=sum(run.verdict is Verdict.UNKNOWN for run in done),
            seconds=round(self._seconds, 1),
            exercised=dict(sorted(exercised.items())),
            never=never,
            signatures=_grouped(done, frozenset(known)),
            problems=list(dict.fromkeys(run.problem for run in done if run.problem)),
            interrupted=self._interrupted,
            out_of_budget=self._cut_short,
        )


def new_campaign_id() -> str:
    return secrets.token_hex(4)


def _actions(plan: plans.Plan) -> Iterator[str]:
    """What a plan declares; a fault that its parameters make idle is none."""
    for said in plan.words.faults:
        action: str = said.action
        fault = registry.find("fault", action)
        if not (isinstance(fault, MayBeIdle) and fault.is_idle(said)):
            yield action


def _grouped(done: list[RunSummary], known: frozenset[tuple[str, str]]) -> list[Signature]:
    """Failures by signature, the most frequent first; each is represented by the first run of the campaign's order."""
    groups: dict[tuple[str, str], list[RunSummary]] = {}
    for run in done:
        for signature in dict.fromkeys(run.signatures):
            groups.setdefault(signature, []).append(run)
    found = [
        Signature(
            check=check,
            reason=reason,
            known=(check, reason) in known,
            first_plan=runs[0].plan,
            first_seed=runs[0].seed,
            runs=len(runs),
            run=next((run.directory for run in runs if run.directory), None),
            message=runs[0].message if (check, reason) == runs[0].signatures[0] else "",
        )
        for (check, reason), runs in groups.items()
    ]
    return sorted(found, key=lambda s: (-s.runs, s.check, s.reason))


def _of_dead(task: Task, died: Died) -> RunSummary:
    return RunSummary(
        number=task.number,
        plan=task.plan.name,
        seed=task.seed,
        verdict=Verdict.UNKNOWN,
        signatures=[],
        message=died.why,
        problem=f"{task.plan.name} seed {task.seed}: {died.why}" + (f"\n{died.trace}" if died.trace else ""),
    )


# ---- in a worker ----------------------------------------------------------------------------------------------------


def scheduled(task: Task) -> Schedule:
    """Raises `PlanErrors`."""
    order = task.order
    runtime: Runtime = registry.find("runtime", order.runtime)
    return plans.expand(
        task.plan.plan(),
        task.seed,
        profile=order.profile,
        with_=order.with_,
        without=order.without,
        duration_ns=order.duration_ns,
        topology=order.topology,
        runtime_verbs=runtime.VERBS,
        why_not=runtime.WHY_NOT,
    )


def trace(task: Task) -> str | None:
    """The trace hash of a run, in a worker process."""
    return execute(scheduled(task), registry.find("runtime", task.order.runtime)).trace_hash


def run_task(task: Task) -> RunSummary:
    """One run of a campaign, in a worker process."""
    order = task.order
    runtime: Runtime = registry.find("runtime", order.runtime)
    kept = run_and_keep(
        scheduled(task),
        runtime,
        store=Store(order.store),
        plan_text=task.plan.text,
        argv=list(order.argv),
        keep=order.keep,
        campaign=order.campaign,
        point_latest=False,
    )
    return _summary(task, kept)


def _summary(task: Task, kept: Kept) -> RunSummary:
    failure = words.first_failure(kept.result.results)
    return RunSummary(
        number=task.number,
        plan=task.plan.name,
        seed=task.seed,
        verdict=kept.result.verdict,
        signatures=[s for r in words.in_order(kept.result.results) for s in r.signatures],
        exercised=exercised(kept),
        directory=str(kept.directory) if kept.directory is not None else None,
        trace_hash=kept.result.trace_hash,
        message=failure.message if failure is not None else "; ".join(kept.result.ailments),
        interrupted=kept.result.interrupted,
        problem=kept.problem,
    )


def exercised(kept: Kept) -> dict[str, int]:
    """Occurrences that met something, by action."""
    found: dict[str, int] = {}
    ops = kept.result.history.ops if kept.result.history is not None else []
    for op in ops:
        if op.f == "fault-heal" and isinstance(op.value, dict) and op.value.get("exercised"):
            action = str(op.value.get("action"))
            found[action] = found.get(action, 0) + 1
    return found
