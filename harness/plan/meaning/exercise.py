"""Can a plan show anything? What its words alone tell: faults that no work can meet, and work that nobody could see.

Only what holds in every seed is told, and as a warning: what a run has really met, `checkers.evidence` says.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from faults import Fault, TargetError, Targets, Timed, format_duration
from harness import registry
from harness.plan.meaning.whole import Setting
from harness.plan.text.errors import PlanError
from harness.plan.text.source import Path
from harness.plan.times.order import fault_name
from harness.plan.times.repeat import lasts_ns
from harness.schedule import Step
from harness.workload import LAST_SHARE, scripted_steps

_PASSES_NS = 500_000_000  # an unscaled system needs less for a call when nothing is in its way
_EVENT_NS = 2_000_000_000
_IDLE_CALLS = frozenset({"close", "background"})  # they ask for nothing
_SHOWING = frozenset({"open", "switch", "foreground", "get", "list"})  # what is there comes onto the screen anew
_FIRST_ROWS = frozenset({"convergence", "stream-integrity"})


@dataclass(frozen=True)
class _At:
    """A fault of the plan that begins once, at a time that the plan says."""

    number: int
    name: str
    at_ns: int
    heal_ns: int
    targets: Targets


def unexercised(setting: Setting) -> Iterator[PlanError]:
    faults = sorted(_fixed(setting), key=lambda at: at.at_ns)
    for at in faults:
        yield from _idle(setting, at, faults)
    if _shows_nothing_asked(setting):
        return
    yield from _unseen(setting, faults)


def _fixed(setting: Setting) -> Iterator[_At]:
    for number, words in enumerate(setting.words.faults):
        fault: Fault = registry.find("fault", words.action)
        base_ns = setting.chain.base_ns(words)
        if base_ns is None or not setting.has_fixed_time(words) or setting.words.pick is not None or _chance(words):
            continue
        try:
            targets = setting.targets(fault, words)
        except TargetError:  # told elsewhere
            continue
        at_ns = base_ns + words.at_ns
        heal_ns = at_ns + lasts_ns(fault, words, setting.duration_ns, at_ns)
        yield _At(number, fault_name(words), at_ns, heal_ns, targets)


def _chance(words: Timed) -> bool:
    """Is it drawn whether, or where, it happens?"""
    return words.occurs < 1 or words.mode != "all"


# ---- faults that meet no work ---------------------------------------------------------------------------------------


def _idle(setting: Setting, at: _At, faults: list[_At]) -> Iterator[PlanError]:
    clients = _clients(setting, at.targets)
    if not clients:
        return
    where, path = ", ".join(sorted(clients)), ("faults", at.number)
    times = [step.at_ns for step in _work(setting) if step.node in clients or _partner(setting, step.node) & clients]
    seeded_ns = _seeded_until_ns(setting)
    if not times and not seeded_ns:
        said = f"no client of {where} does anything: {at.name!r} would meet only heartbeats and reconnects"
        yield _warning(setting, path, said, "give the plan work there: `workload: {jobs: 20}`, or calls of a script")
        return
    from_ns, until_ns = at.at_ns - _lingers_ns(setting, at, faults), at.heal_ns + _recovers_ns(setting)
    if seeded_ns >= from_ns or any(from_ns <= time_ns <= until_ns for time_ns in times):
        return
    last_ns = max([seeded_ns, *(time_ns for time_ns in times if time_ns < from_ns)])
    before = f"the last work of {where} before it is at {format_duration(last_ns)}" if last_ns else "no work before it"
    said = f"{at.name!r} begins at {format_duration(at.at_ns)}, and {before}: it would meet only heartbeats"
    spread = "spread it: `workload: {spread: …}`, or `stream: {for: 30s, every: 500ms}` in a script"
    yield _warning(setting, (*path, "at"), said, spread)


def _clients(setting: Setting, targets: Targets) -> set[str]:
    """The clients whose work passes where a fault is; one of the relay concerns all."""
    known = {node.name for node in setting.system.nodes if node.role != "relay"}
    named = {*targets.nodes, *(end for direction in targets.directions for end in direction.split("->"))}
    if any(name not in known for name in targets.nodes):
        return known
    return named & known


def _partner(setting: Setting, node: str) -> set[str]:
    """With whom a client's work has to do: a mobile's desktop, a desktop's mobiles."""
    mine = setting.system.node(node).desktop
    return {n.name for n in setting.system.nodes if n.desktop == node} | ({mine} if mine is not None else set())


def _work(setting: Setting) -> list[Step]:
    """The script's calls that ask for something, of nodes that there are."""
    return [step for step in scripted_steps(setting.words.workload, setting.system) if step.f not in _IDLE_CALLS]


def _seeded_until_ns(setting: Setting) -> int:
    """Until when seeded clients may be at work; 0: there are none."""
    workload = setting.words.workload
    if not workload.seeded or not (workload.jobs or workload.mobile_rate):
        return 0
    return round(setting.duration_ns * LAST_SHARE)


def _lingers_ns(setting: Setting, at: _At, faults: list[_At]) -> int:
    """How long before a fault work may begin and still meet it: what another fault holds up takes longer."""
    held_up = any(other is not at and other.at_ns <= at.at_ns for other in faults)
    quick_ns = round(_PASSES_NS / setting.system.timing_scale)
    return round(setting.timing.call_s * 1e9) if held_up else max(quick_ns, 200_000_000)


def _recovers_ns(setting: Setting) -> int:
    """How long after a heal clients may still be coming back."""
    timing = setting.timing
    gone_s = max(timing.dead_peer_s, timing.upgrade_s + timing.register_s) + 1.15 * timing.backoff_max_s
    return round(gone_s * 1e9) + round(_EVENT_NS / setting.system.timing_scale)


# ---- work that nobody could see -------------------------------------------------------------------------------------


def _shows_nothing_asked(setting: Setting) -> bool:
    """Does the plan say itself that what screens show is not its subject?"""
    asked = {check.check for check in setting.words.checks}
    return bool(asked) and not asked & _FIRST_ROWS


def _unseen(setting: Setting, faults: list[_At]) -> Iterator[PlanError]:
    if setting.words.workload.seeded:
        return
    steps, path = _work(setting), ("workload", "script")
    opened = [step for step in steps if step.f in ("open", "switch")]
    if steps and not opened:
        said = "no mobile opens a screen: nothing that is shown can be judged"
        yield _warning(setting, path, said, "let one `open` a session of the jobs, or say in `checks` what is judged")
        return
    chunks = [step.at_ns for step in steps if step.f == "chunk"]
    first = faults[0] if faults else None
    if first is None or not chunks or max(chunks) >= first.at_ns:
        return
    desktops = {node.name for node in setting.system.nodes if node.role == "desktop"}
    later = [step for step in steps if step.at_ns >= first.at_ns]
    if not any(step.f in _SHOWING or step.node in desktops for step in later):
        said = f"the last chunk is written at {format_duration(max(chunks))}, before {first.name!r} begins"
        hint = "write some while it is active, or after: `stream: {for: 30s, every: 500ms}`"
        yield _warning(setting, path, f"{said}: no text can be judged from then on", hint)


def _warning(setting: Setting, path: Path, said: str, hint: str) -> PlanError:
    return PlanError(setting.document.value(path), said, hint, severity="warning")
