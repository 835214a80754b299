"""A night beside those before it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import msgspec

from harness.night.ledger import Least, Ledger
from harness.verdict import Verdict


class Earlier(msgspec.Struct, kw_only=True):
    """A night as one row of the trend."""

    night: str
    runs: int
    invalid: int
    unknown: int
    kinds: int
    new: int
    gone: int


class History:
    """The nights before, from the same store."""

    def __init__(self, ledger: Ledger, night: str, begun: str) -> None:
        self.rows: list[Earlier] = []
        self.last: set[str] = set()
        self._seen: dict[str, str] = {}  # name of a failure → the last night in which it was seen
        for earlier in dict.fromkeys(one.night for one in ledger.nights() if one.begun < begun and one.night != night):
            self._add(ledger, earlier)

    def last_seen(self, name: str) -> str | None:
        return self._seen.get(name)

    def row(self, night: str, runs: int, invalid: int, unknown: int, names: set[str]) -> Earlier:
        new, gone = len(names - self._seen.keys()), len(self.last - names)
        return Earlier(night=night, runs=runs, invalid=invalid, unknown=unknown, kinds=len(names), new=new, gone=gone)

    def _add(self, ledger: Ledger, night: str) -> None:
        verdicts: Counter[Verdict] = Counter(
            outcome.run.verdict for _, outcome in ledger.outcomes(night) if outcome.run is not None
        )
        looked = ledger.kinds(night)
        names = {name_of(least) for least in looked} | _unlooked(ledger, night, looked)
        invalid, unknown = verdicts[Verdict.INVALID], verdicts[Verdict.UNKNOWN]
        self.rows.append(self.row(night, verdicts.total(), invalid, unknown, names))
        self.last = names
        self._seen |= dict.fromkeys(names, night)


def _unlooked(ledger: Ledger, night: str, looked: Iterable[Least]) -> set[str]:
    """Failures for whose smallest plan nobody had the time to look."""
    known = {(least.check, least.reason) for least in looked}
    kinds = {
        kind for _, outcome in ledger.outcomes(night) if outcome.run is not None for kind in outcome.run.signatures
    }
    return {name_of(Least(check=check, reason=reason, run="")) for check, reason in kinds - known}


def name_of(least: Least) -> str:
    """What a failure is called when nights are compared."""
    return f"{least.check}/{least.reason}: {least.shape or 'not shrunk'}"
