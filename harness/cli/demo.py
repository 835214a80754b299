"""`harness demo`: the first minute."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from harness.cli import _exits, _options, _plans, _program, _result, _say
from harness.cli import _first_bug as demo
from harness.report.told import words
from harness.runs.keep import DEFAULT_RUNTIME
from harness.store.index import Store


@click.command(short_help="The first minute: a doubled text, and how it got there.")
@_options.store_option
def command(*, store: Path) -> int:
    """Show one defect of the documented rules, and the same plan on the hardened rules: silent."""
    _plans.runtime(DEFAULT_RUNTIME)
    Store(store).require_writable()
    _say.paragraph(
        "A desktop writes jobs, a relay passes every change on, a phone shows a copy. Here a fault on the way to the "
        "phone delivers messages twice, in a simulated network, while a text streams.",
        first="",
        rest="",
    )
    shown: list[demo.Act] = []
    with _say.progress(quiet=not sys.stderr.isatty()) as note:
        shown.extend(demo.acts(Store(store), sys.argv[1:], note))
    for act in shown:
        _show(act)
    _say.line()
    if any(act.kept.result.interrupted for act in shown):
        return _exits.INTERRUPTED
    if not all(act.as_expected for act in shown):
        _say.error("this is not what the demo should show; `harness doctor` looks for what is wrong here")
        return _exits.FAILED
    _next(shown[0])
    return _exits.OK


def _show(act: demo.Act) -> None:
    _say.line()
    verdict = _say.verdict(act.kept.result.verdict)
    _say.line(f"{act.profile:<11} {verdict}")
    failure = words.first_failure(act.kept.result.results)
    if failure is not None:
        _result.tale(failure)
    else:
        judged = sum(r.judged for r in act.kept.result.results)
        _say.paragraph(f"The same plan, the same seed: {judged} checkers find every promise kept.")
    if act.kept.problem is not None:
        _say.error(act.kept.problem)


def _next(documented: demo.Act) -> None:
    directory = documented.kept.directory
    if directory is not None:
        _say.line(f"report    {directory / 'report.html'}  (open it in a browser)")
    _say.line(f"try next  {_program.here('run', 'quickstart', '--profile', 'documented')}")
    if directory is not None:  # by its path: `latest` is the hardened half, in which there is nothing to shrink
        _say.line(f"          {_program.here('shrink', str(directory))}")
    _say.line(f"          {_program.here('hunt', 'quickstart', '--seeds', '50', '--profile', 'documented')}")
    _say.line(f"          {_program.here('list', 'plans')}")
