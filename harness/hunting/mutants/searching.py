"""A hunt over mutants. First the campaign's runs without any mistake: what they come to, and what they find as it is.
Then each mutant's runs, one after the other in the campaign's order, until one shows it.

A run that does not come to the changed statement is the run without the mistake, so it is not played: it is no try.
Which run shows a mutant depends on plans and seeds alone, not on the number of workers.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from pathlib import Path

from harness.hunting.campaign import Order, PlanText
from harness.hunting.mutants import drawing, worker
from harness.hunting.mutants.equivalents import Equivalents
from harness.hunting.mutants.matrix import Fate
from harness.hunting.mutants.task import Mutant, Play, Played
from harness.hunting.pool import Died, Pool

MOST_RUNS = 250  # of a campaign
_PATIENCE_S = 30.0  # at least; a mutant that computes for ever lets no virtual time pass
_SLOWER = 20  # times the slowest run without a mistake


class CannotMeasure(Exception):
    """The runs without a mutant are no measure; says why, and what to do."""


class MutantHunt:
    """`fates`: of every mutant that was drawn, in that order. `never_reached`: how many more came up that no run of the
    campaign comes to; `no_change`: that are no Python, or whose code is the same as the original's or another's."""

    def __init__(
        self, files: Sequence[Path], chosen: Sequence[PlanText], seeds: Sequence[int], order: Order, root: Path
    ) -> None:
        self._files, self._chosen, self._seeds, self._order, self._root = files, chosen, seeds, order, root
        self.planned = min(MOST_RUNS, len(chosen) * len(seeds))
        self._base: dict[int, Played] = {}
        self._searches: list[_Search] = []
        self.never_reached = self.no_change = 0
        self.interrupted = self.out_of_budget = False

    @property
    def fates(self) -> list[Fate]:
        return [search.fate for search in self._searches]

    @property
    def unsettled(self) -> list[str]:
        """Runs without any mutant that are not VALID: what they find anyway is no news."""
        return [
            f"{self._name(number)}: {', '.join(f'{c} {r}' for c, r in played.signatures) or played.verdict}"
            for number, played in sorted(self._base.items())
            if played.verdict != "VALID"
        ]

    def survey(self, jobs: int) -> Generator[int]:
        """The runs without a mutant; yields how many are done. Raises `CannotMeasure`."""
        watched = tuple(str(file) for file in self._files)
        tasks = (self._play(number, None, watched) for number in range(self.planned))
        pool: Pool[Play, Played] = Pool(worker.play, min(jobs, self.planned), self._order.limit_s)
        with closing(pool.results(tasks)) as results:
            for task, played in results:
                if isinstance(played, Died) or played.refused is not None:
                    why = played.why if isinstance(played, Died) else played.refused
                    raise CannotMeasure(f"{self._name(task.number)} cannot be run as it is: {why}")
                if played.interrupted:
                    raise KeyboardInterrupt
                self._base[task.number] = played
                yield len(self._base)
        if not any(played.reached for played in self._base.values()):
            raise CannotMeasure(
                f"no run imports {' or '.join(watched[:3])}: name files that the topology's programs import, "
                "in the place where they are imported from"
            )

    def draw(self, sample: int | None, equivalents: Equivalents) -> None:
        """Choose `sample` mutants (None: all) that some run comes to. Raises `NotPython`."""
        reached: dict[str, frozenset[int]] = {}
        for played in self._base.values():
            for file, lines in played.reached.items():
                reached[file] = reached.get(file, frozenset()) | frozenset(lines)
        novelty = drawing.Novelty()
        everything = [mutant for file in self._files for mutant in drawing.mutants_of(file)]
        data = {str(file): file.read_bytes() for file in self._files}
        judged = 0
        for mutant in drawing.in_turns(everything, self._root):
            if judged == sample:
                break
            if not drawing.is_reached(mutant, reached):
                self.never_reached += 1
            elif not novelty.is_new(mutant):
                self.no_change += 1
            else:
                search = _Search(mutant, self._reaching(mutant), data[mutant.file])
                self._searches.append(search)
                search.leave_out(equivalents.reason(mutant, data[mutant.file]))
                judged += search.fate.outcome != "equivalent"

    def _reaching(self, mutant: Mutant) -> list[int]:
        return [number for number, played in sorted(self._base.items()) if drawing.is_reached(mutant, _sets(played))]

    def play(self, jobs: int, budget_s: float | None = None) -> Generator[Fate]:
        """Yields a mutant's fate whenever a run of it has ended."""
        slowest_s = max((played.seconds for played in self._base.values()), default=0.0)
        pool: Pool[Play, Played] = Pool(
            worker.play, jobs, max(_PATIENCE_S, _SLOWER * slowest_s), home=lambda task: task.home
        )
        turns = _Turns(self._searches, jobs, None if budget_s is None else time.monotonic() + budget_s)
        try:
            with closing(pool.results(map(self._next, turns))) as results:
                for task, played in results:
                    search = turns.back(task.mutant)
                    if isinstance(played, Played) and played.interrupted:
                        self.interrupted = True
                        continue
                    search.add(task, played, self._base[task.number])
                    turns.resume(search)
                    yield search.fate
        except KeyboardInterrupt:
            self.interrupted = True
        self.out_of_budget = turns.out_of_time

    def _next(self, turn: tuple[_Search, int]) -> Play:
        search, number = turn
        return self._play(number, search.mutant)

    def _name(self, number: int) -> str:
        seed, plan = divmod(number, len(self._chosen))
        return f"{self._chosen[plan].name} seed {self._seeds[seed]}"

    def _play(self, number: int, mutant: Mutant | None, watched: tuple[str, ...] = ()) -> Play:
        seed, plan = divmod(number, len(self._chosen))
        text, order = self._chosen[plan], self._order
        return Play(
            number=number,
            runtime=order.runtime,
            name=text.name,
            text=text.text,
            folder=text.folder,
            seed=self._seeds[seed],
            mutant=mutant,
            watched=watched,
            **order.chosen(),
        )


