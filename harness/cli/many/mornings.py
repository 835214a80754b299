"""What a night says: files beside its store, the terminal, an exit code."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from harness.cli.telling import exits, say
from harness.night import known as known_failures
from harness.night.known import Known
from harness.night.ledger import Ledger
from harness.night.morning import annotations as in_actions
from harness.night.morning import junit, sarif, summary, telling
from harness.night.morning.telling import Failure, Morning
from harness.night.words import Night
from harness.store.index import write_atomically

_TOLD = 20  # failures on the terminal


def known(night: Night) -> Known:
    """Raises `PlanErrors`."""
    if night.words.known is None:
        return Known()
    return known_failures.read(night.path.parent / night.words.known)


def tell(
    ledger: Ledger, name: str, night: Night, known: Known, *, as_json: bool, annotate: bool, one_shard: bool = False
) -> int:
    """Write and print it; its exit code. Raises `StoreProblem`."""
    today = datetime.now(UTC).date().isoformat()
    morning = telling.told(ledger, name, night.words, known, today, one_shard=one_shard)
    folder = ledger.store.root / "nights" / name
    folder.mkdir(parents=True, exist_ok=True)
    data = as_object(morning)
    write_atomically(folder / "summary.md", summary.render(morning))
    write_atomically(folder / "junit.xml", junit.render(morning))
    write_atomically(folder / "results.sarif", sarif.render(morning))
    write_atomically(folder / "results.json", msgspec.json.format(msgspec.json.encode(data), indent=1) + b"\n")
    _step_summary(folder / "summary.md")
    if as_json:
        say.data({**data, "summary": str(folder / "summary.md")})
    else:
        _show(morning, folder)
    if annotate or os.environ.get("GITHUB_ACTIONS") == "true":
        for line in in_actions.lines(morning):
            say.error(line, label="") if as_json else say.line(line)
    return code(morning)


def code(morning: Morning) -> int:
    if any(one.about.interrupted for one in morning.shards):
        return exits.INTERRUPTED
    if morning.problems and not morning.red:
        return exits.FAILED
    return exits.OF_VERDICT[morning.verdict]


def as_object(morning: Morning) -> dict[str, Any]:
    """`results.json`, and what `--json` prints."""
    return {
        "night": morning.night,
        "verdict": str(morning.verdict),
        "runs": morning.runs,
        "planned": morning.planned,
        "invalid": morning.invalid,
        "unknown": morning.unknown,
        "shards": [
            {
                "shard": str(one.shard),
                "planned": one.about.planned,
                "seconds": one.about.seconds,
                "executor": one.about.executor,
                "again": one.about.again,
                "out_of_budget": one.about.out_of_budget,
                "interrupted": one.about.interrupted,
                "ended": one.about.ended,
            }
            for one in morning.shards
        ],
        "missing_shards": morning.missing,
        "parts": msgspec.to_builtins(morning.parts),
        "failures": [_failure(failure) for failure in morning.failures],
        "doubts": [
            {"check": kind[0], "reason": kind[1], "runs": n, "plan": first.plan, "seed": first.seed}
            for kind, n, first in morning.doubts
        ],
        "ablations": msgspec.to_builtins(morning.caught),
        "exercised": morning.exercised,
        "never_met": morning.atlas.never() if morning.atlas is not None else [],
        "apart": morning.apart,
        "trend": msgspec.to_builtins(morning.trend),
        "gone": morning.gone,
        "known_not_seen": [one.model_dump(mode="json") for one in morning.unseen],
        "left_out": [{"part": part, "what": what, "why": why} for part, what, why in telling.left_out(morning.shards)],
        "problems": morning.problems,
    }


def _failure(failure: Failure) -> dict[str, Any]:
    least = failure.least
    return {
        "check": least.check,
        "reason": least.reason,
        "shape": least.shape,
        "standing": failure.standing,
        "flaky": failure.flaky,
        "seen_before": failure.seen_before,
        "plan": failure.plan,
        "seed": failure.seed,
        "part": failure.part,
        "runtime": failure.runtime,
        "run": failure.directory,
        "runs": failure.runs,
        "alike": failure.alike,
        "message": least.message,
        "story": least.story,
        "minimal_plan": least.plan or None,
        "minimal_ops": least.calls if least.plan else None,
        "minimal_faults": least.faults if least.plan else None,
        "why_not_smaller": least.why or None,
    }


def _step_summary(file: Path) -> None:
    """GitHub Actions shows what is written there."""
    place = os.environ.get("GITHUB_STEP_SUMMARY")
    if place:
        with Path(place).open("a", encoding="utf-8") as out:
            out.write(file.read_text(encoding="utf-8"))


def _show(morning: Morning, folder: Path) -> None:
    for one_part in morning.parts:
        counts = f"{one_part.runs:>7} runs  {one_part.invalid:>5} INVALID  {one_part.unknown:>5} UNKNOWN"
        say.line(f"{one_part.name:<20} {counts}")
    if morning.caught:
        missed = len(morning.caught) - len(morning.unnoticed)
        say.line(f"{missed} of {len(morning.caught)} safeguards are missed when they are gone")
    for one in morning.shards:
        if one.about.again:
            apart = len(one.about.apart)
            say.line(f"{one.about.again} runs were played again elsewhere: {apart or 'none'} came out otherwise")
    for failure in morning.failures[:_TOLD]:
        least = failure.least
        flaky = ", flaky" if failure.flaky else ""
        say.line()
        say.line(f"{failure.standing}{flaky}: {least.check} {least.reason}", bold=True)
        say.paragraph(least.message)
        say.paragraph(f"{failure.plan}, seed {failure.seed}; {failure.alike} runs gave this reason")
    if len(morning.failures) > _TOLD:
        say.line(f"{len(morning.failures) - _TOLD} more: see summary.md")
    say.line()
    for part, what, why in telling.left_out(morning.shards)[:_TOLD]:
        say.paragraph(f"left out  {part}, {what}: {why}", first="", rest="          ")
    if morning.unnoticed:
        names = ", ".join(caught.policy for caught in morning.unnoticed)
        say.error(f"nobody noticed that these were gone: {names}", label="warning")
    for said in morning.apart:
        say.complaint(said)
    for problem in morning.problems[:_TOLD]:
        say.error(problem)
    if morning.missing:
        say.error(f"shards are missing: {', '.join(morning.missing)}", label="warning")
    if any(one.about.out_of_budget for one in morning.shards):
        say.error(f"the budget was over: {morning.runs} of {morning.planned} items were played", label="warning")
    say.line(f"verdict  {say.verdict(morning.verdict)}")
    say.line(f"summary  {folder / 'summary.md'}")
