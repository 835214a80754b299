"""In a worker: one item, and everything that it left, as something that travels.

A worker writes to no store: what a run leaves comes back in one piece, and is stored and counted in one step. So a
night that is killed has every run wholly or not at all, and workers need no file system in common.
"""

from __future__ import annotations

import resource
import tempfile
import time
from pathlib import Path
from typing import Literal

import msgspec

from harness.hunting.ablating import Caught, Search
from harness.hunting.campaign import Task, of_dead, run_task
from harness.hunting.pool import Died
from harness.hunting.tally import RunSummary
from harness.night.items import Item
from harness.runs.keep import DEFAULT_RUNTIME
from harness.store.index import IndexRow, Store
from harness.verdict import Verdict

OUT_OF_MEMORY = ("harness", "out-of-memory")


class Outcome(msgspec.Struct, kw_only=True):
    """What became of an item, as its `kind` says: of a run its summary, of an ablation what noticed it."""

    number: int
    part: str
    kind: Literal["run", "ablation"]
    run: RunSummary | None = None
    caught: Caught | None = None


class Packed(msgspec.Struct, kw_only=True):
    """An outcome, its row of the index, and its files: path in the store → bytes."""

    outcome: Outcome
    row: IndexRow | None = None
    directory: str | None = None
    files: dict[str, bytes] = {}


class _Caught(Store):
    """A store whose index is one row, in memory."""

    row: IndexRow | None = None

    def index(self, row: IndexRow) -> None:
        self.row = row


def work(item: Item) -> Packed:
    """Play it. What goes wrong is an answer, too."""
    if item.task.order.runtime == DEFAULT_RUNTIME:  # elsewhere components are processes, which would inherit it
        _limit_memory(item.memory_bytes)
    if item.policy is not None:
        return Packed(outcome=_outcome(item, caught=_without(item, item.policy)))
    with tempfile.TemporaryDirectory(prefix="jobsync-harness-night-") as folder:
        store = _Caught(Path(folder))
        summary = _run(item.task, store)
        packed = Packed(outcome=_outcome(item, run=summary), row=store.row)
        if summary.directory is not None:
            directory = Path(summary.directory)
            packed.directory = str(directory.relative_to(folder))
            packed.files = {
                str(file.relative_to(folder)): file.read_bytes() for file in directory.rglob("*") if file.is_file()
            }
        return packed


def of_died(item: Item, died: Died) -> Packed:
    """An item whose worker ended without an answer."""
    summary = of_dead(item.task, died)
    if item.policy is not None:
        return Packed(outcome=_outcome(item, caught=Caught(policy=item.policy, reason=died.why)))
    return Packed(outcome=_outcome(item, run=summary))


def _outcome(item: Item, run: RunSummary | None = None, caught: Caught | None = None) -> Outcome:
    kind: Literal["run", "ablation"] = "run" if run is not None else "ablation"
    return Outcome(number=item.number, part=item.part, kind=kind, run=run, caught=caught)


def _run(task: Task, store: Store) -> RunSummary:
    try:
        return run_task(task, store)
    except MemoryError:
        return RunSummary(
            number=task.number,
            plan=task.plan.name,
            seed=task.seed,
            verdict=Verdict.UNKNOWN,
            doubts=[OUT_OF_MEMORY],
            message="it needed more memory than a run may have",
        )


def _without(item: Item, policy: str) -> Caught:
    """Seed by seed, plan by plan, until a run proves that the safeguard is missed."""
    search = Search(policy, item.base)
    search.began_s, nowhere = time.monotonic(), _Caught(Path())
    numbers = range(len(item.texts) * (item.seeds[1] - item.seeds[0]))
    for number in numbers:
        search.given = number + 1
        if search.add(run_task(_lacking(item, number, (*item.base, policy)), nowhere)):
            search.add_of_base(run_task(_lacking(item, number, item.base), nowhere))
        if search.first is not None:
            break
    return search.result(len(item.texts))


def _lacking(item: Item, number: int, lacking: tuple[str, ...]) -> Task:
    seed, plan = divmod(number, len(item.texts))
    order = item.task.order
    order = msgspec.structs.replace(order, without=(*order.without, *lacking))
    return msgspec.structs.replace(
        item.task, number=number, plan=item.texts[plan], seed=item.seeds[0] + seed, order=order
    )


_limited: list[int] = []


def _limit_memory(most_bytes: int) -> None:
    """Of this process, from now on; a run that needs more is UNKNOWN, and the machine goes on."""
    if most_bytes not in _limited:
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (min(most_bytes, hard) if hard >= 0 else most_bytes, hard))
        _limited[:] = [most_bytes]
