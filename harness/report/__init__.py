"""What people read of a run: `report.html`, `summary.md`, `junit.xml`, `trace.json`.

All are written from the files of its directory.

Rooms: `words` (sentences that all forms share) · `textdiff` (two texts side by side) · `timeline` (what was where and
when) · `canvas`, `overview`, `closeup` (pictures of it) · `section` and the folder `sections` (parts of the page about
the whole run) · `page`, `summary`, `junit`, `trace` (one form each).
"""

from __future__ import annotations

from pathlib import Path

from harness.report import junit, page, summary, trace
from harness.store.index import write_atomically
from harness.store.rundir import StoredRun, read_run

FORMS = {
    "report.html": page.render,
    "summary.md": summary.render,
    "junit.xml": junit.render,
    "trace.json": trace.render,
}


def write(directory: Path) -> StoredRun:
    """Write every form into a run's directory. Raises `HistoryError` (unreadable run), `StoreProblem`."""
    run = read_run(directory)
    for name, render in FORMS.items():
        write_atomically(directory / name, render(run))
    return run
