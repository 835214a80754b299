"""All that checkers found, one after the other: of every failed result its first finding, and those it tells beside.

Each is a result of its own, as if it were the only one: whatever tells or draws a result can tell and draw it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from harness.report.told import words
from harness.verdict import CheckResult, Verdict

MOST = 20
_FAILED = (Verdict.INVALID, Verdict.UNKNOWN)


def findings(results: Iterable[CheckResult]) -> list[CheckResult]:
    """The one to tell first, then what else its checker found, then the other checkers'. At most `MOST`: the first of
    each checker before a second of any."""
    failed = [r for r in results if r.verdict in _FAILED]
    main = words.first_failure(failed)
    ordered = [r for r in [main, *(r for r in words.in_order(failed) if r is not main)] if r is not None]
    groups = [[result, *_further(result)] for result in ordered]
    depth = max((len(group) for group in groups), default=0)
    turns = [(at, place) for at in range(depth) for place, group in enumerate(groups) if at < len(group)]
    kept = sorted((place, at) for at, place in turns[:MOST])
    return [groups[place][at] for place, at in kept]


def left_out(results: Iterable[CheckResult], shown: int) -> int:
    """How many findings are only counted."""
    total = 0
    for result in results:
        if result.verdict in _FAILED:
            count = result.details.get("count")
            total += count if isinstance(count, int) and count > 0 else 1
    return max(0, total - shown)


def _further(result: CheckResult) -> list[CheckResult]:
    told = result.details.get("further")
    entries = [entry for entry in told if isinstance(entry, dict)] if isinstance(told, list) else []
    return [_as_result(result, entry) for entry in entries]


def _as_result(result: CheckResult, entry: dict[str, Any]) -> CheckResult:
    own = ("reason", "message", "evidence", "first")
    evidence, first = entry.get("evidence"), entry.get("first")
    return msgspec.structs.replace(
        result,
        reason=str(entry.get("reason")),
        message=str(entry.get("message") or ""),
        evidence=[i for i in evidence if isinstance(i, int)] if isinstance(evidence, list) else [],
        first=first if isinstance(first, int) else None,
        others=[],
        details={name: value for name, value in entry.items() if name not in own},
    )