class _Search:
    """The tries of one mutant, as they are given out and come back."""

    def __init__(self, mutant: Mutant, runs: list[int], data: bytes) -> None:
        self.mutant = mutant
        self._runs = runs
        self.fate = Fate(mutant=mutant, diff=mutant.diff(data), reaching=len(runs))

    @property
    def is_over(self) -> bool:
        return self.fate.outcome != "unfinished"

    @property
    def next_run(self) -> int:
        return self._runs[self.fate.tries]

    def leave_out(self, reason: str | None) -> None:
        if reason is not None:
            self.fate.outcome, self.fate.reason = "equivalent", reason

    def add(self, task: Play, played: Played | Died, base: Played) -> None:
        fate = self.fate
        fate.tries += 1
        if isinstance(played, Died):
            self._of_dead(played)
        else:
            fate.seconds += played.seconds
            fate.differing += played.trace != base.trace
            self._judge(played, base)
        if self.is_over:
            fate.plan, fate.seed, fate.run = task.name, task.seed, task.number + 1
        elif fate.tries == len(self._runs):
            fate.outcome = "survived"

    def _of_dead(self, died: Died) -> None:
        self.fate.outcome = "stall" if died.reason == "overdue" else "crash"
        self.fate.reason, self.fate.message = died.reason, died.why

    def _judge(self, played: Played, base: Played) -> None:
        fate = self.fate
        if news := [signature for signature in played.signatures if signature not in base.signatures]:
            fate.outcome, (fate.check, fate.reason), fate.message = "found", news[0], played.message
        elif played.refused is not None:
            if fate.tries == 1:
                fate.outcome, fate.message = "does-not-start", played.refused
        elif played.stalled is not None and base.stalled is None:
            fate.outcome, fate.reason = "stall", played.stalled
        elif played.ailments and not base.ailments:
            fate.outcome, fate.message = "crash", played.ailments[0].splitlines()[-1]


class _Turns:
    """Which mutant's next run a free worker gets. As many mutants as there are workers are under way, each with one run
    at a time. There may be more after there was none."""

    def __init__(self, searches: Sequence[_Search], jobs: int, until_s: float | None) -> None:
        self._waiting = iter([search for search in searches if not search.is_over])
        self._jobs, self._until_s = jobs, until_s
        self._idle: list[_Search] = []
        self._busy: dict[Mutant, _Search] = {}
        self.out_of_time = False

    def __iter__(self) -> Iterator[tuple[_Search, int]]:
        return self

    def __next__(self) -> tuple[_Search, int]:
        if self._until_s is not None and time.monotonic() >= self._until_s:
            self.out_of_time = True
            raise StopIteration
        search = self._idle.pop() if self._idle else next(self._waiting)
        self._busy[search.mutant] = search
        return search, search.next_run

    def back(self, mutant: Mutant | None) -> _Search:
        assert mutant is not None
        return self._busy.pop(mutant)

    def resume(self, search: _Search) -> None:
        if not search.is_over:
            self._idle.append(search)


def _sets(played: Played) -> dict[str, frozenset[int]]:
    return {file: frozenset(lines) for file, lines in played.reached.items()}
