"""What to change in a plan whose run shows too little: why, what could not be judged, what would show more."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field

from checkers.words.wording import value
from harness.history import Op

AtS = Callable[[Op], float]  # an op → seconds since the run began


@dataclass(slots=True)
class Written:
    """What a run wrote, showed and broke, as far as advice needs it. Names in the order of their first mention."""

    chunk: Op | None = None  # the last one committed, or called for
    change: Op | None = None  # the last commit, or call, of any kind
    healed: Op | None = None  # the last to heal
    scripted: bool = False
    sessions: dict[str, None] = field(default_factory=dict)  # of the jobs that were created
    screens: dict[str, None] = field(default_factory=dict)  # that were opened


def spread(written: Written, at_s: AtS) -> str:
    """How a plan says that work goes on until its last fault is over."""
    if written.scripted:
        return "let calls of the script come later, or last longer: `stream: {for: 30s, every: 500ms}`"
    seconds = math.ceil(at_s(written.healed)) if written.healed is not None else 30
    return f"spread the work with `workload: {{spread: {seconds}s}}`"


def nothing_at_all(written: Written, checks: Iterable[str]) -> str:
    """Of a run in which the checkers had nothing to look at from beginning to end."""
    if written.change is None:
        why, change = "no job was written", "give the plan work: `workload: {jobs: 20}`"
    elif not written.screens:
        why = "no mobile opened a screen"
        change = "let one `open` a session of the jobs"
    elif written.sessions and not written.sessions.keys() & written.screens.keys():
        why = f"the jobs were of {_several(written.sessions)}, and screens showed {_several(written.screens)}"
        change = "open their session, or write more jobs: `workload: {jobs: 20}`"
    else:
        why = "in the end no open screen had a job to show, and no text was shown before"
        change = "write more jobs (`workload: {jobs: 20}`), delete fewer (`mix: {desktop: {delete: 0}}`)"
    return f"{why}; {_unjudged(checks)}; {change}"


def nothing_at_stake(written: Written, fault: Op, checks: Collection[str], at_s: AtS) -> str:
    """Of a run in which all that was looked at was over before `fault` began."""
    name = value(fault.value.get("fault")) if isinstance(fault.value, dict) else "the first fault"
    began = f"{name} began at {at_s(fault):.1f} s"
    texts = "stream-integrity" in checks and written.chunk is not None
    last, what = (written.chunk, "chunk") if texts else (written.change, "change of a job")
    if last is not None and last.time_ns < fault.time_ns:
        why = f"the last {what} was written at {at_s(last):.1f} s, before {began}"
        change = spread(written, at_s)
    else:
        why = f"no {what} was shown on a screen after {began}"
        change = "open the session of the jobs and stay there, write more jobs (`workload: {jobs: 20}`)"
        change += f", or {spread(written, at_s)}"
    return f"{why}; {_unjudged(checks)} from then on; {change}"


def idle(name: str, where: str, span_s: tuple[float, float], how: str) -> str:
    """Of a fault that met no work; `how` says what would let it meet some."""
    return (
        f"no call was made and no job written that had to pass {where} while {name} was active ({span_s[0]:.1f} s to "
        f"{span_s[1]:.1f} s), nor right after it: it met only heartbeats and reconnects; what it does to work was not "
        f"judged; {how}"
    )


def _unjudged(checks: Iterable[str]) -> str:
    return f"{' and '.join(checks)} judged nothing"


def _several(names: Iterable[str]) -> str:
    shown = list(names)
    return " and ".join(shown[:3]) + (" and others" if len(shown) > 3 else "")
