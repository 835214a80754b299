"""`harness hunt`: many runs, their failures grouped by signature."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from harness.cli.asking import completion, options, planned
from harness.cli.asking.planned import Chosen, LeftOut
from harness.cli.many import ablations, generated, going, minimal, mutants, outcome
from harness.cli.one import twice
from harness.cli.telling import exits, say
from harness.hunting.campaign import Campaign
from harness.plan import Plan
from harness.schedule import Schedule
from harness.store.index import Store


@click.command(short_help="Run plans with many seeds, and group what fails.")
@click.argument("plan", nargs=-1, shell_complete=completion.plans)
@click.option("--seeds", type=options.Seeds(), default="100", show_default=True, help="N is 0 to N-1; A..B excludes B.")
@click.option(
    "--jobs",
    type=click.IntRange(min=1),
    default=os.cpu_count() or 1,
    help="Worker processes. Default: as many as CPUs.",
)
@click.option("--budget", type=options.Duration(), help="Begin nothing more after this long, shrinking included: 10m.")
@click.option("--known", type=click.Path(dir_okay=False, path_type=Path), help="JSON of an earlier hunt: no news.")
@click.option(
    "--fail-on",
    type=click.Choice(["new", "invalid", "unknown"]),
    default="unknown",
    show_default=True,
    help="The least that makes the exit code other than 0.",
)
@options.runtime_option
@options.plugin_option
@options.system_options
@options.store_option
@options.keep_option("failed")
@twice.option
@ablations.option
@mutants.options
@generated.stop_option
@generated.guide_option
@click.option("--no-shrink", is_flag=True, help="Do not look for the smallest plan of each kind of failure.")
@options.json_option
def command(*, as_json: bool, measured: mutants.Measure | None, **asked: Any) -> int:
    """Run every PLAN with every seed, and group what fails. A folder or a pattern is all the plans in it; a plan with a
    `matrix` is run in all its variants. Plans of a folder that cannot be played as asked are named and left out.
    Without a PLAN each seed is a plan of its own: single faults, then pairs, then everything at once, led to where no
    run has been.

    \b
      harness hunt --seeds 500
      harness hunt quickstart --seeds 200
      harness hunt nightly 'edge/*' my-plans/
      harness hunt nightly --topology own.yaml
      harness hunt quickstart edge/missing-jobs --profile documented
      harness hunt quickstart machines --ablations --seeds 20
      harness hunt nightly --mutants my_relay.py --sample 60 --seeds 5

    With --ablations the runs are made without each safeguard in turn, until a checker is INVALID; then with all of
    them, as often as any ablation needed. Verdict, signatures and exit code are those of the latter.

    With --mutants the hunt itself is measured: mistakes are put into components, one at a time and in a worker's memory
    only, and the first 250 runs say which of them are found, by what, and how soon. It takes PLANs, or none.
    """
    hunt = _Hunt(**asked)
    if measured is not None:
        return hunt.measure(measured, as_json)
    found = hunt.play()
    exits.no_more_interruption()
    code = outcome.code(found, hunt.words.fail_on)
    if as_json:
        outcome.complain(found)
        say.data(outcome.as_object(found))
    else:
        outcome.show(found, hunt.words.fail_on, hunt.words.store)
    return code


class _Hunt:
    """From what was typed to what was found. What is wrong is said before anything starts."""

    def __init__(self, **asked: Any) -> None:
        """Raises `PlanErrors`, `CannotPlay`, `Refused`, `Failed`, …"""
        self.words = words = going.HuntWords(**asked)
        self._budget = going.Budget(words.budget)
        self._writer = generated.writer(words)
        chosen = planned.choose_all(words.plan)
        self._runtime = planned.runtime(words.runtime)
        if words.check_determinism:
            twice.require_repeatable(self._runtime)
        planned.require_names(words.system)
        playable, self._left_out = ([], []) if self._writer is not None else self._playable(chosen)
        self._known = going.known(words.known)
        Store(words.store).require_writable()
        self._order = going.order(words, [schedule for _, schedule in playable])
        self._texts = [going.text(plan) for plan, _ in playable]
        for one in self._left_out:
            say.error(f"{one.plan} is left out: {one.reason}", label="note")

    def measure(self, asked: mutants.Measure, as_json: bool) -> int:
        words = self.words
        texts, seeds = (self._texts, words.seeds) if self._writer is None else (generated.texts(words), range(1))
        return mutants.measure(asked, texts, seeds, self._order, words.jobs, self._budget.left_s, as_json)

    def _playable(self, chosen: Sequence[Chosen]) -> tuple[list[tuple[Plan, Schedule]], list[LeftOut]]:
        return planned.playable(chosen, self._runtime, self.words.system, self.words.seeds[0])

    def play(self) -> outcome.Found:
        words, seeds, without_each = self.words, self.words.seeds, None
        if words.ablations:
            without_each = ablations.play(self._texts, seeds, self._order, words.jobs, words.budget)
            seeds = without_each.seeds_played
            self._budget = going.Budget(words.budget)
        budget = self._budget
        campaign = Campaign(self._texts, seeds, self._order, writer=self._writer, stop=words.stop)
        if without_each is not None and without_each.interrupted:
            campaign.interrupt()
        else:
            going.play(campaign, words.jobs, budget, set(self._known), spare=not words.no_shrink)
        result = campaign.result(self._known)
        found = outcome.Found(result=result, planned=campaign.planned, left_out=self._left_out)
        found.atlas = self._writer.atlas if self._writer is not None else None
        if without_each is not None:
            result.problems += without_each.problems
            found.caught = without_each.results
        if words.check_determinism and not result.interrupted:
            twice.of_hunt(campaign, self._runtime, words.jobs, budget.is_over, result)
        if not words.no_shrink and not result.interrupted:
            found.shrunk = minimal.of_all(result.signatures, budget)
        return found
