"""`harness audit`: each claim of the design document, decided by running."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from textwrap import wrap
from typing import Protocol, TypeVar

import click
import msgspec

from harness.audit import claims, document
from harness.audit.audited import Audited, Counterexample, Decision, in_words
from harness.audit.checklist import Checked, checked
from harness.audit.findings import Finding, Findings
from harness.audit.playing import SOUND, Audit
from harness.audit.shown import DOCUMENTED, read
from harness.cli.asking import options, planned
from harness.cli.telling import exits, say
from harness.report.told import words
from harness.runs.keep import DEFAULT_RUNTIME
from targets.profiles import load

_INDENT, _WIDTH = 16, 100


@click.command(short_help="Decide each claim of the design document by running.")
@click.option("--profile", default="documented", show_default=True, metavar="NAME", help="Whose claims they are.")
@click.option("--only", "only", multiple=True, metavar="ID", help="A claim, such as C41; may be given again.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Of all runs.")
@click.option("--runtime", default=DEFAULT_RUNTIME, show_default=True, metavar="NAME", help="Where claims are decided.")
@click.option(
    "--jobs",
    type=click.IntRange(min=1),
    default=os.cpu_count() or 1,
    help="Worker processes. Default: as many as CPUs.",
)
@click.option("--findings", is_flag=True, help="Play what was found instead, and print it as a page (Markdown).")
@options.json_option
def command(
    *, profile: str, only: tuple[str, ...], seed: int, runtime: str, jobs: int, findings: bool, as_json: bool
) -> int:
    """Decide each claim by experiment: it HOLDS, is REFUTED, or is UNDECIDED, with the reason.

    A claim is a plan under configs/audit with the word `claim`. Each is also played on a system in which it is broken,
    where it has to be refuted: then it flips. On other runtimes than the simulator that is seen there all the same, and
    --jobs 1 disturbs measurements least.

    \b
      harness audit
      harness audit --profile hardened
      harness audit --only C41 --json
      harness audit --findings > docs/findings.md

    Exit 0 when all hold, 1 when one is refuted, 2 when none is and one is undecided; with --findings 1 when a run does
    not show what its plan says.
    """
    load(profile)
    if findings:
        if only or seed or profile != DOCUMENTED or runtime != DEFAULT_RUNTIME:
            raise click.UsageError("--findings plays all of them, on the documented profile: leave --only, … out")
        return _findings(jobs, as_json)
    try:
        known = [plan for plan, _ in read(claims.found())]
        audit = Audit(claims.found(only), profile, seed=seed, runtime=planned.runtime(runtime).NAME, findings=known)
    except claims.BadClaim as exc:
        raise exits.Refused(str(exc)) from None
    found: list[Audited] = []
    _gather(audit, jobs, found, "claims decided")
    found.sort(key=lambda one: one.id)
    items = checked({one.id: one for one in found})
    if as_json:
        say.data(
            {
                "profile": profile,
                "runs": audit.runs,
                "interrupted": audit.interrupted,
                "claims": [_as_data(one) for one in found],
                "checklist": msgspec.to_builtins(items),
            }
        )
    else:
        for one in found:
            _tell(one)
        _check_off(items)
        _sum_up(found, audit)
    return exits.INTERRUPTED if audit.interrupted else _code(found)


T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class _Played(Protocol[T_co]):
    runs: int
    interrupted: bool

    @property
    def planned(self) -> int: ...

    def play(self, jobs: int) -> Iterator[T_co]: ...


def _gather(played: _Played[T], jobs: int, found: list[T], what: str) -> None:
    """Ctrl-C ends it, wherever it comes; what was found by then stays."""
    try:
        with say.progress() as note:
            for one in played.play(jobs):
                found.append(one)
                note(f"{len(found)} {what}; {played.runs} of {played.planned} runs")
    except KeyboardInterrupt:
        played.interrupted = True


def _findings(jobs: int, as_json: bool) -> int:
    """Exit 0 when each shows what its plan says, 1 when one does not."""
    try:
        hunt = Findings(read(claims.found()))
    except claims.BadClaim as exc:
        raise exits.Refused(str(exc)) from None
    found: list[Finding] = []
    _gather(hunt, jobs, found, "findings played")
    found = document.in_order(found)
    for one in found:
        if one.wrong:
            say.error(f"{one.plan.name}: {one.wrong}")
    if as_json:
        say.data({"runs": hunt.runs, "interrupted": hunt.interrupted, "findings": [_finding(one) for one in found]})
    else:
        say.line(document.written(found))
    if hunt.interrupted:
        return exits.INTERRUPTED
    return exits.INVALID if any(one.wrong for one in found) else exits.OK


def _finding(one: Finding) -> dict[str, object]:
    plan = one.plan
    return {
        "plan": plan.name,
        "claim": one.claim.id,
        "says": one.claim.words.says,
        "by": plan.words.by,
        "message": one.message,
        "also": plan.words.also,
        "calls": plan.size.calls,
        "faults": plan.size.faults,
        "lasts": one.lasts,
        "lasts_listed": one.lasts_listed,
        "repair": plan.words.repair,
        "depends": one.depends,
        "wrong": one.wrong or None,
    }


def _as_data(one: Audited) -> dict[str, object]:
    data = {**msgspec.to_builtins(one), "flips": one.flips}
    if one.smaller is not None:
        data["smaller"]["command"] = one.smaller.command
    return data


def _tell(one: Audited) -> None:
    decision = one.decision
    say.line(f"{one.id}  {decision.status:10}{one.says}")
    told = [decision.message] if decision.by else [decision.why] if decision.why else []
    told += [in_words(measured) for measured in decision.measured if measured.holds]
    if one.unkeepable:
        told.append(f"no system of this shape can keep it: {one.unkeepable}")
    if decision.by is not None:
        told += _numbered(decision.story)
        told.append(f"by {decision.by}: {_replay(one, decision)}")
    if one.smaller is not None:
        told += _counterexample(one.smaller)
    if not one.flips:
        told.append(f"it does not flip: {_not_flipping(one)}")
    for text in told:
        for line in wrap(text, _WIDTH - _INDENT, break_long_words=False, break_on_hyphens=False):
            say.line(" " * _INDENT + line)


def _numbered(story: list[str]) -> list[str]:
    return [f"{number}. {what}" for number, what in enumerate(story, start=1)]


def _counterexample(one: Counterexample) -> list[str]:
    size = f"{words.count(one.calls, 'call')}, {words.count(one.faults, 'fault')}"
    return [f"smallest ({size}): {one.message}", *_numbered(one.story), f"by {one.by}: {one.command}"]


def _replay(one: Audited, decision: Decision) -> str:
    """What the profile excuses, and what is measured, only the audit counts."""
    where = f" --runtime {decision.runtime}" if decision.runtime != DEFAULT_RUNTIME else ""
    if one.strictly or (decision.by or "").startswith("quantity/"):
        return f"harness audit --only {one.id} --profile {decision.profile} --seed {one.seed}{where}"
    chosen = "".join(f" --with {word}" for word in decision.with_)
    return f"harness run {one.plan} --profile {decision.profile}{chosen} --seed {one.seed}{where}"


def _not_flipping(one: Audited) -> str:
    if one.sound.status != ("REFUTED" if one.unkeepable else "HOLDS"):
        return f"on {SOUND} it is {one.sound.status} ({one.sound.by or one.sound.why})"
    return f"where it is broken it is {one.broken.status} ({one.broken.why or 'nothing was found'})"


def _check_off(items: list[Checked]) -> None:
    if items:
        say.line()
        say.line("The document's checklist:")
    for item in items:
        by = "" if item.status == "HOLDS" else f" ({', '.join(item.by)})"
        say.line(f"  {item.status:10}{item.says}{by}")


def _sum_up(found: list[Audited], audit: Audit) -> None:
    counts = Counter(one.decision.status for one in found)
    said = ", ".join(f"{counts[status]} {status}" for status in ("HOLDS", "REFUTED", "UNDECIDED"))
    flips = sum(one.flips for one in found)
    stopped = f" of {audit.planned}; stopped by Ctrl-C" if audit.interrupted else ""
    say.line()
    say.line(f"{len(found)} claims: {said}; {flips} of them flip where they are broken; {audit.runs} runs{stopped}")


def _code(found: list[Audited]) -> int:
    statuses = {one.decision.status for one in found}
    if "REFUTED" in statuses:
        return exits.INVALID
    return exits.UNKNOWN if "UNDECIDED" in statuses or not found else exits.OK
