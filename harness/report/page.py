"""`report.html`: one self-contained file, verdict first, readable without scripts, in the dark and on paper.

However long the run, the page stays small: what is too much to draw or to tell is counted instead.
"""

from __future__ import annotations

from markupsafe import Markup

from harness.report import closeup, context, overview, section, timeline, words
from harness.report.canvas import LAYOUTS
from harness.report.timeline import Story, Timeline
from harness.store.rundir import StoredRun
from harness.verdict import CheckResult, Verdict

_MOST_OTHERS = 20  # failures told beside the first


def render(run: StoredRun) -> str:
    names = context.of_run(run)
    return context.templates().get_template("report.html.j2").render(names | _pictures(run, names["failure"]))


def _pictures(run: StoredRun, failure: CheckResult | None) -> dict[str, object]:
    whole = timeline.build(run)
    story = timeline.story(run.history, failure) if run.history is not None and failure is not None else None
    others = [r for r in words.in_order(run.results) if r is not failure and r.verdict in _FAILED]
    return {
        "sections": section.draw(run),
        "story": story,
        "definitions": closeup.DEFINITIONS if whole is not None else Markup(""),
        "origin_ns": whole.origin_ns if whole is not None else 0,
        "seconds": words.seconds,
        "others": [_told(run, r) for r in others[:_MOST_OTHERS]],
        "more_others": max(0, len(others) - _MOST_OTHERS),
        **_whole(whole, story),
        **_closer(whole, story),
    }


_FAILED = (Verdict.INVALID, Verdict.UNKNOWN)


def _told(run: StoredRun, result: CheckResult) -> tuple[CheckResult, Story, object]:
    story = timeline.story(run.history, result) if run.history is not None else Story()
    return result, story, words.text_pair(result)


def _whole(whole: Timeline | None, story: Story | None) -> dict[str, object]:
    if whole is None:
        return {"overview": None}
    drawn = [overview.draw(whole, story, layout) for layout in LAYOUTS]
    return {"overview": Markup("").join(drawn), "overview_left_out": overview.left_out(whole)}


def _closer(whole: Timeline | None, story: Story | None) -> dict[str, object]:
    if whole is None or story is None or not story.drawable:
        return {"closeup": None}
    drawn = [closeup.draw(whole, story, layout) for layout in LAYOUTS]
    return {"closeup": Markup("").join(drawn), "closeup_left_out": closeup.left_out(whole, story)}
