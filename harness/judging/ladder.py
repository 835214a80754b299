"""The strongest consistency that a run has shown.

linearizable ⊃ sequential ⊃ monotonic prefix ⊃ eventual ⊃ none. Each level holds all that those below it hold:

- *eventual*: in the end the replicas showed what the desktops stored;
- *monotonic prefix*: at every moment each replica showed a prefix of what its desktop wrote, and never went back;
- *sequential*: one order of all calls explains every answer, and has each client's own calls as it made them;
- *linearizable*: such an order exists in which no call stands before one that returned before it began. An answer
  from a cache that is as old as the profile allows is no defect, and is not linearizable.
"""

from __future__ import annotations

from collections.abc import Iterable

from harness.verdict import CheckResult, Verdict

LEVELS = ("linearizable", "sequential", "monotonic prefix", "eventual", "none")
_MEANS = {
    "linearizable": "every answer could have been given at one instant of its call",
    "sequential": "one order explains every answer, and keeps each client's own; some answers were old",
    "monotonic prefix": "what each replica showed never went back",
    "eventual": "in the end the replicas showed what the desktops stored",
    "none": "not even in the end did the replicas show what the desktops stored",
}
_PREFIX = ("agreement", "monotonic", "no-resurrection", "stream-integrity")


def strongest(results: Iterable[CheckResult]) -> str | None:
    """The strongest level that these results prove; None when not even the last one was judged."""
    found = {r.check: r for r in results}
    end = found.get("convergence")
    if end is None or end.verdict not in (Verdict.VALID, Verdict.INVALID):
        return None
    if end.verdict is Verdict.INVALID:
        return "none"
    looked = [found.get(name) for name in _PREFIX]
    if not all(result is not None and _kept(result) for result in looked) or not any(r.judged for r in looked if r):
        return "eventual"
    answers = found.get("linearizable")
    order = answers.details.get("order") if answers is not None and answers.details.get("answers") else None
    return order if order in LEVELS[:2] else "monotonic prefix"


def _kept(result: CheckResult) -> bool:
    """Nothing was wrong in what there was to look at, be it nothing (a run without texts has none out of order)."""
    nothing = result.verdict is None and result.looked_at is not None and not result.looked_at.total
    return result.verdict is Verdict.VALID or nothing


def noted(results: list[CheckResult]) -> list[CheckResult]:
    """The same, with the level among the details of `linearizable`, for those who read results and no report."""
    level = strongest(results)
    for result in results:
        if result.check == "linearizable" and result.judged and level is not None:
            result.details = {**result.details, "consistency": level}
    return results


def means(level: str) -> str:
    """The level in words."""
    return _MEANS[level]
