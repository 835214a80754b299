"""Tries schedules, keeps the smallest that failed in the wanted way, and stops when enough were tried."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable

import msgspec

from harness.runs.run import execute
from harness.runtimes import Runtime
from harness.schedule import CheckSpec, Schedule, encode_schedule
from harness.shrink.clues import Clue, clues

RUNS = 2000  # at most, unless the user says otherwise


class Wanted(msgspec.Struct, frozen=True):
    """The signature that every candidate must have."""

    check: str
    reason: str

    def __str__(self) -> str:
        return f"{self.check}/{self.reason}"


class Spent(Exception):
    """As many runs as were allowed, or the time is over."""


class Seen(msgspec.Struct, frozen=True):
    """What a run showed to the checkers that judged it."""

    judged: frozenset[str]
    clues: dict[tuple[str, str], Clue]


class Tries:
    """What was tried for one kind of failure of a run is known when its other kinds' turn comes: a run shows them
    all, and each begins with the smallest schedule that showed it. `kinds`: those that are going to be looked for."""

    def __init__(self, kinds: Iterable[Wanted] = ()) -> None:
        self._kinds = {(kind.check, kind.reason) for kind in kinds}
        self._known: dict[bytes, Seen] = {}
        self._least: dict[tuple[str, str], Schedule] = {}

    def judges(self, wanted: Wanted) -> list[str]:
        """Whoever does not judge costs nothing: all checkers together cost as much as the run."""
        return sorted({wanted.check} | {check for check, _ in self._kinds})

    def done(self, wanted: Wanted) -> None:
        self._kinds.discard((wanted.check, wanted.reason))

    def least(self, wanted: Wanted) -> Schedule | None:
        return self._least.get((wanted.check, wanted.reason))

    def known(self, candidate: Schedule, wanted: Wanted) -> Seen | None:
        seen = self._known.get(_key(candidate))
        return seen if seen is not None and wanted.check in seen.judged else None

    def add(self, candidate: Schedule, seen: Seen) -> None:
        self._known[_key(candidate)] = seen
        for signature in seen.clues:
            least = self._least.get(signature)
            if least is None or _effort(candidate) < _effort(least):
                self._least[signature] = candidate


class Search:
    """`best` is the last candidate that was taken, `clue` what its failure told. Equal candidates are run once; `note`
    hears of every run, and none begins when `is_over`."""

    def __init__(
        self,
        schedule: Schedule,
        wanted: Wanted,
        runtime: Runtime,
        most_runs: int = RUNS,
        note: Callable[[int], None] = lambda runs: None,
        is_over: Callable[[], bool] = lambda: False,
        tries: Tries | None = None,
    ) -> None:
        self.best, self.wanted, self.runs, self.is_over = schedule, wanted, 0, is_over
        self.clue = Clue()
        self._runtime, self._most, self._note = runtime, most_runs, note
        self._tries = Tries() if tries is None else tries

    def takes(self, candidate: Schedule) -> bool:
        """Does it break the wanted guarantee for the wanted reason? Then it is the best from now on. Raises `Spent`."""
        seen = self._tries.known(candidate, self.wanted)
        if seen is None:
            if self.runs >= self._most or self.is_over():
                raise Spent
            self.runs += 1
            self._note(self.runs)
            seen = self._play(candidate)
            self._tries.add(candidate, seen)
        clue = seen.clues.get((self.wanted.check, self.wanted.reason))
        if clue is not None:
            self.best, self.clue = candidate, clue
        return clue is not None

    def _play(self, candidate: Schedule) -> Seen:
        judges = self._tries.judges(self.wanted)
        specs = [spec for spec in candidate.checks if spec.check in judges]
        specs += [CheckSpec(check=name) for name in judges if all(spec.check != name for spec in specs)]
        result = execute(msgspec.structs.replace(candidate, checks=specs), self._runtime)
        if result.interrupted:
            raise KeyboardInterrupt
        return Seen(frozenset(judges), clues(result.results, result.history))


def size(schedule: Schedule) -> tuple[int, int]:
    """What makes a schedule smaller than another: fewer faults, then fewer calls."""
    return len(schedule.faults), len(schedule.steps)


def _effort(schedule: Schedule) -> tuple[int, int]:
    return len(schedule.faults) + len(schedule.steps), schedule.duration_ns


def _key(candidate: Schedule) -> bytes:
    return hashlib.blake2b(encode_schedule(candidate), digest_size=16).digest()
