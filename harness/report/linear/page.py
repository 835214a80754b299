"""The page of `harness check HISTORY --model … --report`: one self-contained file, a picture per failing object."""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib.resources import files

from markupsafe import Markup

from checkers.linearizability import Answer, Linearizable, Malformed, Model, NotLinearizable, Trial
from checkers.linearizability.decide import states_of
from checkers.linearizability.partial import Orders, orders
from checkers.linearizability.values import shown, visible
from harness.report import context
from harness.report.drawing import section
from harness.report.linear import lanes as linear_lanes
from harness.report.linear.lanes import ViewOf
from harness.report.linear.view import Around, many, of_trial
from harness.verdict import Verdict

_NAME = "linear"  # of the script and the style sheet, which the run's page has as well
_BESIDE = "harness.report.sections"


@dataclass(frozen=True)
class Part:
    """One object. `figure` None: there is nothing to draw, and `lead` says why. `hints`: sentences beside it."""

    title: str
    lead: str
    figure: Markup | None = None
    hints: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Page:
    """`what`: what was judged, in a line. `again`: the command that judges it; empty where none can."""

    verdict: Verdict
    headline: str
    what: str
    again: str
    parts: list[Part]
    notes: list[str] = field(default_factory=list)


def render(page: Page) -> str:
    script, style = (_beside(suffix) for suffix in ("js", "css"))
    scripts = [Markup(script)] if any(part.figure is not None for part in page.parts) else []
    names = {"page": page, "style": Markup(style), "scripts": scripts, "policy": section.policy(scripts)}
    return context.templates().get_template("linear_page.html.j2").render(names)


def _beside(suffix: str) -> str:
    return (files(_BESIDE) / f"{_NAME}.{suffix}").read_text(encoding="utf-8")


def of_views(title: str, view_of: ViewOf, number: int = 0) -> Part:
    lead = linear_lanes.lead(view_of(linear_lanes.STEPS["wide"]))
    return Part(title, lead, linear_lanes.figure(view_of, f"linear-{number}"))


def of_object(key: object, trial: Trial, model: Model, answer: Answer, number: int) -> Part:
    """What is there to see of one object's verdict."""
    title = f"{many(len(trial.operations), 'operation')}" if key is None else f"Key {shown(key)}"
    if not isinstance(answer, (Linearizable, NotLinearizable)):
        done = f"{answer.position:,} of {len(trial.events):,} events can be explained"
        return Part(title, f"Not decided: there are too many orders to try; {done}.")
    found = _orders(trial, model)
    if found is None or (found.longest.stuck is None) is not isinstance(answer, Linearizable):
        return Part(title, _undrawn(trial, model, answer))
    return of_views(title, lambda most: of_trial(trial, found, most), number)


def _orders(trial: Trial, model: Model) -> Orders | None:
    try:
        return orders(trial, model) if trial.operations else None
    except Malformed:
        return None


def _undrawn(trial: Trial, model: Model, answer: Linearizable | NotLinearizable) -> str:
    why = "there are too many orders to draw one"
    if isinstance(answer, Linearizable):
        return f"Some order explains every answer ({answer.method}); {why}."
    blamed = trial.operations[answer.blamed]
    lines = f"line {blamed.line}, process {visible(blamed.process)}: " if blamed.line else ""
    states = states_of(trial, model, answer)
    around = Around(blamed.result, states)
    said = " or ".join(around(state) for state in states[:8])
    was = f"; the value was then {said}" if said else ""
    told = f"{lines}{blamed.told(around)}"
    return f"No order of the operations explains the answer of {told}. All before can{was}; {why}."
