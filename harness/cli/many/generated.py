"""A hunt without a plan: each seed is a plan of its own."""

from __future__ import annotations

import click

from harness.cli.many.going import HuntWords
from harness.cli.telling.exits import Refused
from harness.hunting.campaign import PlanText
from harness.hunting.generate.generator import Generator

stop_option = click.option("--stop", is_flag=True, help="End with the first INVALID run.")
guide_option = click.option(
    "--no-guide", is_flag=True, help="Without a PLAN: draw by the seed alone, whatever earlier runs met."
)


def writer(words: HuntWords) -> Generator | None:
    """Who writes the plans; None when the user named some. Raises `Refused`."""
    if words.plan:
        if words.no_guide:
            raise Refused("--no-guide is for hunts without a PLAN: nothing else is guided")
        return None
    if words.ablations:
        raise Refused("--ablations needs a PLAN: every safeguard is taken out of the same runs (`nightly` names many)")
    if words.system.duration_ns is not None:
        raise Refused("--duration needs a PLAN: each generated plan lasts as long as its faults need")
    by_seed = words.no_guide
    return Generator(words.seeds, guided=not by_seed, staged=not by_seed, topology=words.system.topology)


def texts(words: HuntWords) -> list[PlanText]:
    """The plans of all seeds, each for itself: a mutant's runs may not depend on what other runs met."""
    plain = Generator(words.seeds, guided=False, topology=words.system.topology)
    return [PlanText(name=name, text=text) for name, text in (plain.plan(n) for n in range(len(words.seeds)))]
