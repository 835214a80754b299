"""`harness hunt`: many runs, their failures grouped by signature."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import click
import msgspec

from harness import plan as plans
from harness.cli import _ablations, _exits, _minimal, _options, _plans, _say, _twice
from harness.cli._often import Often
from harness.hunting.ablating import Caught
from harness.hunting.campaign import MOST_OF_A_KIND, Campaign, Order, PlanText, new_campaign_id
from harness.hunting.tally import CampaignResult, RunSummary, Signature
from harness.plan import Plan
from harness.runs.keep import Keep
from harness.schedule import Schedule
from harness.store.index import Store
from harness.verdict import Verdict

_NONE: Mapping[_minimal.Kind, _minimal.Least] = {}


@click.command(short_help="Run plans with many seeds, and group what fails.")
@click.argument("plan", nargs=-1, required=True)
@click.option(
    "--seeds", type=_options.Seeds(), default="100", show_default=True, help="N is 0 to N-1; A..B excludes B."
)
@click.option(
    "--jobs",
    type=click.IntRange(min=1),
    default=os.cpu_count() or 1,
    help="Worker processes. Default: as many as CPUs.",
)
@click.option("--budget", type=_options.Duration(), help="Begin no run after this long: 10m.")
@click.option("--known", type=click.Path(dir_okay=False, path_type=Path), help="JSON of an earlier hunt: no news.")
@click.option(
    "--fail-on",
    type=click.Choice(["new", "invalid", "unknown"]),
    default="unknown",
    show_default=True,
    help="The least that makes the exit code other than 0.",
)
@_options.runtime_option
@_options.system_options
@_options.store_option
@_options.keep_option("failed")
@_twice.option
@_ablations.option
@click.option("--no-shrink", is_flag=True, help="Do not look for the smallest plan of each kind of failure.")
@_options.json_option
def command(
    *,
    plan: tuple[str, ...],
    seeds: range,
    jobs: int,
    budget: int | None,
    known: Path | None,
    fail_on: str,
    runtime: str,
    profile: str | None,
    with_: tuple[str, ...],
    without: tuple[str, ...],
    topology: str | None,
    duration: int | None,
    store: Path,
    keep: Keep,
    check_determinism: bool,
    ablations: bool,
    no_shrink: bool,
    as_json: bool,
) -> int:
    """Run every PLAN with every seed, and group what fails. A folder or a pattern is all the plans in it; a plan with a
    `matrix` is run in all its variants.

    \b
      harness hunt quickstart --seeds 200
      harness hunt nightly 'edge/*' my-plans/
      harness hunt quickstart edge/missing-jobs --profile documented
      harness hunt quickstart machines --ablations --seeds 20

    With --ablations the runs are made without each safeguard in turn, until a checker is INVALID; then with all of
    them, as often as any ablation needed. Verdict, signatures and exit code are those of the latter.
    """
    chosen = [variant for one in _plans.choose_all(plan) for variant in plans.variants(one)]
    where = _plans.runtime(runtime)
    if check_determinism:
        _twice.require_repeatable(where)
    schedules = [  # what is wrong is said before anything starts
        _plans.schedule(
            one,
            where,
            seed=seeds[0],
            profile=profile,
            with_=with_,
            without=without,
            duration_ns=duration,
            topology=topology,
        )
        for one in chosen
    ]
    no_news = _known(known)
    Store(store).require_writable()
    order = Order(
        runtime=runtime,
        store=store,
        keep=keep,
        campaign=new_campaign_id(),
        argv=tuple(sys.argv[1:]),
        profile=profile,
        with_=with_,
        without=without,
        duration_ns=duration,
        topology=topology,
        limit_s=max(map(_patience_s, schedules)),
    )
    texts = [_text(one) for one in chosen]
    without_each = _ablations.play(texts, seeds, order, jobs, budget) if ablations else None
    if without_each is not None:
        seeds, budget = without_each.seeds_played, None
    campaign = Campaign(texts, seeds, order)
    if without_each is not None and without_each.interrupted:
        campaign.interrupt()
    else:
        _play(campaign, jobs, budget)
    result = campaign.result(no_news)
    if check_determinism and not result.interrupted:
        result.problems += _twice.of_hunt(campaign, where, jobs)
    if without_each is not None:
        result.problems += without_each.problems
    caught = without_each.results if without_each is not None else []
    least = {} if no_shrink or result.interrupted else _minimal.of_all(result.signatures)
    _exits.no_more_interruption()
    if as_json:
        _say.data(as_object(result, caught, least))
    else:
        if caught:
            _ablations.show(caught)
        _show(result, campaign.planned, least)
    _complain(result)
    return _code(result, fail_on)


def _patience_s(schedule: Schedule) -> float:
    """Long enough for a loaded machine in real time; only a run that hangs takes longer."""
    return 300.0 + 3 * (schedule.duration_ns + schedule.quiesce_ns + schedule.converge_ns) / 1e9


def _text(plan: Plan) -> PlanText:
    file = Path(plan.source.name)
    return PlanText(name=plan.name, text=plan.source.text, folder=file.parent if file.is_file() else None)


def _known(file: Path | None) -> list[tuple[str, str]]:
    """Signatures of an earlier hunt's JSON."""
    if file is None:
        return []
    try:
        found = msgspec.json.decode(file.read_bytes(), type=_Known)
    except (OSError, msgspec.MsgspecError) as exc:
        raise _exits.Refused(f"{file}: expected what `harness hunt --json` prints: {exc}") from exc
    return [(s.check, s.reason) for s in found.signatures]


class _KnownSignature(msgspec.Struct):
    check: str
    reason: str


class _Known(msgspec.Struct):
    signatures: list[_KnownSignature]


