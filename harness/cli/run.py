"""`harness run`: one run, start to verdict."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click
import msgspec

from harness import plan as plans
from harness.cli.asking import completion, options, planned
from harness.cli.one import across, twice
from harness.cli.telling import exits, finished, say
from harness.plan import Plan
from harness.runs.keep import Keep, Kept, run_and_keep
from harness.runtimes import Runtime
from harness.schedule import Choice, Schedule
from harness.store.index import Store


@click.command(short_help="Run one plan, start to verdict.")
@click.argument("plan", required=False, shell_complete=completion.plans)
@click.option(
    "--fault",
    "faults",
    multiple=True,
    metavar="'ACTION KEY=VALUE …'",
    help="A fault besides those of PLAN, or without one. Repeatable.",
)
@options.runtime_option
@options.plugin_option
@options.seed_option
@options.system_options
@options.store_option
@options.keep_option("all")
@twice.option
@options.json_option
def command(*, as_json: bool, **asked: Any) -> int:
    """Run PLAN once and judge it.

    PLAN is a file, the name of a shipped plan (`harness list plans`), or - for standard input. --fault adds a fault to
    it; without PLAN, it makes a plan on the spot:

    \b
      harness run quickstart
      harness run quickstart --profile documented --seed 7
      harness run quickstart --fault 'pause nodes=mobile-1 at=5s for=2s'
      harness run --fault 'partition links=mobile-1<->relay at=5s for=9s'

    --runtime takes several, as in sim,process: the same seed on each, and whether they say the same. If they differ,
    it never ends with 0.
    """
    words = RunWords(**asked)
    chosen = planned.choose(words.plan, words.faults)
    if "," in words.runtime:
        return _on_several(chosen, words, as_json=as_json)
    where = planned.runtime(words.runtime)
    if words.check_determinism:
        twice.require_repeatable(where)
    schedule = planned.schedule(chosen, where, words.system, words.seed)
    _say_what_is_not_played(chosen, words)
    kept = _played(chosen, schedule, where, words)
    code = finished.end(kept, schedule, as_json=as_json, store=words.store)
    if words.check_determinism and not kept.result.interrupted:
        same = twice.of_run(schedule, where, kept.result.trace_hash)
        return code if same or code == exits.INVALID else exits.FAILED
    return code


class RunWords(msgspec.Struct, frozen=True, kw_only=True):
    """What was typed."""

    plan: str | None
    faults: tuple[str, ...]
    runtime: str
    seed: int | None
    system: Choice
    store: Path
    keep: Keep
    check_determinism: bool


def _on_several(chosen: Plan, words: RunWords, *, as_json: bool) -> int:
    if words.check_determinism:
        raise exits.Refused("--check-determinism needs one runtime: --runtime sim")
    runtimes = across.names(words.runtime)
    _say_what_is_not_played(chosen, words)

    def run(where: Runtime) -> Kept:
        return _played(chosen, planned.schedule(chosen, where, words.system, words.seed), where, words)

    return across.finish(across.play(runtimes, run), as_json=as_json)


def _say_what_is_not_played(chosen: Plan, words: RunWords) -> None:
    if chosen.words.matrix:
        several = len(plans.variants(chosen))
        say.error(f"the plan is played as it is written; `harness hunt` plays the {several} of its matrix", "note")
    if chosen.words.pick is not None and words.faults:
        say.error(f"the plan picks {chosen.words.pick} of its faults in each seed; --fault is one of them", "note")


def _played(chosen: Plan, schedule: Schedule, where: Runtime, words: RunWords) -> Kept:
    store = Store(words.store)
    store.require_writable()
    with say.progress() as note:
        return run_and_keep(
            schedule,
            where,
            store=store,
            plan_text=plans.dump(chosen) if words.faults else chosen.source.text,
            topology_text=plans.used_topology(chosen, words.system.topology),
            argv=sys.argv[1:],
            keep=words.keep,
            note=note,
        )
