"""Failures told apart: a checker and its reason, and the shape of the smallest plan that shows it.

One reason may have many causes; each has a smallest plan of its own. Its shape is what is left of that plan without
names, times and numbers: who does what, in which order, and what goes wrong where.
"""

from __future__ import annotations

import re
import tempfile
import time
from pathlib import Path

import msgspec

from harness import plan as plans
from harness import registry
from harness.hunting.pool import Died
from harness.night.ledger import Least
from harness.plan import Plan, PlanErrors
from harness.report.told import words
from harness.runs.keep import DEFAULT_RUNTIME
from harness.schedule import decode_schedule
from harness.shrink import Clue, NotShrinkable, OutOfTime, Unwritable, Wanted, clues, smallest
from harness.store import rundir
from harness.verdict import Verdict

_RUNS = 300  # for each kind of one run
NO_TIME = "the budget was over"


class Failing(msgspec.Struct, frozen=True, kw_only=True):
    """One failure of one run, as it travels to who looks for its smallest plan. `topology` is the text of a file."""

    run: str
    check: str
    reason: str
    schedule: bytes
    plan: str
    topology: str | None
    message: str
    story: list[str]
    clue: Clue | None  # what the run tells of it
    until_s: float | None  # wall clock, Unix seconds


def failing(directory: Path, until_s: float | None) -> list[Failing]:
    """What is INVALID in a run that was kept. Raises `HistoryError` for files that are damaged."""
    stored = rundir.read_run(directory)
    known = clues(stored.results, stored.history)
    wrong = [result for result in words.in_order(stored.results) if result.verdict is Verdict.INVALID]
    return [
        Failing(
            run=stored.record.id,
            check=check,
            reason=reason,
            schedule=(directory / "schedule.jsonl").read_bytes(),
            plan=rundir.read_plan_text(directory),
            topology=rundir.read_topology_text(directory),
            message=result.message if reason == result.reason else words.reason(check, reason),
            story=words.sentences(result) if reason == result.reason else [],
            clue=known.get((check, reason)),
            until_s=until_s,
        )
        for result in wrong
        for check, reason in result.signatures
    ]


def look(one: Failing) -> Least:
    """In a worker: the smallest plan, or why there is none."""
    found = Least(check=one.check, reason=one.reason, run=one.run, message=one.message, story=one.story)
    with tempfile.TemporaryDirectory(prefix="jobsync-harness-night-") as folder:
        topology = None
        if one.topology is not None:
            topology = Path(folder) / "topology.yaml"
            topology.write_text(one.topology, encoding="utf-8")
        try:
            least = smallest(
                decode_schedule(one.schedule),
                one.plan,
                Wanted(one.check, one.reason),
                registry.find("runtime", DEFAULT_RUNTIME),
                topology=topology,
                folder=Path(folder),
                most_runs=_RUNS,
                clue=one.clue,
                is_over=lambda: one.until_s is not None and time.time() >= one.until_s,
            )
            found.shape = shape(plans.parse(least.plan, beside=Path(folder)))
        except OutOfTime:
            found.why = NO_TIME
        except (NotShrinkable, Unwritable, PlanErrors) as exc:
            found.why = str(exc)
        else:
            found.plan, found.calls, found.faults = least.plan, least.calls, least.faults
            found.complete = least.complete
    return found


def of_died(one: Failing, died: Died) -> Least:
    return Least(check=one.check, reason=one.reason, run=one.run, message=one.message, story=one.story, why=died.why)


def shape(plan: Plan) -> str:
    """`open create chunk / loss relay->mobile job:*`."""
    said = plan.words
    calls = [str(call.do) for call in said.workload.script or ()]
    faults = sorted(_fault(fault.model_dump(mode="json", exclude_unset=True)) for fault in said.faults)
    return " ".join(calls or ["silence"]) + "".join(f" / {fault}" for fault in faults)


def _fault(words: dict[str, object]) -> str:
    where = [*_list(words.get("links")), *_list(words.get("nodes")), *_list(words.get("clients"))]
    match = words.get("match")
    about = str(match.get("type", "")) if isinstance(match, dict) else ""
    return " ".join([str(words["action"]), *dict.fromkeys(map(_role, where)), *([about] if about else [])])


def _list(value: object) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list) else []


def _role(name: str) -> str:
    """`relay->mobile-2` is `relay->mobile`: which of several does not matter."""
    return re.sub(r"-\d+\b", "", name)
