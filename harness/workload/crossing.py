"""Calls that meet others: several of one phone at once, and readers around whatever changes what they read.

They are made by users of their own (`mobile-1/crossing`, `mobile-1/reader`), so that they wait for nobody.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any

from harness.schedule import Node, Step, System
from harness.seeds import Dice
from harness.workload.words import Workload

_EARLIER_NS, _LATER_NS = 25_000_000, 60_000_000  # how far from the other call: a few round trips
_MET = frozenset({"create", "delete", "retry", "cancel"})
_LISTS: tuple[dict[str, Any], ...] = ({}, {}, {}, {"bypassCache": True}, {"statusFilter": ["failed", "canceled"]})


def crossings(workload: Workload, system: System, found: list[Step], end_ns: int, dice: Dice) -> list[Step]:
    """The calls that meet those in `found`, none later than `end_ns`."""
    mobiles = [node for node in system.nodes if node.role == "mobile" and node.name in {s.node for s in found}]
    made = [
        *(step for node in mobiles for step in _at_once(workload, node, found, dice)),
        *(step for node in mobiles for step in _readers(workload, node, system, found, dice)),
    ]
    return [step for step in made if step.at_ns <= end_ns]


def _at_once(workload: Workload, node: Node, found: list[Step], dice: Dice) -> Iterator[Step]:
    random = dice.stream(f"workload:{node.name}/crossing")
    jobs = [s.value["jobId"] for s in found if s.f == "create" and s.node == node.desktop]
    for step in (s for s in found if s.node == node.name):
        share, at_ns = random.random(), _near(step, random)
        f, value = _call(step, jobs, random)
        if share < workload.crossed:
            yield Step(at_ns=at_ns, process=f"{node.name}/crossing", node=node.name, f=f, value=value)


def _call(step: Step, jobs: list[str], random: Random) -> tuple[str, dict[str, Any]]:
    """A list, or something about the job of the other call, or about any that there is some time."""
    kind = random.choice(("list", "list", "get", "get", "cancel"))
    job = step.value.get("jobId") or (random.choice(jobs) if jobs else None)
    if kind == "list" or job is None:
        return "list", dict(random.choice(_LISTS))
    return kind, {"jobId": job}


def _readers(workload: Workload, node: Node, system: System, found: list[Step], dice: Dice) -> Iterator[Step]:
    random = dice.stream(f"workload:{node.name}/reader")
    family = {node.desktop, *(n.name for n in system.nodes if n.role == "mobile" and n.desktop == node.desktop)}
    for step in (s for s in found if s.node in family and (s.f in _MET or s.value.get("legacy"))):
        share = random.random()
        times_ns = sorted((_near(step, random), _near(step, random)))
        if share >= workload.readers:
            continue
        for at_ns in times_ns:
            gets = random.random() < (0.8 if step.value.get("legacy") else 0.3)
            value = {"jobId": step.value["jobId"]} if gets else {}
            yield Step(
                at_ns=at_ns, process=f"{node.name}/reader", node=node.name, f="get" if gets else "list", value=value
            )


def _near(step: Step, random: Random) -> int:
    return max(0, step.at_ns - _EARLIER_NS + round((_EARLIER_NS + _LATER_NS) * random.random()))
