"""What the user asked for and the desktop has not shown yet: laid over what is shown, outside its revisions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from targets.mobile.board import Board
from targets.mobile.calls import Calls
from targets.mobile.model import Note
from targets.mobile.policies_options import APART, OPTIMISM, ROLL_BACK, UNTIL_SHOWN
from targets.protocol import is_terminal

WISHES = {"job.cancel": "cancel", "job.delete": "delete"}


@dataclass(slots=True)
class Wish:
    """One call for one job. `confirmed`: the desktop says that it was done."""

    job: str
    f: str
    confirmed: bool = False


class Overlay:
    """`wishes`: by the correlation ids of their calls."""

    def __init__(self, calls: Calls, board: Board) -> None:
        self._calls, self._board, policies = calls, board, calls.policies
        self._on, self._apart = policies[OPTIMISM].on, policies[APART]
        self._roll_back, self._until_shown = policies[ROLL_BACK], policies[UNTIL_SHOWN]
        self.wishes: dict[str, Wish] = {}

    def state(self) -> dict[str, str]:
        """Job → what it is shown as: canceled, or deleted."""
        said = {"cancel": "canceled", "delete": "deleted"}
        return {wish.job: said[wish.f] for wish in self.wishes.values() if wish.job in self._board.jobs}

    def wish(self, corr: str, method: str, params: Mapping[str, Any]) -> None:
        """A call begins. It is shown at once, when there is something to show."""
        f, job = WISHES.get(method), str(params.get("jobId"))
        if not self._on or f is None or job not in self._board.jobs or self._shows(job, f):
            return
        self.wishes[corr] = Wish(job, f)
        self._note(corr, "begin")
        if not self._apart:
            self._board.pretend(job, f)

    def answered(self, corr: str, done: bool) -> None:
        wish = self.wishes.get(corr)
        if wish is None:
            return
        if not done:
            if self._roll_back:
                self._end(corr, "rolled-back")
            return
        wish.confirmed = True
        self._note(corr, "confirmed")
        if not self._until_shown:
            self._end(corr, "settled")

    def settle(self) -> None:
        """Something may have changed: wishes that came true and are shown are over."""
        for corr in [c for c, wish in self.wishes.items() if wish.confirmed and self._shows(wish.job, wish.f)]:
            self._end(corr, "settled")

    def _shows(self, job: str, f: str) -> bool:
        """Does the job itself show it?"""
        held = self._board.jobs.get(job)
        return held is None or (f == "cancel" and is_terminal(held.row.get("status")))

    def _end(self, corr: str, phase: str) -> None:
        self._note(corr, phase)
        del self.wishes[corr]

    def _note(self, corr: str, phase: str) -> None:
        wish = self.wishes[corr]
        self._calls.out.append(Note("pending", {"corr": corr, "job": wish.job, "f": wish.f, "phase": phase}))
