"""`--check-determinism`: what a seed gave is to come out again, elsewhere."""

from __future__ import annotations

from collections.abc import Callable

import click

from harness.cli.telling import exits, say
from harness.hunting.campaign import Campaign
from harness.hunting.tally import CampaignResult
from harness.runs import determinism
from harness.runs.keep import DEFAULT_RUNTIME
from harness.runtimes import Runtime
from harness.schedule import Schedule

_TOLD = 10  # a defect of the simulator shows in every seed

option = click.option("--check-determinism", is_flag=True, help="Play again elsewhere; compare event by event.")


def require_repeatable(runtime: Runtime) -> None:
    """Raises `Refused` for a runtime that runs on real time."""
    if runtime.NAME != DEFAULT_RUNTIME:
        raise exits.Refused(
            f"--check-determinism needs --runtime {DEFAULT_RUNTIME}: {runtime.NAME} never plays a seed twice alike"
        )


def of_run(schedule: Schedule, runtime: Runtime, trace_hash: str | None) -> bool:
    """Play it twice more, in fresh processes with other hash seeds, and say where the runs part, if they do."""
    problem = _where_it_parts(schedule, runtime, trace_hash)
    if problem is None:
        say.error(f"two more processes gave the same events (trace {trace_hash})", label="determinism")
        return True
    say.complaint(problem)
    return False


def of_hunt(
    campaign: Campaign, runtime: Runtime, jobs: int, is_over: Callable[[], bool], result: CampaignResult
) -> None:
    """Play the runs again in other processes. Adds to the result's problems each that differs, the first with where its
    runs part; and to its warnings how many there was no time for."""
    try:
        traces = campaign.traces_elsewhere(jobs, is_over)
    except KeyboardInterrupt:
        result.interrupted = True
        return
    if len(traces) < len(campaign.traces):
        result.warnings.append(
            f"only {len(traces)} of {say.many(len(campaign.traces), 'run')} were played again elsewhere: "
            "the budget is over"
        )
    apart = [number for number, trace in sorted(traces.items()) if campaign.traces[number] != trace]
    if not apart:
        say.error(f"{say.many(len(traces), 'run')} gave the same events in other processes", label="determinism")
        return
    problems = [f"{campaign.name(number)} is not deterministic" for number in apart[:_TOLD]]
    if len(apart) > _TOLD:
        problems.append(f"{len(apart)} of {len(campaign.traces)} runs are not deterministic")
    where = _where_it_parts(campaign.schedule(apart[0]), runtime, campaign.traces[apart[0]])
    result.problems += problems if where is None else [f"{problems[0]}\n{where}", *problems[1:]]


def _where_it_parts(schedule: Schedule, runtime: Runtime, trace_hash: str | None) -> str | None:
    first, second = determinism.played_apart(schedule, runtime.NAME)
    found = determinism.difference(first, second)
    if found is not None:
        return "\n".join(found.told())
    if first.trace_hash != trace_hash:
        return f"not deterministic: this process gave the trace {trace_hash}, two others {first.trace_hash}"
    return None
