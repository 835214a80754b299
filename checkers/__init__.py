"""One file per checker: history in, verdict out.

A file `checkers/NAME.py` defines `CHECKER`, an object with the attributes of `Checker`. It imports only
`checkers`, `harness.history` and `harness.verdict`. All judges of a run see the history in **one** pass:
`begin` is called once, then `feed` for every op whose `f` is in `FEEDS` (or for all ops, when it is None), in time
order, then `finish`. A judge never raises on a hostile history; one that does is reported UNKNOWN with its traceback.

Optional powers are optional protocols: `SeesTaps` (wire taps), `ReadsLedger` (commits folded and observations decoded
once for all judges of the pass), `WeighsOthers` (judges what all others had to judge), `Settles` (says when a run has
converged).

A judge counts what it looks at (`checkers.past.phases.Counted`); one that found nothing wrong in nothing at all has not
judged, and says so.

May use: `checkers/duties/clients`, `checkers/duties/desktops`, `checkers/duties/mobiles`, `checkers/duties/relays`,
`checkers/past`, `checkers/traffic`, `checkers/words`, `harness`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import IntEnum
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from harness.history import Header, Op, Tap
from harness.verdict import CheckResult

if TYPE_CHECKING:
    from checkers.past.ledger import Ledger


Hears = Mapping[str, tuple[str, ...]]  # side → beginnings of types


class Level(IntEnum):
    """How much of itself a node shows: L0 its state, L1 commits and observations, L2 causes and internals."""

    L0 = 0
    L1 = 1
    L2 = 2


class Judge(Protocol):
    """One checker at work on one history."""

    def feed(self, op: Op) -> None: ...

    def finish(self) -> CheckResult: ...


@runtime_checkable
class SeesTaps(Protocol):
    """A judge that also reads the wire: called for every tap, in time order, before the first `feed`.

    One that reads only some says which by an attribute `HEARS`: for each side (`in`, `out`) the beginnings of their
    types, as in `{"in": ("job:", "registered")}`. It is called for no other.
    """

    def tap(self, tap: Tap) -> None: ...


@runtime_checkable
class ReadsLedger(Protocol):
    """A judge that shares the pass's ledger: called once, before the first tap.

    When an op is fed to judges, the ledger has seen every op up to it, and itself. What desktops say of the messages
    that they send (`ledger.emitted`) it knows from the beginning.
    """

    def reads(self, ledger: Ledger) -> None: ...


@runtime_checkable
class WeighsOthers(Protocol):
    """A judge that finishes when all others of the pass have, and is shown what they found."""

    def weigh(self, results: Sequence[CheckResult]) -> None: ...


class Checker(Protocol):
    NAME: str  # as users write it, equal to the file's name with `-` for `_`
    GUARANTEE: str  # one sentence, in the words of the report
    NEEDS: Level
    FEEDS: frozenset[str] | None
    REASONS: Mapping[str, str]  # reason code → what it means, one sentence
    EXAMPLE: str  # its parameters as a plan writes them, e.g. "convergence" or "{check: staleness, within: 2s}"
    ANOMALY: str  # a history in the tiny language (checkers.notation) that it finds INVALID, as EXAMPLE asks it
    INNOCENT: str  # the twin of ANOMALY that it finds VALID

    def begin(self, header: Header, params: Mapping[str, Any]) -> Judge:
        """A plan is asked beforehand, with an empty header: raises `ValueError` for a parameter that means nothing."""
        ...


@runtime_checkable
class Settles(Protocol):
    """A checker that can tell from the nodes' states that nothing is left to wait for."""

    def settled(self, header: Header, states: Mapping[str, Any]) -> bool: ...
