"""`harness hunt`: many runs, their failures grouped by signature."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import click
import msgspec

from harness import plan as plans
from harness.campaign import Campaign, CampaignResult, Order, PlanText, RunSummary, new_campaign_id
from harness.cli import _exits, _options, _plans, _say, _twice
from harness.keep import Keep
from harness.plan import Plan
from harness.verdict import Verdict


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
    as_json: bool,
) -> int:
    """Run every PLAN with every seed, and group what fails. A plan with a `matrix` is run in all its variants.

    \b
      harness hunt quickstart --seeds 200
      harness hunt quickstart edge/missing-jobs --profile documented
    """
    chosen = [variant for word in plan for variant in plans.variants(_plans.choose(word))]
    where = _plans.runtime(runtime)
    if check_determinism:
        _twice.require_repeatable(where)
    for one in chosen:  # what is wrong is said before anything starts
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
    )
    campaign = Campaign([_text(one) for one in chosen], seeds, order)
    _play(campaign, jobs, budget)
    result = campaign.result(_known(known))
    if check_determinism and not result.interrupted:
        result.problems += _twice.of_hunt(campaign, where, jobs)
    if as_json:
        _say.data(as_object(result))
    else:
        _show(result, campaign.planned)
    return _code(result, fail_on)


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
    """Progress: on a terminal one line that moves, elsewhere a line for every failure and every tenth of the way."""
    step = max(1, campaign.planned // 10)
    seen: set[tuple[str, str]] = set()
    with _say.progress() as note:
        for number, run in enumerate(campaign.play(jobs, None if budget_ns is None else budget_ns / 1e9), start=1):
            news = [s for s in dict.fromkeys(run.signatures) if s not in seen]
            seen.update(news)
            if news or number % step == 0 or sys.stderr.isatty():
                note(_line(run, news, number, campaign.planned, len(seen)))


def _line(run: RunSummary, news: list[tuple[str, str]], number: int, planned: int, kinds: int) -> str:
    found = f"{number}/{planned} runs, {kinds} kind{'' if kinds == 1 else 's'} of failure"
    if not news:
        return found
    return f"{found}; new: {', '.join(f'{c} {r}' for c, r in news)} ({run.plan}, seed {run.seed})"


def as_object(result: CampaignResult) -> dict[str, Any]:
    """The object of `harness hunt --json`. What shrinking finds is null."""
    signatures = [
        {
            "check": s.check,
            "reason": s.reason,
            "known": s.known,
            "first_seed": s.first_seed,
            "runs": s.runs,
            "run": s.run,
            "minimal_plan": None,
            "minimal_ops": None,
            "minimal_faults": None,
            "plan": s.first_plan,
        }
        for s in result.signatures
    ]
    return {
        "verdict": str(result.verdict),
        "runs": result.runs,
        "invalid": result.invalid,
        "unknown": result.unknown,
        "seconds": result.seconds,
        "exercised": result.exercised,
        "signatures": signatures,
        "ablations": [],
    }


def _show(result: CampaignResult, planned: int) -> None:
    per_second = result.runs / result.seconds if result.seconds else 0.0
    cut = f" of {planned}" if result.runs < planned else ""
    _say.line(
        f"{result.runs}{cut} runs in {result.seconds:g} s ({per_second:.1f}/s): "
        f"{result.invalid} INVALID, {result.unknown} UNKNOWN"
    )
    for s in result.signatures:
        _say.line()
        _say.line(f"{s.check}: {s.reason}{'  (known)' if s.known else ''}", bold=True)
        _say.paragraph(f"{s.runs} of {result.runs} runs; first: {s.first_plan}, seed {s.first_seed}")
        if s.message:
            _say.paragraph(s.message)
        if s.run is not None:
            _say.line(f"  report  {Path(s.run) / 'report.html'}")
            _say.line(f"  replay  harness replay {s.run}")
    _say.line()
    if result.exercised:
        _say.line("faults that met something: " + ", ".join(f"{a} {n}" for a, n in result.exercised.items()))
    _say.line(f"verdict  {_say.verdict(result.verdict)}")
    for action in result.never:
        _say.error(f"{action} is declared and never met anything: that is no proof of anything", label="warning")
    for problem in result.problems:
        _say.error(problem)


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
