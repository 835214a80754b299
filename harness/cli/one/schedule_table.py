"""`harness plan show`: what will happen when, as a table for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

import click

from faults import format_duration
from harness import plan as plans
from harness.cli.asking import completion, options, planned
from harness.cli.telling import say, table
from harness.schedule import Awaited, Choice, FaultAt, Node, Schedule, Step, profile_name
from harness.terminal import harmless

_HEADS = ("time", "lasts", "where", "what", "job", "details")
_AIMS = ("links", "nodes", "clients", "groups", "match")  # of a fault's words: they stand in columns of their own
_OF_A_CALL = ("jobId", "projectDirectory")  # so do these, or they say nothing new


@click.command(short_help="Show what will happen when, as a table.")
@click.argument("plan", shell_complete=completion.plans)
@options.plugin_option
@options.seed_option
@options.runtime_option
@options.system_options
@click.option("--all", "everything", is_flag=True, help="Every call of the workload, however many there are.")
@click.option(
    "--first",
    type=click.IntRange(min=0),
    default=5,
    show_default=True,
    help="So many of a stretch of generated calls; of the rest, how often which.",
)
def show(*, plan: str, seed: int | None, runtime: str, everything: bool, first: int, system: Choice) -> int:
    """Show what PLAN and a seed will do: every call and every fault, in the order of their times.

    Times count from the start of the workload. A call waits for the one before it of the same client, so it may come
    later; a fault that waits for an event stands last.
    """
    chosen = planned.choose(plan)
    schedule = planned.schedule(chosen, planned.known_runtime(runtime), system, seed)
    _head(schedule, len(plans.variants(chosen)))
    say.line()
    rows = list(_rows(schedule, None if everything else first))
    if rows:
        table.show(_HEADS, rows)
    else:
        say.line("nobody does anything, and nothing goes wrong")
    return 0


def _head(schedule: Schedule, variants: int) -> None:
    system = schedule.system
    say.line(f"{schedule.plan}, seed {schedule.seed}: {harmless(schedule.title)}", bold=True)
    lengths = [format_duration(ns) for ns in (schedule.duration_ns, schedule.quiesce_ns, schedule.converge_ns)]
    pairs = [
        ("lasts", f"{lengths[0]}, then {lengths[1]} of rest, then at most {lengths[2]} until all agree"),
        ("profile", profile_name(system.profile, sorted(system.with_), sorted(system.without))),
        ("timers", _timers(system.timing_scale)),
        *((node.name, _node(node)) for node in system.nodes),
        ("calls", _counted(schedule.steps) or "none"),
        ("faults", say.many(len(schedule.faults), "occurrence")),
    ]
    if variants > 1:
        pairs.append(("matrix", f"this is the plan as it stands; a campaign plays {variants} variants of it"))
    say.rows(pairs)


def _timers(scale: float) -> str:
    return "as in production" if scale == 1 else f"{scale:g} times as fast as in production"


def _node(node: Node) -> str:
    said = node.role if node.user is None else f"{node.role} of {node.user}"
    said += f", looks at {node.desktop}, {table.words(node.scope)}" if node.desktop is not None else ""
    said += f", sessions {', '.join(s for found in node.projects.values() for s in found)}" if node.projects else ""
    return said if node.kind == "builtin" else f"{said}, kind {node.kind}"


# ---- the table ------------------------------------------------------------------------------------------------------


def _rows(schedule: Schedule, first: int | None) -> Iterator[Sequence[str]]:
    """In the order of time; at one time faults come first, as they do in a run."""
    timed = [at for at in schedule.faults if at.moment is None]
    items: list[tuple[int, int, FaultAt | Step]] = [(at.at_ns, 0, at) for at in timed]
    items += [(step.at_ns, 1, step) for step in schedule.steps]
    stretches = _of_stretches(schedule.steps)
    in_order = [item for _, _, item in sorted(items, key=lambda item: item[:2])]
    for many, group in groupby(in_order, key=lambda item: isinstance(item, Step) and id(item) in stretches):
        found = list(group)
        yield from _stretch([s for s in found if isinstance(s, Step)], first) if many else map(_row, found)
    yield from (_row(at) for at in schedule.faults if at.moment is not None)


def _of_stretches(steps: Sequence[Step]) -> set[int]:
    """The calls (by identity) that nobody wrote one by one: generated ones, and those of a script's stream but its
    first."""
    former: dict[str, Step] = {}
    found = set()
    for step in steps:
        before = former.get(step.process)
        again = before is not None and (before.f, before.value) == (step.f, step.value)
        if again or not step.process.partition("/")[2].startswith("script"):
            found.add(id(step))
        former[step.process] = step
    return found


def _stretch(steps: Sequence[Step], first: int | None) -> Iterator[Sequence[str]]:
    if first is None or len(steps) <= first + 1:  # the line that says so would be no shorter
        yield from map(_row, steps)
        return
    yield from map(_row, steps[:first])
    rest = steps[first:]
    until = table.seconds(rest[-1].at_ns)
    yield (f"… {len(rest)} more calls until {until}: {_counted(rest)} (--all shows them)",)


def _counted(steps: Sequence[Step]) -> str:
    return ", ".join(f"{count} {f}" for f, count in Counter(step.f for step in steps).most_common())


def _row(item: FaultAt | Step) -> Sequence[str]:
    return _fault(item) if isinstance(item, FaultAt) else _call(item)


def _call(step: Step) -> Sequence[str]:
    who = step.node if step.process in (f"{step.node}/user", f"{step.node}/script") else step.process
    said = {**step.value, **step.value.get("scope", {})}
    details = table.words(said, (*_OF_A_CALL, "scope"))
    return (table.seconds(step.at_ns), "", who, step.f, str(step.value.get("jobId", "")), details)


def _fault(at: FaultAt) -> Sequence[str]:
    match: Mapping[str, Any] = at.params.get("match") or {}
    type_, job = match.get("type", "*"), match.get("job", "*")
    told = [_event(at.moment)] if at.moment is not None else []
    told += [f"messages {type_}"] if type_ != "*" else []
    told.append(table.words(at.params, _AIMS))
    named = at.fault != at.action and not at.fault.startswith(f"{at.action} ")
    return (
        table.seconds(at.at_ns) if at.moment is None else "event",
        format_duration(round(at.for_ns, -6)),
        _where(at),
        f"FAULT {at.action}" + (f" “{harmless(at.fault)}”" if named else ""),
        "" if job == "*" else str(job),
        "; ".join(filter(None, told)),
    )


def _event(moment: Awaited) -> str:
    later = f" and {format_duration(round(moment.later_ns, -6))}" if moment.later_ns else ""
    nth = f"number {moment.nth} of " if moment.nth > 1 else ""
    return f"after {nth}{moment.after} at {moment.node}{later}"


def _where(at: FaultAt) -> str:
    """Nodes, and directions, both ways of a link as one: `mobile-1<->relay`."""
    ways = list(at.directions)
    found = list(at.nodes)
    for way in at.directions:
        source, _, target = way.partition("->")
        if way in ways and f"{target}->{source}" in ways:
            ways.remove(way)
            ways.remove(f"{target}->{source}")
            found.append(f"{source}<->{target}")
    return ", ".join([*found, *ways])
