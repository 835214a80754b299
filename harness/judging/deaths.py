"""A run in which a node died uncalled is judged up to that death, and is UNKNOWN: what came after it proves nothing."""

from __future__ import annotations

from checkers.past import deaths
from harness.history import History, Op
from harness.verdict import CheckResult, Verdict


def until_death(history: History) -> tuple[History, list[CheckResult]]:
    """The history up to the first uncalled death, and what is to be said of that before all else; unchanged without."""
    at = next((at for at, op in enumerate(history.ops) if op.f == deaths.EXITED), None)
    if at is None:
        return history, []
    op, origin_ns = history.ops[at], history.ops[0].time_ns
    cut = History(
        header=history.header,
        ops=history.ops[: at + 1],
        complete=False,
        problem=f"it is judged up to the death of {op.node}",
        taps=[tap for tap in history.taps if tap.time_ns <= op.time_ns],
    )
    return cut, [_told(op, origin_ns)]


def _told(op: Op, origin_ns: int) -> CheckResult:
    """What happened, what could not be judged, what to do."""
    why = deaths.said(op).partition("\n")[0]
    remedy = (
        "its program ended it: mend that first"
        if deaths.is_by_itself(op)
        else "play the plan again, with nobody and nothing ending its nodes"
    )
    because = f" ({why})" if why else ""
    message = (
        f"{deaths.sentence(op, origin_ns)}{because}. What came after it was not judged, nor what was to be shown in the "
        f"end; {remedy}"
    )
    story = [{"index": op.index, "what": deaths.sentence(op, origin_ns)}]
    return CheckResult(
        check="runtime",
        verdict=Verdict.UNKNOWN,
        reason=deaths.EXITED,
        message=message,
        evidence=[op.index],
        first=op.index,
        details={"node": op.node, "story": story},
    )
