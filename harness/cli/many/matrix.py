"""How the matrix of a hunt over mutants is told: as lines, and as JSON."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from harness.cli.telling import say
from harness.hunting.mutants import matrix
from harness.hunting.mutants.matrix import Fate
from harness.hunting.mutants.searching import MutantHunt
from harness.terminal import harmless


def as_object(hunt: MutantHunt) -> dict[str, Any]:
    """The object of `harness hunt --mutants --json`."""
    return {
        "summary": msgspec.structs.asdict(matrix.summary(hunt.fates)),
        "never_reached": hunt.never_reached,
        "no_change": hunt.no_change,
        "runs": hunt.planned,
        "unsettled": hunt.unsettled,
        "interrupted": hunt.interrupted,
        "out_of_budget": hunt.out_of_budget,
        "mutants": [_one(fate) for fate in hunt.fates],
    }


def _one(fate: Fate) -> dict[str, Any]:
    mutant = fate.mutant
    place = {"file": _shown(mutant.file), "kind": mutant.kind, "function": mutant.function, "line": mutant.line}
    return {**place, **{name: value for name, value in msgspec.structs.asdict(fate).items() if name != "mutant"}}


def show(hunt: MutantHunt) -> None:
    """A line for every mutant, the survivors with what they change, and what it adds up to."""
    for fate in hunt.fates:
        if fate.outcome not in ("survived", "unfinished"):
            say.line(f"{_place(fate)}  {_told(fate)}")
    survivors = [fate for fate in hunt.fates if fate.outcome == "survived"]
    for fate in survivors:
        say.line()
        say.line(f"{_place(fate)}  survived {_lived(fate)}", bold=True)
        say.line(harmless(fate.diff))
    say.line()
    _total(hunt)


def _total(hunt: MutantHunt) -> None:
    total = matrix.summary(hunt.fates)
    say.line(
        f"{total.found + total.crashed + total.stalled} of {total.judged} mutants are found ({total.percent:g} %)"
        + (f", the median in run {total.median_try:g} of those that come to it" if total.median_try else ""),
        bold=True,
    )
    parts = [
        (total.found, "by a checker"),
        (total.crashed, "broke a component"),
        (total.stalled, "made a run stall"),
        (total.survived, "survived"),
        (total.not_starting, "do not start"),
        (total.equivalent, "were judged to change nothing"),
        (total.unfinished, "were not played to the end"),
    ]
    say.paragraph("; ".join(f"{count} {what}" for count, what in parts if count))
    say.paragraph(
        f"left out of the draw: {hunt.never_reached} that none of {hunt.planned} runs comes to, "
        f"{hunt.no_change} with the same code as the original or another"
    )
    if hunt.unsettled:
        say.error(f"not VALID without any mutant: {'; '.join(hunt.unsettled[:3])}", label="warning")


def _place(fate: Fate) -> str:
    return f"{_shown(fate.mutant.file)}:{fate.mutant.line} {fate.mutant.function} {fate.mutant.kind}"


def _lived(fate: Fate) -> str:
    runs = f"{say.many(fate.tries, 'run')} that came to it"
    if not fate.differing:
        return f"{runs}; nothing was otherwise in any of them"
    return f"{runs}, {fate.differing} of them not as they are without it"


def _told(fate: Fate) -> str:
    match fate.outcome:
        case "does-not-start":
            return "does not start"
        case "equivalent":
            return f"changes nothing: {fate.reason}"
        case "found":
            what = f"{fate.check} {fate.reason}"
        case "stall":
            what = f"stall: {fate.reason}"
        case _:
            what = f"broke: {harmless(fate.message)[:100]}"
    return f"{what}, run {fate.tries} of those that come to it: {fate.plan}, seed {fate.seed}"


def _shown(file: str) -> str:
    path = Path(file)
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else file
