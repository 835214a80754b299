"""`harness check HISTORY --model … --report`: what of the verdict goes on the page."""

from __future__ import annotations

import dataclasses
import shlex
from collections.abc import Mapping
from pathlib import Path

from checkers.linearizability import Linearizable, Model, NotLinearizable
from checkers.linearizability.decide import Judged, states_of
from harness.cli.linear import hints, page_file
from harness.cli.telling import say
from harness.report.linear import page as linear_page
from harness.report.linear.page import Page, Part
from harness.verdict import Verdict

_KEYS_SHOWN = 3
_HEADLINES = {
    Verdict.VALID: "Linearizable: some order explains every answer",
    Verdict.INVALID: "Not linearizable: no order explains every answer",
    Verdict.UNKNOWN: "Not decided whether some order explains every answer",
}


def page(
    path: Path,
    counted: str,
    model: Model,
    initial: str | None,
    verdict: Verdict,
    judged: list[Judged],
    others: Mapping[str, int],
) -> str:
    """The failing keys; where none fails, what explains the first one. `others`: lines that were passed over."""
    judged = [one for one in judged if one.trial.operations]
    odd = [one for one in judged if not isinstance(one.answer, Linearizable)]
    shown = odd[:_KEYS_SHOWN] or judged[:1]
    notes = [f"{say.many(n, 'line')} {what}, passed over" for what, n in others.items()]
    left_out = len(odd or judged) - len(shown)
    if left_out > 0:
        notes.append(f"{say.many(left_out, 'more key')}, {'not linearizable either' if odd else 'all linearizable'}")
    words = ["harness", "check", str(path.absolute()), "--model", model.NAME]
    words += ["--initial", initial] if initial is not None else []
    return linear_page.render(
        Page(
            verdict=verdict,
            headline=_HEADLINES[verdict],
            what=f"{page_file.source(path)} · {counted}",
            again="" if page_file.is_gone(path) else shlex.join(words),
            parts=[_part(one, model, number) for number, one in enumerate(shown)],
            notes=notes,
        )
    )


def _part(judged: Judged, model: Model, number: int) -> Part:
    answer, trial = judged.answer, judged.trial
    states = states_of(trial, model, answer) if isinstance(answer, NotLinearizable) else []
    part = linear_page.of_object(judged.key, trial, model, answer, number)
    return dataclasses.replace(part, hints=hints.of(judged, model, states))
