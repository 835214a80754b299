"""Three answers and one way to add them.

`VALID < UNKNOWN < INVALID`: the worst one wins. A checker that cannot see enough says so (`NOT_JUDGED`
is no verdict and is listed apart); it never says VALID.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Any

import msgspec


class Verdict(StrEnum):
    VALID = "VALID"
    UNKNOWN = "UNKNOWN"
    INVALID = "INVALID"


_RANK = {Verdict.VALID: 0, Verdict.UNKNOWN: 1, Verdict.INVALID: 2}


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """The worst of `verdicts`; nothing at all proves nothing, so no verdicts are UNKNOWN."""
    return max(verdicts, key=_RANK.__getitem__, default=Verdict.UNKNOWN)


class LookedAt(msgspec.Struct, kw_only=True, omit_defaults=True):
    """How much of `what` (`texts`, `observations`) a checker has judged before, during and after the run's faults.

    Without faults everything is `before`.
    """

    what: str
    before: int = 0
    during: int = 0
    after: int = 0

    @property
    def total(self) -> int:
        return self.before + self.during + self.after

    @property
    def since_faults(self) -> int:
        """What was judged from the first fault's begin on."""
        return self.during + self.after


class CheckResult(msgspec.Struct, kw_only=True, omit_defaults=True):
    """What one checker says about one history.

    `reason` is a code of the checker's closed `REASONS` (no ids, no numbers): with `check` it is the
    failure's *signature*. `message` is the story of the first offending op in the words of the guarantee.
    `evidence` are indices of history ops, the smallest set that proves it, in time order; `first` is the
    first offending one. `others` are further reason codes of the same history (first of each kind only).
    `looked_at` says how much was judged; a checker that judged nothing at all is not judged.
    """

    check: str
    verdict: Verdict | None  # None: not judged
    reason: str | None = None
    message: str = ""
    evidence: list[int] = msgspec.field(default_factory=list)
    first: int | None = None
    others: list[str] = msgspec.field(default_factory=list)
    details: dict[str, Any] = msgspec.field(default_factory=dict)
    looked_at: LookedAt | None = None

    @property
    def judged(self) -> bool:
        return self.verdict is not None

    @property
    def signatures(self) -> list[tuple[str, str]]:
        """All (checker, reason) pairs of an INVALID result, the first offending one first."""
        if self.verdict is not Verdict.INVALID or self.reason is None:
            return []
        return [(self.check, r) for r in (self.reason, *self.others)]
