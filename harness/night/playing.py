"""A night, or a shard of it, from its first run to its last, within its budget."""

from __future__ import annotations

import hashlib
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import TypeVar

import msgspec

from harness import report
from harness.history import HistoryError
from harness.hunting.pool import Died
from harness.night import kinds
from harness.night.again import Again, where_it_parts
from harness.night.again import play as play_again
from harness.night.executors import Executor
from harness.night.items import PHASES, Item, Items, Phase, Shard
from harness.night.ledger import About, Least, Ledger
from harness.night.pruning import prune
from harness.night.words import Night
from harness.night.work import Outcome, Packed, of_died, work
from harness.store import StoreProblem

Kind = tuple[str, str]
T = TypeVar("T")
_SHARES = {"simulated": 0.6, "ablations": 0.15, "real": 0.15, "after": 0.1}  # of the budget, of what there is
_MOST_OF_A_KIND = 3  # runs of one kind and plan, not VALID, whose files are kept
_MOST_OF_GENERATED = 12  # each plan is another: they are told apart by what they shrink to
_LOOKING_LIMIT_S = 3600.0


class Playing:
    """`about` says how far it is. `tell` hears of each outcome."""

    def __init__(
        self,
        night: Night,
        items: Items,
        ledger: Ledger,
        *,
        name: str,
        shard: Shard,
        jobs: int,
        about: About,
        tell: Callable[[Outcome], None] = lambda outcome: None,
        note: Callable[[str], None] = lambda line: None,
    ) -> None:
        self._night, self._items, self._ledger = night, items, ledger
        self._name, self._shard, self._jobs = name, shard, jobs
        self.about = about
        self._tell, self._note = tell, note
        self._began_s = time.monotonic()
        self._kept: Counter[tuple[str, Kind]] = Counter()

    def play(self, executor: Executor) -> None:
        """Ctrl-C ends it, wherever it comes: what was done is in the ledger. Raises `StoreProblem`."""
        for _, outcome in self._ledger.outcomes(self._name):
            self._count_files(outcome)
        try:
            for phase in PHASES:
                self._phase(phase, executor)
            self._again(executor)
            self._repeat(executor)
            self._look(executor)
        except KeyboardInterrupt:
            self.about.interrupted = True
        self.about.seconds = round(time.monotonic() - self._began_s, 1)

    # ---- runs -------------------------------------------------------------------------------------------------------

    def _phase(self, phase: Phase, executor: Executor) -> None:
        done = self._ledger.done(self._name)
        items = self._within(phase, self._items.of(phase, self._shard, done))
        jobs = self._items.jobs(phase, self._jobs)
        limit_s = self._night.words.limits.run / 1e9 * (6 if phase == "ablations" else 1)
        with closing(executor.results(work, items, jobs, limit_s)) as results:
            for item, answer in results:
                packed = of_died(item, answer) if isinstance(answer, Died) else answer
                if packed.outcome.run is not None and packed.outcome.run.interrupted:
                    continue
                self._take(packed)

    def _take(self, packed: Packed) -> None:
        outcome = self._ledger.add(self._name, packed)
        directory = outcome.run.directory if outcome.run is not None else None
        if directory is not None:
            with suppress(HistoryError, StoreProblem):
                report.write(Path(directory))  # it tells where it lies
        self._count_files(outcome)
        self._tell(outcome)

    def _within(self, phase: Phase, items: Iterator[Item]) -> Iterator[Item]:
        until_s = self._until_s(phase)
        for item in items:
            if until_s is not None and time.monotonic() >= until_s:
                self.about.out_of_budget = True
                return
            yield self._knowing(item)

    def _knowing(self, item: Item) -> Item:
        """It knows of which failures files are kept often enough."""
        most = _MOST_OF_GENERATED if item.task.maps else _MOST_OF_A_KIND
        place = _place(item.part, item.task.plan.name, item.task.maps)
        enough = frozenset(kind for (where, kind), n in self._kept.items() if where == place and n >= most)
        return msgspec.structs.replace(item, task=msgspec.structs.replace(item.task, enough=enough))

    def _count_files(self, outcome: Outcome) -> None:
        run = outcome.run
        if run is not None and run.directory is not None:
            place = _place(outcome.part, run.plan, run.plan.startswith("generated-"))
            self._kept.update((place, kind) for kind in run.kinds)

    # ---- afterwards -------------------------------------------------------------------------------------------------

    def _again(self, executor: Executor) -> None:
        """A share of the simulated runs once more: in other processes, with other hash seeds."""
        share = self._night.words.again
        traces = {
            outcome.number: outcome.run.trace_hash
            for _, outcome in self._ledger.outcomes(self._name)
            if outcome.run is not None
            and outcome.run.trace_hash is not None
            and _drawn(self._name, outcome.number) < share
        }
        wanted = (
            Again(number=item.number, task=item.task, trace=traces[item.number])
            for item in self._items.of("simulated", self._shard, only=traces)
        )
        tasks = self._while_time("after", wanted, 0.3)
        with closing(executor.results(play_again, tasks, self._jobs, _LOOKING_LIMIT_S)) as results:
            for one, trace in results:
                self.about.again += 1
                if trace != one.trace:
                    self.about.apart.append(where_it_parts(one, None if isinstance(trace, Died) else trace))

    def _repeat(self, executor: Executor) -> None:
        """Failing runs on real sockets once more with the same seed: does it fail so again?"""
        failed = {
            outcome.number: (run, outcome.run)
            for run, outcome in self._ledger.outcomes(self._name)
            if run is not None and outcome.run is not None and outcome.run.signatures
        }
        items = self._items.of("real", self._shard, only=failed)
        tasks = (
            msgspec.structs.replace(
                item,
                task=msgspec.structs.replace(item.task, order=msgspec.structs.replace(item.task.order, keep="none")),
            )
            for item in self._while_time("after", items, 0.6)
        )
        with closing(executor.results(work, tasks, 1, self._night.words.limits.run / 1e9)) as results:
            for item, packed in results:
                run, summary = failed[item.number]
                second = None if isinstance(packed, Died) else packed.outcome.run
                for check, reason in summary.signatures:
                    again = second is not None and (check, reason) in second.signatures
                    self._ledger.add_kind(
                        self._name,
                        Least(check=check, reason=reason, run=run, message=summary.message, repeated=again),
                    )

    def _look(self, executor: Executor) -> None:
        """The smallest plan of each failure that was kept."""
        known = {(one.run, one.check, one.reason): one for one in self._ledger.kinds(self._name)}
        wanted = []
        for run, outcome in self._ledger.outcomes(self._name):
            directory = outcome.run.directory if outcome.run is not None and outcome.run.signatures else None
            if run is None or directory is None:
                continue
            try:
                wanted += kinds.failing(Path(directory), self._wall_until_s())
            except HistoryError as exc:
                self.about.problems.append(str(exc))
        left = [one for one in wanted if not _is_looked_for(known.get((one.run, one.check, one.reason)))]
        with closing(executor.results(kinds.look, iter(left), self._jobs, _LOOKING_LIMIT_S)) as results:
            for one, answer in results:
                least = kinds.of_died(one, answer) if isinstance(answer, Died) else answer
                before = known.get((one.run, one.check, one.reason))
                least.repeated = before.repeated if before is not None else None
                self._ledger.add_kind(self._name, least)
                self.about.out_of_budget |= least.why == kinds.NO_TIME
                self._note(f"looked for the smallest plan: {one.check} {one.reason}")

    def end(self, ended: str) -> None:
        """The last word: bounds of the disk, and that it is over."""
        spare = {
            Path(outcome.run.directory)
            for _, outcome in self._ledger.outcomes(self._name)
            if outcome.run is not None and outcome.run.directory is not None and outcome.run.signatures
        }
        pruned = prune(self._ledger.store, self._night.words.keep.most, spare)
        if pruned.still_over_bytes:
            self.about.problems.append(
                f"the store holds {pruned.still_over_bytes} bytes more than `keep: most` allows: "
                "all that is left is this night's failures"
            )
        if not self.about.interrupted:
            self.about.ended = ended
        self._ledger.update(self._name, self._shard, self.about)

    # ---- time -------------------------------------------------------------------------------------------------------

    def _until_s(self, part: str) -> float | None:
        """Until when this part of the night may begin something, on the monotonic clock. What is not needed is left to
        what comes after."""
        budget = self._night.words.budget
        if budget is None:
            return None
        there = [name for name in _SHARES if name == "after" or self._items.planned(_as_phase(name), self._shard)]
        shares = sum(_SHARES[name] for name in there)
        upto = sum(_SHARES[name] for name in there[: there.index(part) + 1]) if part in there else 0.0
        return self._began_s + budget / 1e9 * upto / shares

    def _wall_until_s(self) -> float | None:
        until_s = self._until_s("after")
        return None if until_s is None else time.time() + until_s - time.monotonic()

    def _while_time(self, part: str, wanted: Iterable[T], share: float) -> Iterator[T]:
        """As many as there is time for: the rest of the budget up to the end of `part`, but for its last `share`."""
        end_s = self._until_s(part)
        until_s = None if end_s is None else end_s - share * max(0.0, end_s - time.monotonic())
        for one in wanted:
            if until_s is not None and time.monotonic() >= until_s:
                self.about.out_of_budget = True
                return
            yield one


def _as_phase(name: str) -> Phase:
    return next(phase for phase in PHASES if phase == name)


def _place(part: str, plan: str, generated: bool) -> str:
    return part if generated else f"{part} {plan}"


def _drawn(night: str, number: int) -> float:
    """From 0 to 1, by the night and the number alone: any shard draws alike."""
    return int.from_bytes(hashlib.sha256(f"{night} {number}".encode()).digest()[:6], "big") / 2**48


def _is_looked_for(found: Least | None) -> bool:
    return found is not None and (found.shape is not None or bool(found.why))
