"""Files of a run that may be seen: those whose names are known, within a directory that lies in the store.

A name from a browser is looked up among them and never made a path, so no name leads anywhere else.
"""

from __future__ import annotations

import re
import threading
from pathlib import Path

from harness import report
from harness.store.index import IndexRow

REPORT = "report.html"
_NAMES = (
    *report.FORMS,
    *("plan.yaml", "topology.yaml", "run.json", "results.json", "schedule.jsonl"),
    *("history.jsonl", "history.jsonl.gz", "messages.jsonl.gz"),
)
_MINIMAL = re.compile(r"minimal-[a-z0-9-]+\.yaml")
_LOGS = ("stdout.log", "stderr.log")
_writing = threading.Lock()  # two requests for a report that is not there yet write it once


def directory(store: Path, row: IndexRow) -> Path | None:
    """Where the run's files are; None: they were not kept, or are gone, or do not lie in the store."""
    if row.directory is None:
        return None
    found = store / row.directory
    return found if _lies_in(found, store) and (found / "run.json").is_file() else None


def listed(run: Path) -> dict[str, Path]:
    """Name → file, in the order in which they are shown; logs of nodes as `nodes/NODE/stdout.log`."""
    names = [*_NAMES, *sorted(file.name for file in run.glob("minimal-*.yaml") if _MINIMAL.fullmatch(file.name))]
    names += [f"nodes/{log.parent.name}/{log.name}" for log in sorted(run.glob("nodes/*/*.log")) if log.name in _LOGS]
    found = {name: run / name for name in names}
    return {name: file for name, file in found.items() if file.is_file() and _lies_in(file, run)}


def ensure_report(run: Path) -> None:
    """Write the page if it is not there. Raises `HistoryError` for a run that cannot be read, `StoreProblem`."""
    with _writing:
        if not (run / REPORT).is_file():
            report.write(run)


def _lies_in(path: Path, folder: Path) -> bool:
    return path.resolve().is_relative_to(folder.resolve())
