"""`summary.md`: the report in text, for a pull request or a terminal."""

from __future__ import annotations

from harness.report import context
from harness.store.rundir import StoredRun


def render(run: StoredRun) -> str:
    return context.templates().get_template("summary.md.j2").render(context.of_run(run)) + "\n"
