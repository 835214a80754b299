"""In a worker process: the hook first, then the engine, then runs. A process serves one mutant, or none."""

from __future__ import annotations

import hashlib
import time
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from harness.hunting.mutants import hook
from harness.hunting.mutants.task import Mutant, Play, Played

if TYPE_CHECKING:
    from harness.history import Tap
    from harness.runs.run import RunResult
    from harness.schedule import Schedule

_installed: list[tuple[Mutant | None, hook.Reach]] = []  # none before the first run, then one


def play(task: Play) -> Played:
    """One run. Whatever the mutant does to it is an answer, not a failure of the worker."""
    began_s = time.perf_counter()
    try:
        reach = _reach(task)
        schedule = _schedule(task)
    except hook.AlreadyLoaded:
        raise
    except Exception as exc:  # a mutant may break what is imported, in any way
        return Played(refused=f"{type(exc).__name__}: {exc}")
    reach.clear()
    found = _played(task, schedule)
    found.seconds = time.perf_counter() - began_s
    found.reached = {file: sorted(lines) for file, lines in reach.lines.items()}
    return found


def _reach(task: Play) -> hook.Reach:
    if not _installed:
        warnings.simplefilter("ignore")  # of coroutines that nobody awaits, and the like: mutants do such things
        mutant = task.mutant
        mutated = {} if mutant is None else {mutant.file: mutant.source(Path(mutant.file).read_bytes())}
        _installed.append((mutant, hook.install(mutated, task.watched)))
    mutant, reach = _installed[0]
    if mutant != task.mutant:
        raise hook.AlreadyLoaded(f"this process serves {mutant}, and was given a run of {task.mutant}")
    return reach


def _schedule(task: Play) -> Schedule:
    from harness import plan as plans  # noqa: PLC0415 - it imports the system under test: the hook comes first
    from harness import registry  # noqa: PLC0415
    from harness.schedule import Choice  # noqa: PLC0415

    plan = plans.parse(task.text, task.name, beside=task.folder)
    choice = Choice(
        profile=task.profile,
        with_=task.with_,
        without=task.without,
        duration_ns=task.duration_ns,
        topology=task.topology,
    )
    return plans.expand_on(registry.find("runtime", task.runtime), plan, task.seed, choice)


def _played(task: Play, schedule: Schedule) -> Played:
    from harness import registry  # noqa: PLC0415
    from harness.measures import measured, watching  # noqa: PLC0415
    from harness.runs.run import execute  # noqa: PLC0415
    from harness.runtimes import RuntimeUnavailable  # noqa: PLC0415

    try:
        with watching(task.figures) as watched:
            result = execute(schedule, registry.find("runtime", task.runtime))
        found = _summary(result if task.judged_as is None else _judged_as(task.judged_as, result))
        if result.history is not None and task.figures:
            found.figures = measured(result.history, task.figures, watched)
        return found
    except RuntimeUnavailable as exc:
        return Played(refused=str(exc))


def _judged_as(profile: str, result: RunResult) -> RunResult:
    """The same history, judged as if it were one of that profile."""
    from harness.judging.checking import check  # noqa: PLC0415
    from harness.verdict import worst  # noqa: PLC0415

    if result.history is None:
        return result
    nodes = {name: {**node, "profile": profile} for name, node in result.history.header.nodes.items()}
    header = msgspec.structs.replace(result.history.header, profile=profile, nodes=nodes)
    results = check(msgspec.structs.replace(result.history, header=header))
    verdict = worst(r.verdict for r in results if r.verdict is not None)
    return msgspec.structs.replace(result, results=results, verdict=verdict)


def _summary(result: RunResult) -> Played:
    from harness.report.told import words  # noqa: PLC0415

    failure = words.first_failure(result.results)
    stalls = [r for r in result.results if r.check == "runtime" and r.reason in ("livelock", "deadlock")]
    return Played(
        verdict=result.verdict,
        signatures=list(dict.fromkeys(s for r in words.in_order(result.results) for s in r.signatures)),
        message="" if failure is None else failure.message,
        trace=_trace(result),
        stalled=stalls[0].reason if stalls else None,
        ailments=result.ailments,
        judged=sorted(r.check for r in result.results if r.verdict is not None),
        told={r.check: r.message for r in result.results if r.verdict is not None and r.reason is not None},
        stories={r.check: told for r in result.results if r.reason is not None and (told := words.sentences(r))},
        delivered=sorted({tap.type for tap in _taps(result) if tap.side == "out" and tap.link.startswith("relay->")}),
        interrupted=result.interrupted,
    )


def _taps(result: RunResult) -> list[Tap]:
    return result.history.taps if result.history is not None else []


def _trace(result: RunResult) -> str:
    """Of the wire, and of what components told."""
    ops = result.history.ops if result.history is not None else []
    return f"{result.trace_hash} {hashlib.sha256(msgspec.json.encode(ops)).hexdigest()}"