def _play(campaign: Campaign, jobs: int, budget_ns: int | None) -> None:
    """Progress: on a terminal one line that moves; elsewhere a line for every new kind of failure, and now and then."""
    seen: set[tuple[str, str]] = set()
    often = Often(campaign.planned)
    with (
        _say.progress() as note,
        closing(campaign.play(jobs, None if budget_ns is None else budget_ns / 1e9)) as runs,
    ):
        try:
            for number, run in enumerate(runs, start=1):
                news = [s for s in dict.fromkeys(run.signatures) if s not in seen]
                seen.update(news)
                if often.is_time(number) or news:
                    note(_line(run, news, number, campaign.planned, len(seen)))
        except KeyboardInterrupt:
            campaign.interrupt()


def _line(run: RunSummary, news: list[tuple[str, str]], number: int, planned: int, kinds: int) -> str:
    found = f"{number}/{planned} runs, {kinds} kind{'' if kinds == 1 else 's'} of failure"
    if not news:
        return found
    return f"{found}; new: {', '.join(f'{c} {r}' for c, r in news)} ({run.plan}, seed {run.seed})"


def as_object(
    result: CampaignResult, ablations: Sequence[Caught] = (), least: Mapping[_minimal.Kind, _minimal.Least] = _NONE
) -> dict[str, Any]:
    """The object of `harness hunt --json`. Where nothing was shrunk, `minimal_plan` and its numbers are null."""
    return {
        "verdict": str(result.verdict),
        "runs": result.runs,
        "invalid": result.invalid,
        "unknown": result.unknown,
        "seconds": result.seconds,
        "interrupted": result.interrupted,
        "not_kept": result.not_kept,
        "exercised": result.exercised,
        "signatures": [_group(s, **_minimal.as_json(least.get((s.check, s.reason)))) for s in result.signatures],
        "doubts": [_group(s) for s in result.doubts],
        "ablations": _ablations.as_json(ablations),
    }


def _group(found: Signature, **more: Any) -> dict[str, Any]:
    return {
        "check": found.check,
        "reason": found.reason,
        "known": found.known,
        "first_seed": found.first_seed,
        "runs": found.runs,
        "run": found.run,
        **more,
        "plan": found.first_plan,
    }


def _show(result: CampaignResult, planned: int, least: Mapping[_minimal.Kind, _minimal.Least]) -> None:
    per_second = result.runs / result.seconds if result.seconds else 0.0
    cut = f" of {planned}" if result.runs < planned else ""
    why = "; stopped by Ctrl-C" if result.interrupted else "; the budget is over" if result.out_of_budget else ""
    _say.line(
        f"{result.runs}{cut} runs in {result.seconds:g} s ({per_second:.1f}/s): "
        f"{result.invalid} INVALID, {result.unknown} UNKNOWN{why}"
    )
    for s in result.signatures:
        _show_group(s, result.runs, "  (known)" if s.known else "", least.get((s.check, s.reason)))
    for s in result.doubts:
        _show_group(s, result.runs, "  (UNKNOWN)")
    _say.line()
    if result.not_kept:
        more = f"{result.not_kept} more failing run{'' if result.not_kept == 1 else 's'}"
        _say.paragraph(
            f"{more} left no files: {MOST_OF_A_KIND} of a kind are kept, --keep all keeps every run", first=""
        )
    if result.exercised and result.runs:
        _say.paragraph(
            "faults that met something: " + ", ".join(f"{a} {n}" for a, n in result.exercised.items()), first=""
        )
    only = f", of the first {_say.many(result.runs, 'run')} only" if cut and result.runs else ""
    _say.line(f"verdict  {_say.verdict(result.verdict)}{only}")


def _show_group(found: Signature, runs: int, remark: str, least: _minimal.Least | None = None) -> None:
    _say.line()
    _say.line(f"{found.check}: {found.reason}{remark}", bold=True)
    _say.paragraph(f"{found.runs} of {runs} runs; first: {found.first_plan}, seed {found.first_seed}")
    if found.message:
        _say.paragraph(found.message)
    if found.run is not None:
        _say.line(f"  report  {Path(found.run) / 'report.html'}")
        _say.line(f"  replay  harness replay {found.run}")
    if least is not None:
        calls, faults = _say.many(least.calls, "call"), _say.many(least.faults, "fault")
        _say.line(f"  plan    {least.file}: {calls}, {faults}")


def _complain(result: CampaignResult) -> None:
    for action in result.never:
        _say.error(_unproved(action, result), label="warning")
    for problem in result.problems:
        _say.error(problem)
    if result.problem_count > len(result.problems):
        _say.error(f"{result.problem_count} runs had such trouble in all", label="note")


def _unproved(action: str, result: CampaignResult) -> str:
    runs = _say.many(result.runs, "run")
    if action not in result.never_drawn:
        return (
            f"{action} is declared and never met anything in {runs}: that is no proof of anything; "
            "look at its times and at what it is aimed at"
        )
    what_to_do = "let the hunt come to its end" if result.interrupted or result.out_of_budget else "try more --seeds"
    return f"{action} is declared and was drawn in none of {runs}, so it was not tried at all: {what_to_do}"


def _code(result: CampaignResult, fail_on: str) -> int:
    if result.interrupted:
        return _exits.INTERRUPTED
    if result.problems:
        return _exits.INVALID if result.verdict is Verdict.INVALID else _exits.FAILED
    if fail_on == "new" and result.verdict is Verdict.INVALID:
        return _exits.INVALID if any(not s.known for s in result.signatures) else _exits.OK
    if fail_on != "unknown" and result.verdict is Verdict.UNKNOWN:
        return _exits.OK
    return _exits.OF_VERDICT[result.verdict]
