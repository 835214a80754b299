"""From what a user typed to a schedule and a runtime."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import click
import msgspec
from pydantic import ValidationError

from faults import Fault
from harness import plan as plans
from harness import registry
from harness.cli.telling import say
from harness.cli.telling.exits import Failed, Refused
from harness.runtimes import CannotPlay, Runtime, cannot_start, capabilities
from harness.schedule import Choice, Schedule
from targets import profiles


def choose(word: str | None, faults: tuple[str, ...] = ()) -> plans.Plan:
    """The plan a user names: a file, a shipped plan, `-` for standard input; `faults` written on the command line are
    added to it, or are all of it.

    Raises `PlanErrors` or `click.UsageError`.
    """
    if word is None and not faults:
        raise click.UsageError("which plan? Name one (`harness list plans`), give a file, - or --fault '…'")
    if word is None:
        plan = plans.ad_hoc(faults)
    else:
        plan = _named(word)
        plan = plans.with_faults(plan, faults) if faults else plan
    for warning in plan.warnings:
        say.complaint(str(warning))
    return plan


class Chosen(msgspec.Struct, frozen=True):
    """A plan that a user wants played; `of_folder`: named with all others of its folder or pattern."""

    plan: plans.Plan
    of_folder: bool


def choose_all(words: Sequence[str]) -> list[Chosen]:
    """The plans that words name: besides what `choose` takes, a folder or a pattern names all of its plans.

    Each plan is taken once, however often it is named. Raises `PlanErrors` with what is wrong in any of them.
    """
    found: dict[tuple[str, str], Chosen] = {}
    errors = []
    for named in dict.fromkeys(one for word in words for one in plans.members(word)):
        try:
            plan = choose(named)
            found.setdefault((plan.name, plan.source.text), Chosen(plan, named not in words))
        except plans.PlanErrors as exc:
            errors += exc.errors
    if errors:
        raise plans.PlanErrors(errors)
    return list(found.values())


def valid(word: str, topology: str | None = None) -> plans.Plan:
    """The plan a user names, if it can be played, also on that topology. Raises `PlanErrors` with all that is wrong."""
    text = _standard_input() if word == "-" else None
    errors: list[plans.PlanError] = []
    found: plans.Plan | None = None
    for other in (None, topology) if topology is not None else (None,):
        try:
            plan = plans.parse(text, "stdin", topology=other) if text is not None else _named(word, other)
            found = found or plan
        except plans.PlanErrors as exc:
            errors += exc.errors
    if errors or found is None:
        raise plans.PlanErrors(errors)
    for warning in found.warnings:
        say.complaint(str(warning))
    return found


def _named(word: str, topology: str | None = None) -> plans.Plan:
    if Path(word).is_dir() and word not in registry.names("plan"):
        raise Refused(f"{word} is a directory; name a plan in it")
    return plans.parse(_standard_input(), "stdin") if word == "-" else plans.load(word, topology=topology)


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
    """Raises `CannotPlay` when a stored schedule asks this runtime for a fault that it cannot inject, `Refused` when
    what it says of one makes no sense."""
    for at in schedule.faults:
        fault: Fault = registry.find("fault", at.action)
        try:
            words = fault.Params.model_validate(at.params)
        except ValidationError as exc:
            first = exc.errors()[0]
            where_it_is = ".".join(str(part) for part in first["loc"])
            said = f"schedule.jsonl: fault {at.fault!r}, {where_it_is}: {first['msg']}"
            raise Refused(f"{said}; the file is damaged: play its plan instead") from exc
        why = capabilities.lacking(fault, words, where.VERBS, where.WHY_NOT)
        if why is not None:
            raise CannotPlay(f"the runtime {where.NAME} cannot inject {at.action}: {why}")


def schedule(plan: plans.Plan, where: Runtime, system: Choice, seed: int | None = None) -> Schedule:
    """Expand the plan for this runtime. Raises `PlanErrors`, `UnknownName`, `UnknownPolicy`, or `CannotPlay`."""
    require_names(system)
    found = plans.expand_on(where, plan, seed, system)
    if problems := cannot_start(where, found.system):
        raise CannotPlay("\n".join(problems))
    return found


def require_names(system: Choice) -> None:
    """Raises `UnknownName`, `UnknownPolicy`, or `PlanErrors` for a topology's file that is none."""
    if system.profile is not None:
        registry.find("profile", system.profile)
    if system.topology is not None:
        plans.load_topology(system.topology)
    profiles.load(system.profile or profiles.DEFAULT, system.with_, system.without)


class LeftOut(msgspec.Struct, frozen=True):
    """A plan of a folder that cannot be played as the user asks, and why."""

    plan: str
    reason: str


def playable(
    chosen: Sequence[Chosen], where: Runtime, system: Choice, seed: int
) -> tuple[list[tuple[plans.Plan, Schedule]], list[LeftOut]]:
    """Every variant of the plans with its schedule; of a folder's plans only those that can be played so.

    Raises `PlanErrors` or `CannotPlay` for plans that a user names one by one, or when there is nothing left to play.
    """
    require_names(system)
    found: list[tuple[plans.Plan, Schedule]] = []
    left_out: list[LeftOut] = []
    errors: list[plans.PlanError] = []
    refusal: CannotPlay | None = None
    for one in chosen:
        try:
            found += [(variant, schedule(variant, where, system, seed)) for variant in plans.variants(one.plan)]
        except plans.PlanErrors as exc:
            errors += [] if one.of_folder else exc.errors
            left_out.append(LeftOut(one.plan.name, _why(exc.errors)))
        except CannotPlay as exc:
            refusal = exc if refusal is None or not one.of_folder else refusal
            left_out.append(LeftOut(one.plan.name, str(exc)))
            if not one.of_folder:
                raise
    if errors:
        raise plans.PlanErrors(errors)
    if not found:
        raise refusal or CannotPlay("\n".join(f"{one.plan}: {one.reason}" for one in left_out))
    return found, left_out


def _why(errors: Sequence[plans.PlanError]) -> str:
    first = errors[0]
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    place = f" (line {first.where.line + 1})" if isinstance(first.where, plans.Span) else ""
    return f"{first.message}{place}{more}"
