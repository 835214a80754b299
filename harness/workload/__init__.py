"""Who does what when: client calls on desktops and mobiles, from named random streams or from an exact script.

`words` is what a plan may say · `calls` the calls of a script · `content` the texts · `desktop`, `mobile` the seeded
clients · `lives` of jobs · `fields` from their whole domain · `lasting` streams · `crossing`: calls that meet others
· `tagged`, `shown` (what models and screens need). `steps` puts them together; `cut_at` ends them all at one time.

May use: `harness`, `faults`.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from harness.schedule import Step, System
from harness.seeds import Dice
from harness.workload.calls import has_its_session, scripted
from harness.workload.crossing import crossings
from harness.workload.desktop import DesktopClient
from harness.workload.mobile import MobileUser, Target
from harness.workload.words import Workload

__all__ = ["LAST_SHARE", "Workload", "cut_at", "scripted_steps", "steps"]

_START_NS = 150_000_000  # the mobiles open their screens first
LAST_SHARE = 0.96  # of the duration: the last calls return before the faults heal


def steps(workload: Workload, system: System, duration_ns: int, dice: Dice) -> list[Step]:
    """All calls of a run in the order of their times. Pure: equal arguments, equal steps."""
    found = scripted(workload.script, system)
    if workload.seeded:
        found += _seeded(workload, system, round(duration_ns * LAST_SHARE), dice)
    return sorted(found, key=lambda step: (step.at_ns, step.process))


def scripted_steps(workload: Workload, system: System) -> list[Step]:
    """The script's calls that the system's nodes can make, in the order of their times; others are told elsewhere."""
    roles = {node.name: node.role for node in system.nodes}
    able = [call for call in workload.script if roles.get(call.node) in call.ROLES]
    return sorted(scripted([c for c in able if has_its_session(c, system)], system), key=lambda step: step.at_ns)


def _seeded(workload: Workload, system: System, end_ns: int, dice: Dice) -> list[Step]:
    found: list[Step] = []
    targets: dict[str, list[Target]] = {}
    letters = _letters()
    for node in (n for n in system.nodes if n.role == "desktop"):
        targets[node.name] = []
        for user in range(workload.users):
            jobs = len(range(user, workload.jobs, workload.users))
            client = DesktopClient(workload, node, user, next(letters), jobs, dice)
            found += client.steps(_START_NS, end_ns)
            targets[node.name] += client.targets
    for node in (n for n in system.nodes if n.role == "mobile"):
        desktop = system.node(str(node.desktop))
        found += MobileUser(workload, node, desktop, targets[desktop.name], dice).steps(end_ns)
    return found + crossings(workload, system, found, end_ns, dice)


def _letters() -> Iterator[str]:
    """Prefixes of job names, one per client: a, b, … z, aa, ab, …"""
    for length in itertools.count(1):
        for letters in itertools.product("abcdefghijklmnopqrstuvwxyz", repeat=length):
            yield "".join(letters)


def cut_at(found: list[Step], end_ns: int) -> list[Step]:
    """The steps up to `end_ns`. A mobile's step that only its next one would undo goes as well."""
    kept = [step for step in found if step.at_ns <= end_ns]
    last = {step.process: step for step in kept}
    away = {id(step) for step in last.values() if step.f in ("background", "close")}
    return [step for step in kept if id(step) not in away]
