"""One run with its files: execute a schedule, write its directory and its row of the index.

Disk trouble after the verdict is known never loses the verdict: it comes back in `Kept.problem`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import msgspec

from harness import report
from harness.history import gzip_deterministic
from harness.runs.run import RunResult, execute
from harness.runtimes import Runtime
from harness.schedule import Schedule
from harness.store import StoreProblem, rundir
from harness.store.index import Store, new_run_id, write_atomically
from harness.store.rundir import RunRecord
from harness.verdict import Verdict

Keep = Literal["all", "failed", "none"]
DEFAULT_RUNTIME = "sim"


class Kept(msgspec.Struct, kw_only=True):
    """A run that is over. `directory` is None when it was not kept; `problem` is why its files are not all there."""

    record: RunRecord
    result: RunResult
    directory: Path | None = None
    problem: str | None = None

    @property
    def failed(self) -> bool:
        return is_failure(self.record)

    @property
    def kinds(self) -> frozenset[tuple[str, str]]:
        """(check, reason) of what is INVALID, or else of what is UNKNOWN."""
        results = self.result.results
        found = [signature for result in results for signature in result.signatures]
        doubts = [(r.check, r.reason or "") for r in results if r.verdict is Verdict.UNKNOWN]
        return frozenset(found or doubts)


def is_failure(record: RunRecord) -> bool:
    """Not VALID, or not what its plan expected."""
    return record.verdict is not Verdict.VALID or record.as_expected is False


def run_and_keep(
    schedule: Schedule,
    runtime: Runtime,
    *,
    store: Store,
    plan_text: str,
    topology_text: str | None = None,
    argv: list[str],
    keep: Keep = "all",
    campaign: str | None = None,
    enough: frozenset[tuple[str, str]] = frozenset(),
    point_latest: bool = True,
    note: Callable[[str], None] = lambda line: None,
    options: Mapping[str, Any] | None = None,
) -> Kept:
    """Run, judge, and write what `keep` asks for; of failures of which there are `enough` only the row of the index.
    `topology_text` is the topology's, unless it is a shipped one. `latest` leads to the run when it has ended.

    Raises:
        RuntimeUnavailable: the runtime cannot start; nothing is left in the store.
        StoreProblem: the store could not be written before there was a verdict.
    """
    record = _open_record(schedule, runtime, plan_text, argv, campaign)
    texts = _Texts(schedule, plan_text, topology_text)
    directory: Path | None = None
    if _writes_from_the_start(keep, runtime):
        directory = _begin(record, texts, store)
    began_s = time.perf_counter()
    try:
        result = execute(schedule, runtime, directory=directory, note=note, options=options)
    except BaseException:
        if directory is not None and rundir.history_path(directory) is None:
            store.discard(directory)
        raise
    _close_record(record, schedule, result, time.perf_counter() - began_s)
    kept = Kept(record=record, result=result, directory=directory)
    try:
        _write(kept, texts, store, keep, enough)
        if point_latest and kept.directory is not None:
            store.point_latest(kept.directory)
    except StoreProblem as exc:
        kept.problem = str(exc)
    return kept


class _Texts(msgspec.Struct, frozen=True):
    """What was to be played: all that a run's directory holds before there is a history."""

    schedule: Schedule
    plan: str
    topology: str | None


def _writes_from_the_start(keep: Keep, runtime: Runtime) -> bool:
    """The simulator can be asked again, so its runs need not touch the disk until one is worth keeping."""
    return keep == "all" or (keep == "failed" and runtime.NAME != DEFAULT_RUNTIME)


def _write(kept: Kept, texts: _Texts, store: Store, keep: Keep, enough: frozenset[tuple[str, str]]) -> None:
    news = not kept.kinds or not kept.kinds <= enough
    wanted = keep == "all" or (keep == "failed" and kept.failed and news)
    if wanted:
        if kept.directory is None:
            kept.directory = _write_late(kept, texts, store)
        rundir.write_results(kept.directory, kept.result.results)
        rundir.write_record(kept.directory, kept.record)
        report.write(kept.directory)
    elif kept.directory is not None:
        store.discard(kept.directory)
        kept.directory = None
    place = str(kept.directory.relative_to(store.root)) if kept.directory is not None else None
    store.index(rundir.index_row(kept.record, kept.result.results, place))


def _begin(record: RunRecord, texts: _Texts, store: Store) -> Path:
    """A run's directory with what is known from the start, or none. Raises `StoreProblem`."""
    directory = store.create(record.plan, record.seed, record.id)
    try:
        rundir.write_start(directory, record, texts.schedule, texts.plan, texts.topology)
    except StoreProblem:
        store.discard(directory)
        raise
    return directory


def _write_late(kept: Kept, texts: _Texts, store: Store) -> Path:
    """The directory of a run that was held in memory."""
    directory = _begin(kept.record, texts, store)
    if kept.result.encoded is not None and kept.result.history is not None:
        history, taps = kept.result.encoded()
        write_atomically(directory / "history.jsonl.gz", gzip_deterministic(history))
        write_atomically(directory / "messages.jsonl.gz", gzip_deterministic(taps))
    return directory


def _open_record(
    schedule: Schedule, runtime: Runtime, plan_text: str, argv: list[str], campaign: str | None
) -> RunRecord:
    system = schedule.system
    return RunRecord(
        id=new_run_id(),
        plan=schedule.plan,
        title=schedule.title,
        seed=schedule.seed,
        runtime=runtime.NAME,
        profile=system.profile,
        with_=system.with_,
        without=system.without,
        started=_utc_now(),
        plan_sha256=rundir.plan_sha256(plan_text),
        argv=argv,
        git_commit=rundir.git_commit(),
        capabilities=sorted(runtime.VERBS),
        versions=rundir.versions(),
        machine=rundir.machine(),
        campaign=campaign,
    )


def _close_record(record: RunRecord, schedule: Schedule, result: RunResult, seconds: float) -> None:
    expected = rundir.expectation(schedule)
    record.verdict = result.verdict
    record.as_expected = None if expected is None else rundir.met(expected, result.verdict, result.results)
    record.interrupted = result.interrupted
    record.ended = _utc_now()
    record.seconds = round(seconds, 3)
    record.trace_hash = result.trace_hash
    record.phases = {name: round(s, 3) for name, s in result.phases.items()}
    record.ailments = result.ailments


def _utc_now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
