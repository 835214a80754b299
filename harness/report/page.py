"""`report.html`: one self-contained file, verdict first, readable without scripts, in the dark and on paper.

However long the run, the page stays small: what is too much to draw or to tell is counted instead.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

from markupsafe import Markup

from harness.history import History
from harness.report import context
from harness.report.drawing import section
from harness.report.drawing.canvas import LAYOUTS, WIDE
from harness.report.findings import closeup, found, operations, overview, states
from harness.report.findings.operations import Row
from harness.report.findings.states import State
from harness.report.findings.steps import jobs_of, named
from harness.report.findings.story import Stories, Story
from harness.report.told import timeline, words
from harness.report.told.textdiff import TextPair
from harness.report.told.timeline import Timeline
from harness.store.rundir import StoredRun
from harness.verdict import CheckResult

_NARROW = 6  # findings that are also drawn for a telephone; the others can be moved sideways there


_FATES = (  # and how each is drawn
    ("second delivery", "dashed: delivered a second time"),
    ("lost", "a cross: lost"),
    ("held", "amber: held"),
    ("late", "amber: late"),
)


@dataclass(frozen=True)
class Finding:
    """One finding as the page tells it: texts, steps, picture. `first`: of its checker; `narrow`: it is also
    drawn for a telephone."""

    result: CheckResult
    story: Story
    pair: TextPair | None
    states: dict[int, State]
    closeup: Markup | None = None
    left_out: str = ""
    first: bool = True
    narrow: bool = True

    @property
    def gap(self) -> int:
        """The number of the step before which some are left out; 0: none are."""
        numbers = [mark.number for mark in self.story.marks]
        return next((b for a, b in pairwise(numbers) if b != a + 1), 0)

    def shows(self, class_: str) -> bool:
        """Has the picture an element of this class?"""
        return self.closeup is not None and f'class="{class_}' in self.closeup

    @property
    def fates(self) -> set[str]:
        return {flight.fate.partition(":")[0] for flight in self.story.flights if flight.fate}


@dataclass
class Told:
    findings: list[Finding] = field(default_factory=list)
    operations: list[Row] = field(default_factory=list)
    more: int = 0

    @property
    def linked(self) -> set[int]:
        return operations.indices(self.operations)


def render(run: StoredRun) -> str:
    names = context.of_run(run)
    return context.templates().get_template("report.html.j2").render(names | _pictures(run))


def _pictures(run: StoredRun) -> dict[str, object]:
    whole = timeline.build(run)
    told = _told(run, whole)
    return {
        "sections": section.draw(run),
        "findings": told.findings,
        "more_findings": told.more,
        "operations": told.operations,
        "linked": told.linked,
        "named": named,
        "fates": _FATES,
        "definitions": closeup.DEFINITIONS if whole is not None else Markup(""),
        "origin_ns": whole.origin_ns if whole is not None else 0,
        "seconds": words.seconds,
        **_whole(whole, told.findings[0].story if told.findings else None),
    }


def _told(run: StoredRun, whole: Timeline | None) -> Told:
    """Every finding, the one to tell first before the others."""
    results = found.findings(run.results)
    stories = Stories(run.history) if run.history is not None else None
    told = [(result, stories.of(result) if stories is not None else Story()) for result in results]
    origin_ns = whole.origin_ns if whole is not None else 0
    rows = operations.rows((story for _, story in told), origin_ns)
    linked, before = operations.indices(rows), set[str]()
    findings = []
    for number, (result, story) in enumerate(told):
        findings.append(_finding(run.history, whole, number, (result, story), linked, first=result.check not in before))
        before.add(result.check)
    return Told(findings, rows, found.left_out(run.results, len(results)))


def _finding(
    history: History | None,
    whole: Timeline | None,
    number: int,
    told: tuple[CheckResult, Story],
    linked: set[int],
    *,
    first: bool,
) -> Finding:
    result, story = told
    pair, narrow = words.text_pair(result), number < _NARROW
    if history is None or whole is None or not story.drawable:
        return Finding(result, story, pair, {}, first=first)
    field = result.details.get("field")
    jobs = jobs_of(result, story.marks)
    held = states.of(history, story.marks, jobs, field if isinstance(field, str) else "")
    drawn = [
        closeup.draw(whole, story, layout, linked, f"closeup-{number + 1}", held)
        for layout in (LAYOUTS if narrow else (WIDE,))
    ]
    out = closeup.left_out(whole, story)
    return Finding(result, story, pair, held, Markup("").join(drawn), out, first, narrow)


def _whole(whole: Timeline | None, story: Story | None) -> dict[str, object]:
    if whole is None:
        return {"overview": None}
    drawn = [overview.draw(whole, story, layout) for layout in LAYOUTS]
    return {"overview": Markup("").join(drawn), "overview_left_out": overview.left_out(whole)}
