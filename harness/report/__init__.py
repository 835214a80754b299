"""What people and machines read of a run: `report.html`, `summary.md`, `junit.xml`, `trace.json`, `history.edn`.

All are written from the files of its directory.

Files here are the forms, one each: `page`, `summary`, `junit`, `trace`, `jepsen`, with `context` (what they share)
and `schemas` (what `results.json` and `run.json` hold). Rooms: `told` (a run in words and figures) · `drawing` (what
pictures are made of) · `findings` (each finding with its close-up) · `sections` (parts of the page about the whole
run) · `linear` (how far a history can be explained) · `apart` (two runs side by side).

May use: `harness/interchange`, `harness/report/drawing`, `harness/report/findings`, `harness/report/told`,
`harness/store`, `harness`.
"""

from __future__ import annotations

from pathlib import Path

from harness.report import jepsen, junit, page, summary, trace
from harness.store.index import write_atomically
from harness.store.rundir import StoredRun, read_run

FORMS = {
    "report.html": page.render,
    "summary.md": summary.render,
    "junit.xml": junit.render,
    "trace.json": trace.render,
    "history.edn": jepsen.render,
}


def write(directory: Path) -> StoredRun:
    """Write every form into a run's directory. Raises `HistoryError` (unreadable run), `StoreProblem`."""
    run = read_run(directory)
    for name, render in FORMS.items():
        write_atomically(directory / name, render(run))
    return run
