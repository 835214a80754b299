"""What a hunt found: as an object, on the terminal, and as an exit code."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from harness.cli.asking.planned import LeftOut
from harness.cli.many import ablations, minimal
from harness.cli.telling import exits, finished, say
from harness.hunting.ablating import Caught
from harness.hunting.campaign import CANNOT_PLAY, MOST_OF_A_KIND
from harness.hunting.generate.atlas import Atlas
from harness.hunting.tally import CampaignResult, Signature
from harness.report.told import words
from harness.verdict import Verdict


class Found(msgspec.Struct, kw_only=True):
    """`planned`: how many runs there were to be. `left_out`: plans that could not be played as asked.
    `atlas`: what faults of generated plans fell upon."""

    result: CampaignResult
    planned: int
    left_out: list[LeftOut] = []
    caught: list[Caught] = []
    atlas: Atlas | None = None
    shrunk: minimal.Shrunk = msgspec.field(default_factory=minimal.Shrunk)

    @property
    def interrupted(self) -> bool:
        return self.result.interrupted or self.shrunk.interrupted

    @property
    def is_cut(self) -> bool:
        return self.result.runs < self.planned


def as_object(found: Found) -> dict[str, Any]:
    """The object of `harness hunt --json`. Where nothing was shrunk, `minimal_plan` and its numbers are null."""
    result = found.result
    return {
        "verdict": str(result.verdict),
        "runs": result.runs,
        "planned": found.planned,
        "invalid": result.invalid,
        "unknown": result.unknown,
        "seconds": result.seconds,
        "interrupted": found.interrupted,
        "out_of_budget": result.out_of_budget or found.shrunk.out_of_budget,
        "not_kept": result.not_kept,
        "left_out": [msgspec.structs.asdict(one) for one in found.left_out],
        "exercised": result.exercised,
        "signatures": [_group(s, **minimal.as_json(found.shrunk.least_of(s))) for s in result.signatures],
        "doubts": [_group(s) for s in result.doubts],
        "ablations": ablations.as_json(found.caught),
        **({"never_met": found.atlas.never()} if found.atlas is not None else {}),
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


def show(found: Found, fail_on: str, store: Path) -> None:
    """What failed, group by group; then what is missing from the picture; last the verdict, and what to type next."""
    result = found.result
    if found.caught:
        ablations.show(found.caught)
    say.line(_summary(found))
    for s in result.signatures:
        _show_group(s, result.runs, "  (known)" if s.known else "", store, found.shrunk.fate(s))
    for s in result.doubts:
        _show_group(s, result.runs, "  (UNKNOWN)", store, [])
    say.line()
    _not_seen(found)
    complain(found)
    say.line(f"verdict  {say.verdict(result.verdict)}{_remarks(found, fail_on)}")
    news = next((s for s in result.signatures if not s.known and s.run is not None), None)
    if news is not None and news.run is not None and code(found, fail_on) == exits.INVALID:
        say.line(f"replay   {finished.replay_command(Path(news.run), store)}")
        say.line(f"shrink   {finished.shrink_command(Path(news.run), minimal.wanted(news))}")


def _summary(found: Found) -> str:
    result = found.result
    per_second = result.runs / result.seconds if result.seconds else 0.0
    cut = f" of {found.planned}" if found.is_cut else ""
    why = "; stopped by Ctrl-C" if result.interrupted else "; the budget is over" if result.out_of_budget else ""
    why = "; stopped at the first INVALID" if result.stopped else why
    return (
        f"{result.runs}{cut} runs in {result.seconds:g} s ({per_second:.1f}/s): "
        f"{result.invalid} INVALID, {result.unknown} UNKNOWN{why}"
    )


def _not_seen(found: Found) -> None:
    """Everything that was asked for and not done, and what was tried."""
    result = found.result
    for one in found.left_out:
        say.paragraph(f"left out  {one.plan}: {one.reason}", first="", rest="          ")
    if found.shrunk.interrupted:
        say.paragraph("stopped by Ctrl-C while looking for the smallest plans", first="")
    if found.shrunk.missing:
        kinds = say.many(found.shrunk.missing, "kind")
        say.paragraph(f"the budget is over: {kinds} of failure came without a smallest plan", first="")
    if result.not_kept:
        more = f"{say.many(result.not_kept, 'more run')} that {'is' if result.not_kept == 1 else 'are'} not VALID"
        kept = f"{MOST_OF_A_KIND} of a kind are kept, --keep all keeps every run"
        say.paragraph(f"{more} left no files: {kept}", first="")
    if result.exercised and result.runs:
        met = ", ".join(f"{action} {count}" for action, count in result.exercised.items())
        say.paragraph(f"faults that met something: {met}", first="")
    if found.atlas is not None:
        say.paragraph(found.atlas.told(), first="")


def _remarks(found: Found, fail_on: str) -> str:
    """How far the verdict reaches, and why the exit code is 0 although it is not VALID."""
    result = found.result
    said = f", of the first {say.many(result.runs, 'run')} only" if found.is_cut and result.runs else ""
    if result.verdict is Verdict.VALID or code(found, fail_on) != exits.OK:
        return said
    if result.verdict is Verdict.INVALID:
        count = len(result.signatures)
        known = "the one kind of failure is known" if count == 1 else f"all {count} kinds of failure are known"
        return f"{said}; nothing new: {known}, and --fail-on new lets them pass: exit 0"
    return f"{said}; --fail-on {fail_on} lets that pass: exit 0"


def _show_group(found: Signature, runs: int, remark: str, store: Path, fate: list[str]) -> None:
    say.line()
    say.line(f"{found.check}: {found.reason}{remark}", bold=True)
    say.paragraph(f"{found.runs} of {runs} runs; first: {found.first_plan}, seed {found.first_seed}")
    if sentence := found.message or words.reason(found.check, found.reason):
        say.paragraph(sentence)
    if found.run is not None:
        say.line(f"  report  {Path(found.run) / 'report.html'}")
        say.line(f"  replay  {finished.replay_command(Path(found.run), store)}")
    for line in fate:
        say.line(f"  {line}")


def complain(found: Found) -> None:
    result = found.result
    for action in result.never:
        say.error(_unproved(action, result), label="warning")
    for warning in result.warnings:
        say.error(warning, label="warning")
    for problem in result.problems:
        say.error(problem)
    if result.problem_count > len(result.problems):
        say.error(f"{result.problem_count} runs had such trouble in all", label="note")


def _unproved(action: str, result: CampaignResult) -> str:
    runs = say.many(result.runs, "run")
    if action not in result.never_drawn:
        return (
            f"{action} is declared and never met anything in {runs}: that is no proof of anything; "
            "look at its times and at what it is aimed at"
        )
    what_to_do = "let the hunt come to its end" if result.interrupted or result.out_of_budget else "try more --seeds"
    return f"{action} is declared and was drawn in none of {runs}, so it was not tried at all: {what_to_do}"


def code(found: Found, fail_on: str) -> int:
    result = found.result
    if found.interrupted:
        return exits.INTERRUPTED
    if result.problems:
        if result.verdict is Verdict.INVALID:
            return exits.INVALID
        refused = sum(s.runs for s in result.doubts if (s.check, s.reason) == CANNOT_PLAY)
        return exits.CANNOT_PLAY if result.runs and refused == result.runs else exits.FAILED
    if fail_on == "new" and result.verdict is Verdict.INVALID:
        return exits.INVALID if any(not s.known for s in result.signatures) else exits.OK
    if fail_on != "unknown" and result.verdict is Verdict.UNKNOWN:
        return exits.OK
    return exits.OF_VERDICT[result.verdict]
