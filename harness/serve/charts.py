"""Pictures of verdicts: a bar for each night or day, and a stroke for each of the last runs.

What is INVALID is also higher than what is UNKNOWN, and that than what is VALID, so that nobody needs the colours.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from urllib.parse import quote

from markupsafe import Markup

from harness.serve.verdicts import Counted
from harness.store.index import IndexRow

_HIGH, _STEP, _BAR = 90, 16, 12
_STROKES = {"INVALID": (0, 24), "UNKNOWN": (8, 16), "VALID": (16, 8)}  # top, height


def trend(steps: Sequence[Counted]) -> Markup:
    """Shares of verdicts, oldest first: INVALID on top, UNKNOWN below it, VALID at the bottom."""
    bars = Markup("").join(_bar(at * _STEP, step) for at, step in enumerate(steps))
    return _svg(len(steps) * _STEP, _HIGH, "trend", f"Shares of verdicts, {len(steps)} nights or days", bars)


def _bar(x: int, step: Counted) -> Markup:
    shares = (("invalid", step.invalid), ("unknown", step.unknown), ("valid", step.valid))
    said = ", ".join(f"{n} {name.upper()}" for name, n in shares if n)
    top, parts = 0.0, []
    for name, n in shares:
        height = _HIGH * n / step.runs
        if n:
            parts.append(
                Markup('<rect class="{}" x="{}" y="{:.1f}" width="{}" height="{:.1f}"/>').format(
                    name, x, top, _BAR, height
                )
            )
        top += height
    title = Markup("<title>{}: {} of {} runs</title>").format(step.name, said, step.runs)
    return Markup("<g>{}{}</g>").format(title, Markup("").join(parts))


def strokes(runs: Iterable[IndexRow]) -> Markup:
    """One run each, oldest first; each leads to its run."""
    drawn = list(_strokes(runs))
    return _svg(len(drawn) * 6, 24, "strokes", f"The last {len(drawn)} runs", Markup("").join(drawn))


def _strokes(runs: Iterable[IndexRow]) -> Iterator[Markup]:
    for at, run in enumerate(runs):
        top, height = _STROKES.get(run.verdict, (8, 16))
        yield Markup(
            '<a href="/runs/{}/"><title>{}, seed {}: {}</title>'
            '<rect class="{}" x="{}" y="{}" width="5" height="{}"/></a>'
        ).format(
            quote(run.id, safe=""), run.started[:19], run.seed, run.verdict, run.verdict.lower(), at * 6, top, height
        )


def _svg(wide: int, high: int, kind: str, label: str, inside: Markup) -> Markup:
    return Markup(
        '<svg class="{}" viewBox="0 0 {wide} {high}" width="{wide}" height="{high}" role="img" aria-label="{}">{}</svg>'
    ).format(kind, label, inside, wide=max(1, wide), high=high)
