"""`history.edn`: what the clients did and what befell them, as Jepsen keeps it; `docs/exports.md` says who reads it."""

from __future__ import annotations

from harness.interchange.export_edn import edn_lines
from harness.store.rundir import StoredRun


def render(run: StoredRun) -> str:
    """One operation map a line; nothing of a run whose system never started."""
    return "".join(f"{line}\n" for line in edn_lines(run.history.ops)) if run.history is not None else ""
