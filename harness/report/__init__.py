"""What people and machines read of a run: `report.html`, `summary.md`, `junit.xml`, `trace.json`, `history.edn`.

All are written from the files of its directory.

Rooms: `words` (sentences that all forms share) · `textdiff` (two texts side by side) · `timeline` (what was where and
when) · `found`, `story` (each finding: its `steps`, the `flights` of messages, what `befell`, by which `causes`, its
`states` and `operations`) · `canvas`, `overview`, `closeup` (pictures of it, with `breaks` and `closeup_marks`) ·
`section` and the folder `sections` (parts of the page about the whole run) · `page`, `summary`, `junit`, `trace`,
`jepsen` (one form each) · `comparing`, `parting` (two runs side by side) · `schemas` (what `results.json` and
`run.json` hold).
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
