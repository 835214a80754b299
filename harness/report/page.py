"""`report.html`: one self-contained file, verdict first, readable without scripts, in the dark and on paper."""

from __future__ import annotations

from markupsafe import Markup

from harness.report import context, drawing, timeline, words
from harness.rundir import StoredRun
from harness.verdict import CheckResult, Verdict


def render(run: StoredRun) -> str:
    names = context.of_run(run)
    return context.templates().get_template("report.html.j2").render(names | _pictures(run, names["failure"]))


def _pictures(run: StoredRun, failure: CheckResult | None) -> dict[str, object]:
    whole = timeline.build(run)
    if whole is None or run.history is None:
        return {"overview": None, "closeup": None, "story": None, "definitions": Markup(""), "others": []}
    story = timeline.story(run.history, failure) if failure is not None else None
    return {
        "overview": drawing.overview(whole, story),
        "closeup": drawing.closeup(whole, story) if story is not None and story.drawable else None,
        "story": story,
        "definitions": drawing.DEFINITIONS,
        "origin_ns": whole.origin_ns,
        "seconds": words.seconds,
        "others": [
            (r, timeline.story(run.history, r), words.text_pair(r))
            for r in words.in_order(run.results)
            if r is not failure and r.verdict in (Verdict.INVALID, Verdict.UNKNOWN)
        ],
    }
