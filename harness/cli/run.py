"""`harness run`: one run, start to verdict."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from harness import plan as plans
from harness.cli import _exits, _options, _plans, _result, _say, _twice
from harness.runs.keep import Keep, Kept, run_and_keep
from harness.schedule import Schedule
from harness.store.index import Store


@click.command(short_help="Run one plan, start to verdict.")
@click.argument("plan", required=False)
@click.option("--fault", "faults", multiple=True, metavar="'ACTION KEY=VALUE …'", help="A fault, without a plan file.")
@_options.runtime_option
@_options.seed_option
@_options.system_options
@_options.store_option
@_options.keep_option("all")
@_twice.option
@_options.json_option
def command(
    *,
    plan: str | None,
    faults: tuple[str, ...],
    runtime: str,
    seed: int | None,
    profile: str | None,
    with_: tuple[str, ...],
    without: tuple[str, ...],
    topology: str | None,
    duration: int | None,
    store: Path,
    keep: Keep,
    check_determinism: bool,
    as_json: bool,
) -> int:
    """Run PLAN once and judge it.

    PLAN is a file, the name of a shipped plan (`harness list plans`), or - for standard input. Without one, --fault
    makes a plan on the spot:

    \b
      harness run quickstart
      harness run quickstart --profile documented --seed 7
      harness run --fault 'partition links=mobile-1<->relay at=5s for=9s'
    """
    chosen = _plans.choose(plan, faults)
    where = _plans.runtime(runtime)
    if check_determinism:
        _twice.require_repeatable(where)
    schedule = _plans.schedule(
        chosen,
        where,
        seed=seed,
        profile=profile,
        with_=with_,
        without=without,
        duration_ns=duration,
        topology=topology,
    )
    if chosen.words.matrix:
        several = len(plans.variants(chosen))
        _say.error(f"the plan is played as it is written; `harness hunt` plays the {several} of its matrix", "note")
    text = plans.dump(chosen) if faults else chosen.source.text
    Store(store).require_writable()
    with _say.progress() as note:
        kept = run_and_keep(
            schedule, where, store=Store(store), plan_text=text, argv=sys.argv[1:], keep=keep, note=note
        )
    code = finish(kept, schedule, as_json=as_json, store=store)
    if check_determinism and not kept.result.interrupted:
        same = _twice.of_run(schedule, where, kept.result.trace_hash)
        return code if same or code == _exits.INVALID else _exits.FAILED
    return code


def finish(kept: Kept, schedule: Schedule, *, as_json: bool, store: Path, extra: dict[str, Any] | None = None) -> int:
    """Print a run that is over; its exit code. A finding outranks trouble with its files."""
    _exits.no_more_interruption()
    if as_json:
        _say.data(_result.as_json(kept) | (extra or {}))
    else:
        _result.show(kept, schedule, store)
    code = _exits.of_run(kept.result.verdict, kept.record.as_expected)
    if kept.problem is not None:
        _say.error(kept.problem)
        code = code if code == _exits.INVALID else _exits.FAILED
    return _exits.INTERRUPTED if kept.result.interrupted else code
