"""A run in which a node died uncalled is judged up to that death, and is UNKNOWN: what came after it proves nothing."""

from __future__ import annotations

from checkers.past import deaths
from harness.history import History, Op
from harness.verdict import CheckResult, Verdict


def until_death(history: History) -> tuple[History, list[CheckResult]]:
    """The history up to the first uncalled death, and what is to be said of that before all else; unchanged without.

    An engine tells of a death a moment after it: what the others noticed of it may stand before it. So the history is
    cut at the last sign of life that the dead one gave.
    """
    at = next((at for at, op in enumerate(history.ops) if op.f == deaths.EXITED), None)
    if at is None:
        return history, []
    op, origin_ns = history.ops[at], history.ops[0].time_ns
    alive_ns = _last_sign_ns(history, at)
    cut = History(
        header=history.header,
        ops=[*(before for before in history.ops[:at] if before.time_ns <= alive_ns), op],
        complete=False,
        problem=f"it is judged up to the death of {op.node}",
        taps=[tap for tap in history.taps if tap.time_ns <= alive_ns],
    )
    return cut, [_told(op, origin_ns)]


def _last_sign_ns(history: History, at: int) -> int:
    """When the node that dies at that op journaled, or sent, for the last time."""
    dead = history.ops[at]
    own = tuple(f"{dead.node}/{part}" for part in ("journal", "replica", "store"))
    signs = [op.time_ns for op in history.ops[:at] if op.process in own]
    link = f"{dead.node}->"
    signs += [
        t.time_ns for t in history.taps if t.side == "in" and t.link.startswith(link) and t.time_ns <= dead.time_ns
    ]
    return max(signs, default=history.ops[0].time_ns)


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
        f"{deaths.sentence(op, origin_ns)}{because}. What came after it was not judged, nor what was to be shown in "
        f"the end; {remedy}"
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
