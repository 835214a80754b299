"""Failures that are known: what they look like, why they are still there, who takes care, and until when.

A new failure with an old reason is new: a known one is told by the shape of its smallest plan (`night.kinds`), too. One
that could not be shrunk says `shape: null`, and is known wherever its pattern of plans fits. After `until` it is red.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from faults import Words
from harness import registry
from harness.night.ledger import Least
from harness.plan.text.errors import PlanError, Source, did_you_mean, one_a_place, raise_errors
from harness.plan.text.files import shown, text_of
from harness.plan.text.salvage import salvage
from harness.plan.text.source import read_with_errors
from harness.registry import close_matches


def _day(value: Any) -> Any:
    if isinstance(value, str):
        try:
            return date.fromisoformat(value)
        except ValueError:
            raise ValueError("expected a day such as 2027-01-31") from None
    return value


Day = Annotated[date, BeforeValidator(_day)]


class KnownWords(Words):
    """One failure. `plan` is a name or a pattern of the plans in which it may be seen."""

    check: str
    reason: str
    shape: str | None
    plan: str = "*"
    why: str = Field(min_length=1, max_length=1000)
    owner: str = Field(min_length=1, max_length=200)
    until: Day
    link: str | None = Field(None, max_length=500)


class KnownFile(Words):
    """The file that a night's `known` names."""

    version: Literal[1]
    failures: list[KnownWords] = Field(default=[], max_length=1000)


@dataclass(frozen=True)
class Known:
    """All known failures. `none` knows nothing."""

    failures: tuple[KnownWords, ...] = ()
    file: str = ""

    def of(self, found: Least, plan: str) -> KnownWords | None:
        """The entry that means this failure."""
        return next((one for one in self.failures if _means(one, found, plan)), None)


def read(path: Path) -> Known:
    """Raises `PlanErrors` with all that is wrong, each at its place."""
    document, errors = read_with_errors(Source(shown(path), text_of(path)))
    salvaged = salvage(document, KnownFile)
    errors = [*errors, *salvaged.errors]
    words = salvaged.words
    for at, one in enumerate(words.failures if words is not None else ()):
        place = ("failures", at)
        checkers = registry.names("checker")
        if one.check not in checkers:
            hint = did_you_mean(close_matches(one.check, checkers))
            errors.append(PlanError(document.value((*place, "check")), f"unknown checker {one.check!r}", hint))
        elif one.reason not in (reasons := list(registry.find("checker", one.check).REASONS)):
            said = f"{one.check} has no reason {one.reason!r}"
            hint = did_you_mean(close_matches(one.reason, reasons))
            errors.append(PlanError(document.value((*place, "reason")), said, hint))
    raise_errors(one_a_place(errors))
    return Known(tuple(words.failures) if words is not None else (), shown(path))


def entry(found: Least, plan: str) -> str:
    """What to put into the file, to be filled in."""
    shape = json.dumps(found.shape, ensure_ascii=False)  # which YAML reads alike
    return (
        f"- check: {found.check}\n  reason: {found.reason}\n  shape: {shape}\n  plan: {plan}\n"
        "  why: …\n  owner: …\n  until: YYYY-MM-DD\n"
    )


def _means(one: KnownWords, found: Least, plan: str) -> bool:
    return (one.check, one.reason, one.shape) == (found.check, found.reason, found.shape) and fnmatchcase(
        plan, one.plan
    )
