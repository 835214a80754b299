"""`harness plan`: write, check and look at plans."""

from __future__ import annotations

from pathlib import Path

import click

from harness import plan as plans
from harness.cli.asking import completion, options, planned
from harness.cli.naming import plan_reference
from harness.cli.one import schedule_table
from harness.cli.telling import exits, program, say
from harness.plan.words.schema import rendered
from harness.schedule import Choice, encode_schedule
from harness.terminal import harmless


@click.group(short_help="Write, check and look at plans.")
def command() -> None:
    """Write, check and look at plans."""


command.add_command(schedule_table.show)


@command.command(short_help="Say everything that is wrong with plans.")
@click.argument("plan", nargs=-1, required=True, shell_complete=completion.plans)
@options.plugin_option
@click.option("--topology", metavar="NAME", help="Could they be played on this one as well? A name, or a YAML file.")
def validate(*, plan: tuple[str, ...], topology: str | None) -> int:
    """Say everything that is wrong with each PLAN; nothing is started. A folder or a pattern is all the plans in it."""
    other = options.topology_word(topology)
    if other is not None:
        plans.load_topology(other)  # what is wrong with it is said once
    code = exits.OK
    for word in dict.fromkeys(one for named in plan for one in plans.members(named)):
        try:
            found = planned.valid(word, other)
        except plans.PlanErrors as exc:
            say.complaint(str(exc))
            code = exits.USAGE
        else:
            say.line(f"{word}: {_praise(found, topology)}")
    return code


def _praise(found: plans.Plan, topology: str | None) -> str:
    faults, variants = len(found.words.faults), len(plans.variants(found))
    more = f", {variants} variants" if variants > 1 else ""
    more += f", also on the topology {topology}" if topology is not None else ""
    return f"a valid plan, “{harmless(found.title)}”, {say.many(faults, 'fault')}{more}"


@command.command(short_help="Print the schedule of a plan and a seed.")
@click.argument("plan", shell_complete=completion.plans)
@options.plugin_option
@options.seed_option
@options.runtime_option
@options.system_options
def expand(*, plan: str, seed: int | None, runtime: str, system: Choice) -> int:
    """Print the schedule of PLAN and a seed: every call and fault with its exact time, one JSON object a line."""
    schedule = planned.schedule(planned.choose(plan), planned.known_runtime(runtime), system, seed)
    say.line(encode_schedule(schedule).decode().rstrip("\n"))
    return 0


@command.command()
def schema() -> int:
    """Print the JSON Schema of plans (draft-07), for editors."""
    say.line(rendered().rstrip("\n"))
    return 0


@command.command(short_help="Print the reference of plans as Markdown.")
def reference() -> int:
    """Print the reference of plans as Markdown: every word, what it takes, its default and what it means."""
    say.line(plan_reference.rendered().rstrip("\n"))
    return 0


@command.command()
@click.argument("file", required=False, type=click.Path(dir_okay=False, path_type=Path))
@click.option("--title", default="A flaky uplink while responses stream", show_default=True, help="What it is about.")
def new(*, file: Path | None, title: str) -> int:
    """Write a plan to begin with into FILE (or on standard output)."""
    text = plans.template(title)
    if file is None:
        say.line(text.rstrip("\n"))
        return 0
    try:
        with file.open("x", encoding="utf-8") as out:
            out.write(text)
    except FileExistsError as exc:
        raise exits.Refused(f"{file} is there already; choose another name") from exc
    except OSError as exc:
        raise exits.Failed(f"{file}: cannot be written: {exc.strerror or exc}") from exc
    say.line(f"{file} written; next:")
    say.line(f"  {program.here('plan', 'validate', str(file))}")
    say.line(f"  {program.here('run', str(file))}")
    return 0
