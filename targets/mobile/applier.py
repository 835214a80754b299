"""One event, applied to the job it is about."""

from __future__ import annotations

from enum import Enum

from targets.mobile.board import Board
from targets.mobile.model import Event, Held
from targets.mobile.policies import CHANGES, FINAL
from targets.mobile.policies_stream import ATTEMPT, OFFSET, UNIT, Place
from targets.policy import Policies
from targets.protocol import CREATED, DELETED, FINALIZED, RESPONSE_APPENDED


class Applied(Enum):
    YES = "yes"
    NO = "no"  # nothing was to be done
    REFRESH = "refresh"  # it does not fit what is held: fetch the job


class Applier:
    def __init__(self, board: Board, policies: Policies) -> None:
        self._board = board
        self._unit, self._tracking = policies[UNIT], policies[OFFSET]
        self._attempts, self._changes, self._final = policies[ATTEMPT], policies[CHANGES], policies[FINAL]

    def apply(self, event: Event) -> Applied:
        if event.type == CREATED:
            return self._created(event)
        if event.type == DELETED:
            self._board.remove(event.job, event.rev, event.cause)
            return Applied.YES
        if self._changes.reads_snapshots and event.snapshot is not None:
            self._board.install({**event.snapshot, "sync": event.payload.get("sync")}, event.cause)
            return Applied.YES
        held = self._board.jobs.get(event.job)
        return Applied.NO if held is None else self._granular(event, held)

    def _granular(self, event: Event, held: Held) -> Applied:
        if event.type == RESPONSE_APPENDED:
            return self._appended(event, held)
        if event.type == FINALIZED:
            return self._finalized(event, held)
        self._board.patch(event, held, self._changes.of(event, held))
        return Applied.YES

    def _created(self, event: Event) -> Applied:
        row = event.row
        if row is None or row.get("id") != event.job:
            return Applied.NO
        self._board.install({**row, "sync": event.payload.get("sync", row.get("sync"))}, event.cause)
        return Applied.YES

    def _appended(self, event: Event, held: Held) -> Applied:
        place = self._attempts.place(event, held)
        if place is Place.APPEND:
            place = self._tracking.place(event, held, self._unit, self._board.trackers)
        if place is Place.APPEND:
            self._board.append(event, held, self._changes.of(event, held))
            return Applied.YES
        return Applied.REFRESH if place is Place.REFRESH else Applied.NO

    def _finalized(self, event: Event, held: Held) -> Applied:
        """Document, "Memory Cleanup": the tracker goes, and is set again when the event carries the whole response."""
        if not self._final.complete(event, held):
            return Applied.REFRESH
        self._board.trackers.pop(event.job, None)
        self._board.patch(event, held, self._changes.of(event, held))
        return Applied.YES
