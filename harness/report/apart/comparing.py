"""Two runs side by side: what one has and the other has not.

Only what differs is told, and how much is the same. `parting` has the first event at which they part.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from harness.history import Header, History
from harness.judging import ladder
from harness.report.apart.parting import Parting, names_of, part, plain
from harness.report.told import words
from harness.schedule import profile_name
from harness.store.rundir import StoredRun
from harness.verdict import CheckResult

Signature = tuple[str, str]
MOST_STATES = 60  # differences of final states that are told
_MOST_LETTERS = 300
_NOTHING = "–"


@dataclass(frozen=True)
class Pair:
    """One thing, as each run has it."""

    name: str
    first: str
    second: str


@dataclass(frozen=True)
class Comparison:
    """`facts` of the runs, `checks` (what each checker says), `messages` (how many of each type went into links) and
    `states` (what replicas and stores hold in the end): each what differs. `more_states`: differences left out.
    `same`: names of the facts that both share. `parting`: the first event at which they part; `visible`: the same, but
    for what components only noted in their journals."""

    facts: list[Pair]
    same: list[str]
    checks: list[Pair]
    only_first: list[Signature]
    only_second: list[Signature]
    both: list[Signature]
    messages: list[Pair]
    states: list[Pair]
    more_states: int = 0
    parting: Parting | None = None
    visible: Parting | None = None
    ops: tuple[int, int] = (0, 0)

    @property
    def alike(self) -> bool:
        """Nothing differs that happened."""
        return not (self.checks or self.messages or self.states or self.parting)


def compare(first: StoredRun, second: StoredRun, *, times: bool = False) -> Comparison:
    """With `times` two events of which one came later are different."""
    facts = _pairs(_facts(first), _facts(second))
    mine, theirs = ([s for r in run.results for s in r.signatures] for run in (first, second))
    one, other = first.history or _NOTHING_HAPPENED, second.history or _NOTHING_HAPPENED
    states = list(_states(one, other))
    return Comparison(
        facts=_differing(facts),
        same=[fact.name for fact in facts if fact.first == fact.second],
        checks=_differing(_pairs(_said(first.results), _said(second.results))),
        only_first=[signature for signature in mine if signature not in theirs],
        only_second=[signature for signature in theirs if signature not in mine],
        both=[signature for signature in mine if signature in theirs],
        messages=_differing(_pairs(_messages(one), _messages(other), nothing="0")),
        states=states[:MOST_STATES],
        more_states=max(0, len(states) - MOST_STATES),
        parting=part(one, other, times=times),
        visible=part(one, other, times=times, journals=False),
        ops=(len(one.ops), len(other.ops)),
    )


_NOTHING_HAPPENED = History(header=Header(plan="", seed=0, runtime="", profile=""), ops=[])


def _facts(run: StoredRun) -> dict[str, str]:
    record, system = run.record, run.schedule.system
    history = run.history
    lasted_ns = history.ops[-1].time_ns - history.ops[0].time_ns if history is not None and history.ops else 0
    return {
        "plan": record.plan,
        "plan's text": f"SHA-256 {record.plan_sha256[:16]}…",
        "seed": str(record.seed),
        "profile": profile_name(record.profile, record.with_, record.without),
        "runtime": record.runtime,
        "nodes": ", ".join(node.name for node in system.nodes),
        "faults": str(len(run.schedule.faults)),
        "calls": str(len(run.schedule.steps)),
        "verdict": str(record.verdict or "none"),
        "consistency": str(ladder.strongest(run.results) or "not judged"),
        "stopped before its end": "yes" if record.interrupted else "no",
        "trace": f"{record.trace_hash[:16]}…" if record.trace_hash else "not hashed",
        "lasted": words.seconds(lasted_ns),
        "commit of the harness": record.git_commit or "installed",
        **{f"version of {name}": version for name, version in record.versions.items()},
        "machine": " ".join(str(said) for said in record.machine.values()),
    }


def _said(results: Iterable[CheckResult]) -> dict[str, str]:
    """Checker → verdict and reasons."""
    return {
        result.check: ", ".join(filter(None, [str(result.verdict or "not judged"), result.reason, *result.others]))
        for result in results
    }


def _messages(history: History) -> dict[str, str]:
    """Type of message → how many went into links."""
    counted = Counter(tap.type or "?" for tap in history.taps if tap.side == "in")
    return {name: f"{n:,}" for name, n in sorted(counted.items())}


def _pairs(first: dict[str, str], second: dict[str, str], nothing: str = _NOTHING) -> list[Pair]:
    names = dict.fromkeys([*first, *second])
    return [Pair(name, first.get(name, nothing), second.get(name, nothing)) for name in names]


def _differing(pairs: Iterable[Pair]) -> list[Pair]:
    return [pair for pair in pairs if pair.first != pair.second]


# ---- what is held in the end ----------------------------------------------------------------------------------------


def _states(first: History, second: History) -> Iterator[Pair]:
    mine, theirs = _finals(first), _finals(second)
    for node in dict.fromkeys([*mine, *theirs]):
        for at, one, other in _differences(mine.get(node), theirs.get(node), ""):
            where = at.removeprefix(".").removeprefix("jobs.")
            yield Pair(f"{node}: {where}" if where else node, _brief(one), _brief(other))


def _finals(history: History) -> dict[str, Any]:
    """Desktop or mobile → what was read of it in the end, but for what it counts."""
    names = names_of(history)
    relays = {name for name, node in history.header.nodes.items() if node.get("role") == "relay"}
    return {
        op.node: {name: value for name, value in plain(op.value, names).items() if name != "gauges"}
        for op in history.ops
        if (op.f, op.type) == ("final", "ok") and op.node is not None and op.node not in relays
        if isinstance(op.value, dict)
    }


def _differences(one: Any, other: Any, at: str) -> Iterator[tuple[str, Any, Any]]:
    if isinstance(one, dict) and isinstance(other, dict):
        for name in dict.fromkeys([*one, *other]):
            yield from _differences(one.get(name), other.get(name), f"{at}.{name}")
    elif one != other:
        yield at, one, other


def _brief(value: Any) -> str:
    if value is None:
        return _NOTHING
    return words.shortened(json.dumps(value, ensure_ascii=False, default=str), _MOST_LETTERS)
