"""Tries schedules, keeps the smallest that failed in the wanted way, and stops when enough were tried."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import msgspec

from harness.runs.run import execute
from harness.runtimes import Runtime
from harness.schedule import CheckSpec, Schedule, encode_schedule

RUNS = 2000  # at most, unless the user says otherwise


class Wanted(msgspec.Struct, frozen=True):
    """The signature that every candidate must have."""

    check: str
    reason: str

    def __str__(self) -> str:
        return f"{self.check}/{self.reason}"


class Spent(Exception):
    """As many runs as were allowed, or the time is over."""


class Search:
    """`best` is the last candidate that was taken. Equal candidates are run once; `note` hears of every run, and
    none begins when `is_over`."""

    def __init__(
        self,
        schedule: Schedule,
        wanted: Wanted,
        runtime: Runtime,
        most_runs: int = RUNS,
        note: Callable[[int], None] = lambda runs: None,
        is_over: Callable[[], bool] = lambda: False,
    ) -> None:
        self.best, self.wanted, self.runs, self.is_over = schedule, wanted, 0, is_over
        self._runtime, self._most, self._note = runtime, most_runs, note
        self._known: dict[bytes, bool] = {}

    def takes(self, candidate: Schedule) -> bool:
        """Does it break the wanted guarantee for the wanted reason? Then it is the best from now on. Raises `Spent`."""
        key = hashlib.blake2b(encode_schedule(candidate), digest_size=16).digest()
        if key not in self._known:
            if self.runs >= self._most or self.is_over():
                raise Spent
            self.runs += 1
            self._note(self.runs)
            self._known[key] = self._fails(candidate)
        if self._known[key]:
            self.best = candidate
        return self._known[key]

    def _fails(self, candidate: Schedule) -> bool:
        """Only the wanted checker judges: the others cost as much as the run."""
        specs = [c for c in candidate.checks if c.check == self.wanted.check]
        judged = msgspec.structs.replace(candidate, checks=specs or [CheckSpec(check=self.wanted.check)])
        result = execute(judged, self._runtime)
        if result.interrupted:
            raise KeyboardInterrupt
        return (self.wanted.check, self.wanted.reason) in result.signatures
