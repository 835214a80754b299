"""Verdicts and signatures, counted: for each plan, over time, and for each signature."""

from __future__ import annotations

from dataclasses import dataclass, field

import msgspec

from harness.serve.looking import Index, Wanted

Signature = tuple[str, str]
GENERATED = "generated-*"  # plans that nobody wrote count as one
MOST_STEPS = 60  # of a trend
_PLAN = f"CASE WHEN plan GLOB '{GENERATED}' THEN '{GENERATED}' ELSE plan END"
_COUNTED = "COUNT(*), SUM(verdict = 'INVALID'), SUM(verdict = 'UNKNOWN'), MIN(started), MAX(started)"


@dataclass(frozen=True)
class Counted:
    """Runs that have `name` in common: a plan, or a night or day."""

    name: str
    runs: int
    invalid: int
    unknown: int
    first: str
    last: str
    is_night: int = 0

    @property
    def valid(self) -> int:
        return self.runs - self.invalid - self.unknown


@dataclass
class Seen:
    """A signature, where and how often it was seen."""

    check: str
    reason: str
    runs: int = 0
    first: str = ""
    last: str = ""
    plans: dict[str, int] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return f"{self.check}/{self.reason}"


def by_plan(index: Index) -> list[Counted]:
    found = index.read(f"SELECT {_PLAN}, {_COUNTED} FROM runs GROUP BY 1 ORDER BY 1")
    return [Counted(*one) for one in found]


def by_time(index: Index, plan: str) -> list[Counted]:
    """The last nights of a plan, oldest first; of runs of no night, days."""
    condition, values = Wanted(plan=plan).filters()
    found = index.read(
        f"SELECT COALESCE(campaign, SUBSTR(started, 1, 10)), {_COUNTED}, campaign IS NOT NULL FROM runs "
        f"WHERE {condition} GROUP BY 1, 7 ORDER BY MIN(started) DESC LIMIT {MOST_STEPS}",
        values,
    )
    return [Counted(*one) for one in reversed(found)]


def seen(index: Index, plan: str = "") -> list[Seen]:
    """Signatures, the last that was seen first. Runs that have the same ones are counted together."""
    condition, values = Wanted(plan=plan).filters()
    found = index.read(
        f"SELECT signatures, {_PLAN}, COUNT(*), MIN(started), MAX(started) FROM runs "
        f"WHERE {condition} AND signatures <> '[]' GROUP BY 1, 2",
        values,
    )
    all_: dict[Signature, Seen] = {}
    for text, where, runs, first, last in found:
        for check, reason in {(check, reason) for check, reason in msgspec.json.decode(text)}:
            one = all_.setdefault((check, reason), Seen(check, reason))
            one.runs += runs
            one.first, one.last = min(one.first or first, first), max(one.last, last)
            one.plans[where] = one.plans.get(where, 0) + runs
    return sorted(all_.values(), key=lambda one: (one.last, one.runs, one.name), reverse=True)
