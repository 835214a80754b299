"""A run in words: the sentences that the terminal, `summary.md` and the page share."""

from __future__ import annotations

import re
from collections.abc import Iterable

from harness import registry, rundir
from harness.report.textdiff import TextPair, compare
from harness.rundir import RunRecord
from harness.verdict import CheckResult, Verdict


def system(record: RunRecord) -> str:
    """`documented, in the sim runtime`."""
    name = rundir.profile_name(record.profile, record.with_, record.without)
    return f"{name} · {record.runtime}"


def first_failure(results: Iterable[CheckResult]) -> CheckResult | None:
    """The result to tell first: INVALID before UNKNOWN, one that can show both texts before others, the earliest op."""
    failed = [r for r in results if r.verdict in (Verdict.INVALID, Verdict.UNKNOWN)]
    return min(failed, key=_interest, default=None)


def in_order(results: Iterable[CheckResult]) -> list[CheckResult]:
    """All results as a table shows them: the failures first, what was not judged last."""
    rank = {Verdict.INVALID: 0, Verdict.UNKNOWN: 1, Verdict.VALID: 2, None: 3}
    return sorted(results, key=lambda r: (rank[r.verdict], _interest(r) if rank[r.verdict] < 2 else ()))


def _interest(result: CheckResult) -> tuple[bool, bool, bool, int]:
    has_texts = text_pair(result) is not None
    first = result.first if result.first is not None else 1 << 62
    return (result.verdict is not Verdict.INVALID, not has_texts, "story" not in result.details, first)


def sentences(result: CheckResult) -> list[str]:
    """The operations that did it, one sentence each, in time order."""
    story = result.details.get("story")
    if not isinstance(story, list):
        return []
    return [str(part["what"]) for part in story if isinstance(part, dict) and part.get("what")]


def text_pair(result: CheckResult) -> TextPair | None:
    """Both texts of a failure that is about text."""
    expected, shown = result.details.get("expected_text"), result.details.get("shown_text")
    if not isinstance(expected, str) or not isinstance(shown, str):
        return None
    pair = compare(expected, shown)
    return None if pair.equal else pair


def guarantee(check: str) -> str:
    """What a checker guards, in its own words; empty for one that is not (or no longer) there."""
    try:
        return str(registry.find("checker", check).GUARANTEE)
    except registry.UnknownName:
        return "The run itself came about as it should." if check == "runtime" else ""


def reason(check: str, code: str | None) -> str:
    """What a reason code means, in one sentence."""
    if code is None:
        return ""
    try:
        return str(registry.find("checker", check).REASONS.get(code, ""))
    except registry.UnknownName:
        return ""


def seconds(ns: float) -> str:
    """A time of the run: `12.345 s`."""
    return f"{ns / 1e9:.3f} s"


def count(n: int, what: str) -> str:
    return f"{n:,} {what}" if n == 1 else f"{n:,} {what}s"


def effect(counts: dict[str, int]) -> str:
    """What a fault measurably did: `duplicated 12, copies 12`."""
    told = [f"{name.replace('_', ' ')} {n:,}" for name, n in counts.items() if n]
    return ", ".join(told) or "nothing"


def shorter_ids(text: str, names: dict[str, str]) -> str:
    """UUIDs of devices and users by the names the topology gives them."""
    return re.sub(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", lambda m: names.get(m[0], m[0]), text)
