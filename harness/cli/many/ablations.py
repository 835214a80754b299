"""`hunt --ablations`: does anything notice when a safeguard is missing? Then the profile with all of them, again."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from typing import Any

import click
import msgspec

from harness.cli.telling import exits, say
from harness.cli.telling.often import Often
from harness.hunting.ablating import AblationHunt, Caught
from harness.hunting.campaign import Order, PlanText

option = click.option(
    "--ablations",
    is_flag=True,
    help="Take out every safeguard in turn, until that is noticed; --budget is for each, and for what comes after.",
)


def play(chosen: Sequence[PlanText], seeds: range, order: Order, jobs: int, budget_ns: int | None) -> AblationHunt:
    """Raises `Refused` for a profile that has no safeguard left."""
    hunt = AblationHunt(chosen, seeds, order)
    if not hunt.policies:
        raise exits.Refused(f"--ablations: the profile {order.profile} has no safeguard that could be taken out")
    begun: set[str] = set()
    often = Often(len(hunt.policies))
    with say.progress() as note, closing(hunt.play(jobs, None if budget_ns is None else budget_ns / 1e9)) as runs:
        try:
            for policy, _ in runs:
                news = policy not in begun
                begun.add(policy)
                if news and often.is_time(len(begun)):
                    note(f"{len(begun)}/{len(hunt.policies)} safeguards; now without {policy}")
        except KeyboardInterrupt:
            hunt.interrupted = True
    return hunt


def as_json(results: Sequence[Caught]) -> list[dict[str, Any]]:
    return [msgspec.structs.asdict(caught) for caught in results]


def show(results: Sequence[Caught]) -> None:
    """A line for every safeguard: who noticed that it was missing, after how many seeds, and where."""
    width = max(len(caught.policy) for caught in results)
    noticed = sum(caught.caught_by is not None for caught in results)
    say.line(f"{noticed} of {len(results)} safeguards are missed by some checker", bold=True)
    for caught in results:
        say.line(f"  {caught.policy:<{width}}  {_fate(caught)}")
    say.line()
    say.line("with all of them, the same plans and seeds:", bold=True)


def _fate(caught: Caught) -> str:
    if caught.caught_by is None:
        why = "the budget is over" if caught.out_of_budget else "nobody noticed"
        return click.style(f"{why}, {_runs(caught)}", fg="yellow")
    base = f" (the base lacks {' and '.join(caught.base_without)})" if caught.base_without else ""
    return f"{caught.caught_by} {caught.reason}, {_runs(caught)}: {caught.plan}, seed {caught.seed}{base}"


def _runs(caught: Caught) -> str:
    return f"{caught.runs} run{'' if caught.runs == 1 else 's'}, {caught.seconds:g} s"
