"""`harness demo`: the first minute."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from harness.cli.asking import options, planned
from harness.cli.one import first_bug as demo
from harness.cli.telling import exits, finished, program, say
from harness.report.told import words
from harness.runs.keep import DEFAULT_RUNTIME
from harness.store.index import Store


@click.command(short_help="The first minute: a doubled text, and how it got there.")
@options.store_option
def command(*, store: Path) -> int:
    """Show one defect of the documented rules, and the same plan on the hardened rules: silent."""
    planned.runtime(DEFAULT_RUNTIME)
    Store(store).require_writable()
    say.paragraph(
        "A desktop writes jobs, a relay passes every change on, a phone shows a copy. Here a fault on the way to the "
        "phone delivers messages twice, in a simulated network, while a text streams.",
        first="",
        rest="",
    )
    shown: list[demo.Act] = []
    with say.progress(quiet=not sys.stderr.isatty()) as note:
        shown.extend(demo.acts(Store(store), sys.argv[1:], note))
    for act in shown:
        _show(act)
    say.line()
    if any(act.kept.result.interrupted for act in shown):
        return exits.INTERRUPTED
    if not all(act.as_expected for act in shown):
        say.error("this is not what the demo should show; `harness doctor` looks for what is wrong here")
        return exits.FAILED
    _next(shown[0])
    return exits.OK


def _show(act: demo.Act) -> None:
    say.line()
    verdict = say.verdict(act.kept.result.verdict)
    say.line(f"{act.profile:<11} {verdict}")
    failure = words.first_failure(act.kept.result.results)
    if failure is not None:
        finished.tale(failure)
    else:
        judged = sum(r.judged for r in act.kept.result.results)
        say.paragraph(f"The same plan, the same seed: {judged} checkers find every promise kept.")
    if act.kept.problem is not None:
        say.error(act.kept.problem)


def _next(documented: demo.Act) -> None:
    directory = documented.kept.directory
    if directory is not None:
        say.line(f"report    {directory / 'report.html'}  (open it in a browser)")
    say.line(f"try next  {program.here('run', 'quickstart', '--profile', 'documented')}")
    if directory is not None:  # by its path: `latest` is the hardened half, in which there is nothing to shrink
        say.line(f"          {program.here('shrink', str(directory))}")
    say.line(f"          {program.here('hunt', 'quickstart', '--seeds', '50', '--profile', 'documented')}")
    say.line(f"          {program.here('list', 'plans')}")
