"""Where a client was told what fits no instant of its call: the writes and answers around it, and who cannot follow."""

from __future__ import annotations

from markupsafe import Markup

from harness.report.drawing.section import Section
from harness.report.linear import lanes as linear_lanes
from harness.report.linear import run as linear_run
from harness.store.rundir import StoredRun


def render(run: StoredRun) -> Markup | None:
    result = linear_run.failure(run.results)
    scene = linear_run.scene(run.history, result) if run.history is not None and result is not None else None
    if scene is None:
        return None
    lead = linear_lanes.lead(scene.view(linear_lanes.STEPS["wide"]))
    return Markup("<p>{}</p>{}").format(lead, linear_lanes.figure(scene.view, "linear-run"))


SECTION = Section("Linearizability", 30, render)
