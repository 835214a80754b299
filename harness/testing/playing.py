"""From what is asked to a finished run."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from harness import plan as plans
from harness import registry
from harness.history import History
from harness.plan.text.files import SUFFIXES
from harness.plugins import BadPlugin
from harness.registry import UnknownName, close_matches
from harness.runs.keep import DEFAULT_RUNTIME, Kept, run_and_keep
from harness.runs.run import RunResult, execute
from harness.runtimes import Runtime, RuntimeUnavailable, cannot_start
from harness.schedule import Choice, Schedule, profile_name
from harness.store import StoreProblem, rundir
from harness.store.index import Store
from harness.testing.asked import Asked
from harness.testing.told import Told, expected, story
from harness.verdict import CheckResult, Verdict
from targets.policy import UnknownPolicy


class Unplayable(Exception):
    """What was asked for cannot be played; the message says where the mistake is, and what to do."""


@dataclass(frozen=True)
class Order:
    """One run that is asked for."""

    plan: plans.Plan
    seed: int
    asked: Asked


@dataclass(frozen=True)
class Run:
    """A finished run. `directory` has its files if it was kept: of runs with a store those are that are not VALID, or
    not as expected."""

    plan: str
    seed: int
    outcome: RunResult = field(repr=False)
    directory: Path | None
    schedule: Schedule = field(repr=False)
    told: Told = field(repr=False)

    @property
    def verdict(self) -> Verdict:
        return self.outcome.verdict

    @property
    def results(self) -> list[CheckResult]:
        """What each checker says."""
        return self.outcome.results

    @property
    def history(self) -> History | None:
        """None when the system never started."""
        return self.outcome.history

    @property
    def as_expected(self) -> bool:
        """What the mark expects, else what the plan does, else VALID."""
        return rundir.met(expected(self.schedule), self.verdict, self.results)

    @property
    def story(self) -> str:
        """What happened, in words, and what to type to see it again."""
        return story(self.outcome, self.schedule, self.told)

    def result(self, check: str) -> CheckResult:
        """What the checker of that name says. Raises `KeyError`."""
        found = [result for result in self.results if result.check == check]
        if not found:
            raise KeyError(f"{check}: no such checker; there are: {', '.join(r.check for r in self.results)}")
        return found[0]


def play(
    plan: str | Path,
    *,
    seed: int | None = None,
    profile: str | None = None,
    with_: Sequence[str] = (),
    without: Sequence[str] = (),
    expect: str | None = None,
    runtime: str = DEFAULT_RUNTIME,
    store: Path | None = None,
) -> Run:
    """Play a plan: a file, the name of a shipped one, or its text. Without a store nothing is kept.

    Raises `Unplayable`.
    """
    asked = Asked(str(plan), profile, tuple(with_), tuple(without), expect=expect)
    with _in_words():
        found = _loaded(asked.plan, [Path()], "the plan")
        return played(Order(found, found.seed or 0 if seed is None else seed, asked), runtime, store)


def ids(found: Sequence[Order]) -> list[str]:
    """What tells them apart: `seed3`, of several plans `flaky-seed3`."""
    several = len({order.plan.name for order in found}) > 1
    return [f"{order.plan.name}-seed{order.seed}" if several else f"seed{order.seed}" for order in found]


def orders(asked: Asked, seeds: Sequence[int] | None, folders: Sequence[Path], here: str) -> list[Order]:
    """Each variant of the plan with each seed: those of the mark, else `seeds`, else the plan's own.

    A file is looked for in `folders`; errors in a text are said to be `here`. Raises `Unplayable`.
    """
    with _in_words():
        found = _loaded(asked.plan, folders, here)
        wanted = asked.seeds or seeds
        return [
            Order(variant, seed, asked) for variant in plans.variants(found) for seed in (wanted or [found.seed or 0])
        ]


def played(order: Order, runtime: str, store: Path | None) -> Run:
    """Raises `Unplayable`; `KeyboardInterrupt` when somebody stopped it."""
    with _in_words():
        where = _ready(runtime)
        schedule = _scheduled(order, where)
        kept = _kept(order, schedule, where, store) if store is not None else None
        outcome = kept.result if kept is not None else execute(schedule, where)
    if outcome.interrupted:
        raise KeyboardInterrupt
    directory, problem = (kept.directory, kept.problem) if kept is not None else (None, None)
    if problem is not None and outcome.verdict is Verdict.VALID:
        raise Unplayable(problem)
    told = Told(runtime, order.plan.source.text, directory, store, problem)
    return Run(order.plan.name, order.seed, outcome, directory, schedule, told)


def _kept(order: Order, schedule: Schedule, where: Runtime, store: Path) -> Kept:
    Store(store).require_writable()
    return run_and_keep(
        schedule,
        where,
        store=Store(store),
        plan_text=order.plan.source.text,
        topology_text=plans.used_topology(order.plan),
        argv=["run", order.plan.name, "--seed", str(order.seed)],
        keep="failed",
    )


def _scheduled(order: Order, where: Runtime) -> Schedule:
    asked = order.asked
    choice = Choice(profile=asked.profile, with_=asked.with_, without=asked.without)
    found = plans.expand_on(where, order.plan, order.seed, choice)
    if problems := cannot_start(where, found.system):
        raise Unplayable("\n".join(problems))
    if asked.expect is None:
        return found
    system = found.system
    rules = profile_name(system.profile, sorted(system.with_), sorted(system.without))
    return msgspec.structs.replace(found, expect={rules: {"verdict": asked.expect}})


def _ready(name: str) -> Runtime:
    found: Runtime = registry.find("runtime", name)
    missing = list(found.missing())
    if missing:
        raise Unplayable(f"the runtime {name} cannot start here:\n" + "\n".join(f"  {line}" for line in missing))
    return found


def _loaded(word: str, folders: Sequence[Path], here: str) -> plans.Plan:
    if "\n" in word:
        return plans.parse(word, here.rpartition("::")[2], here, folders[0])
    if not word.endswith(SUFFIXES):
        return plans.load(word)
    places = [folder / word for folder in folders]
    return plans.load(_from_here(next((place for place in places if place.is_file()), places[0])))


def _from_here(path: Path) -> Path:
    """As a person would name it who stands here."""
    path = Path(os.path.normpath(path.absolute()))
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


@contextmanager
def _in_words() -> Iterator[None]:
    """Whatever a person can do something about becomes `Unplayable`."""
    try:
        yield
    except plans.PlanErrors as exc:
        raise Unplayable(exc.render({})) from exc
    except UnknownPolicy as exc:
        close = close_matches(exc.word, exc.known)
        hint = f"did you mean {' or '.join(close)}?" if close else "`harness list profiles` shows what there is"
        raise Unplayable(f"{exc}; {hint}") from exc
    except (UnknownName, RuntimeUnavailable, StoreProblem, BadPlugin) as exc:
        raise Unplayable(str(exc)) from exc
