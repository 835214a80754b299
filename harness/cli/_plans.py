"""From what a user typed to a schedule and a runtime."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path

import click

from faults import Fault
from harness import plan as plans
from harness import registry
from harness.cli import _say
from harness.cli._exits import Failed, Refused
from harness.runtimes import Runtime, cannot_start, capabilities
from harness.schedule import Schedule


def choose(word: str | None, faults: tuple[str, ...] = ()) -> plans.Plan:
    """The plan a user names: a file, a shipped plan, `-` for standard input, or faults written on the command line.

    Raises `PlanErrors` or `click.UsageError`.
    """
    if faults and word is not None:
        raise click.UsageError("give a plan or --fault, not both: a plan's faults stand in its file")
    if word is None and not faults:
        raise click.UsageError("which plan? Name one (`harness list plans`), give a file, - or --fault '…'")
    plan = plans.ad_hoc(faults) if faults else _named(word or "")
    for warning in plan.warnings:
        _say.complaint(str(warning))
    return plan


def choose_all(words: Sequence[str]) -> list[plans.Plan]:
    """The plans that words name: besides what `choose` takes, a folder or a pattern names all of its plans.

    Each plan is taken once, however often it is named. Raises `PlanErrors` with what is wrong in any of them.
    """
    found: dict[tuple[str, str], plans.Plan] = {}
    errors = []
    for named in dict.fromkeys(one for word in words for one in _members(word)):
        try:
            plan = choose(named)
            found.setdefault((plan.name, plan.source.text), plan)
        except plans.PlanErrors as exc:
            errors += exc.errors
    if errors:
        raise plans.PlanErrors(errors)
    return list(found.values())


def _members(word: str) -> list[str]:
    """`nightly`, `nightly/*`, `configs/nightly`: the plans of a folder, shipped or not, in the order of their names."""
    shipped = registry.names("plan")
    path = Path(word)
    if word in shipped or path.is_file():
        return [word]
    if path.is_dir():
        found = sorted(str(file) for file in path.iterdir() if file.suffix in (".yaml", ".yml"))
        if not found:
            raise Refused(f"there is no plan in the folder {word}")
        return found
    pattern = word if any(sign in word for sign in "*?[") else f"{word.rstrip('/')}/*"
    return [name for name in shipped if fnmatchcase(name, pattern)] or [word]


def _named(word: str) -> plans.Plan:
    if Path(word).is_dir() and word not in registry.names("plan"):
        raise Refused(f"{word} is a directory; name a plan in it")
    return plans.parse(_standard_input(), "stdin") if word == "-" else plans.load(word)


def _standard_input() -> str:
    if sys.stdin is None:
        raise Refused("a plan was asked for on standard input, which is closed")
    try:
        return sys.stdin.buffer.read().decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        raise Refused(f"standard input is not UTF-8: {exc.reason} at byte {exc.start}") from exc


def known_runtime(name: str) -> Runtime:
    """The runtime of that name, ready or not. Raises `UnknownName`."""
    found: Runtime = registry.find("runtime", name)
    return found


def runtime(name: str) -> Runtime:
    """The runtime of that name, ready to start. Raises `UnknownName`, or `Failed` with the remedy."""
    found = known_runtime(name)
    missing = list(found.missing())
    if missing:
        raise Failed(f"the runtime {name} cannot start here:\n" + "\n".join(f"  {line}" for line in missing))
    return found


def require_verbs(schedule: Schedule, where: Runtime) -> None:
    """Raises `Refused` when a stored schedule asks this runtime for a fault that it cannot inject."""
    for at in schedule.faults:
        fault: Fault = registry.find("fault", at.action)
        why = capabilities.lacking(fault, fault.Params.model_validate(at.params), where.VERBS, where.WHY_NOT)
        if why is not None:
            raise Refused(f"the runtime {where.NAME} cannot inject {at.action}: {why}")


def schedule(
    plan: plans.Plan,
    where: Runtime,
    *,
    seed: int | None,
    profile: str | None,
    with_: tuple[str, ...],
    without: tuple[str, ...],
    duration_ns: int | None,
    topology: str | None,
) -> Schedule:
    """Expand the plan for this runtime. Raises `PlanErrors`, `UnknownName`, `UnknownPolicy`, or `Failed`."""
    if profile is not None:
        registry.find("profile", profile)
    if topology is not None and not topology.endswith((".yaml", ".yml")):
        registry.find("topology", topology)
    found = plans.expand(
        plan,
        seed,
        profile=profile,
        with_=with_,
        without=without,
        duration_ns=duration_ns,
        topology=topology,
        runtime_verbs=where.VERBS,
        why_not=where.WHY_NOT,
    )
    if problems := cannot_start(where, found.system):
        raise Failed("\n".join(problems))
    return found
