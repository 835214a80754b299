"""The smallest plan of every kind of failure that a hunt found."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec

from harness import report, shrink
from harness.cli import _plans, _say
from harness.history import HistoryError
from harness.hunting.tally import Signature
from harness.plan import PlanErrors
from harness.runs.keep import DEFAULT_RUNTIME
from harness.shrink import Minimal, NotShrinkable, Unwritable, Wanted
from harness.store.index import write_atomically
from harness.store.rundir import MINIMAL, read_plan_text, read_schedule

RUNS = 300  # for each kind; `harness shrink` tries more


class Least(msgspec.Struct, frozen=True):
    """`file` holds the plan."""

    file: Path
    calls: int
    faults: int


Kind = tuple[str, str]


def of_all(kinds: Iterable[Signature]) -> dict[Kind, Least]:
    """Of those that are news and whose run has files. Ctrl-C ends the search, not the hunt's answer."""
    found: dict[Kind, Least] = {}
    with _say.progress() as note:
        for kind in kinds:
            if kind.known or kind.run is None:
                continue
            note(f"looking for the smallest plan: {kind.check} {kind.reason}")
            try:
                least, interrupted = _of(kind, Path(kind.run))
            except KeyboardInterrupt:
                return found
            except (NotShrinkable, Unwritable, PlanErrors, HistoryError) as exc:
                note(f"no smaller plan: {exc}")
                continue
            found[kind.check, kind.reason] = least
            if interrupted:
                return found
    return found


def write_beside(directory: Path, least: Minimal) -> Path:
    """The plan into its run's directory, and into its report. Raises `StoreProblem`, `HistoryError`."""
    file = directory / MINIMAL.format(check=least.wanted.check, reason=least.wanted.reason)
    write_atomically(file, least.plan)
    report.write(directory)
    return file


def _of(kind: Signature, directory: Path) -> tuple[Least, bool]:
    """And whether Ctrl-C came meanwhile."""
    wanted = Wanted(kind.check, kind.reason)
    least = shrink.smallest(
        read_schedule(directory), read_plan_text(directory), wanted, _plans.runtime(DEFAULT_RUNTIME), most_runs=RUNS
    )
    file = write_beside(directory, least)
    return Least(file=file, calls=least.calls, faults=least.faults), least.interrupted


def as_json(least: Least | None) -> dict[str, Any]:
    if least is None:
        return {"minimal_plan": None, "minimal_ops": None, "minimal_faults": None}
    return {"minimal_plan": str(least.file), "minimal_ops": least.calls, "minimal_faults": least.faults}
