"""The events that a fault may wait for: `at: {after: registered, node: desktop-1, within: 200ms}`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from faults import Moment, Timed
from harness.plan.text.errors import PlanError, did_you_mean
from harness.plan.text.source import Document, Path
from harness.registry import close_matches
from harness.schedule import LINK_STATES, System
from harness.workload.calls import CALLS

OF_RECORDS: Final = ("commit", "observe")
MESSAGES: Final = ("register", "rpc-reply", "heartbeat", "presence", "error", "resumed")  # besides those with a colon


def known(role: str) -> list[str]:
    """What a plan may name of a node of this role, besides the types of messages."""
    calls = [do for do, call in CALLS.items() if role in call.ROLES]
    states = list(LINK_STATES) if role != "relay" else []
    records = {"desktop": ["commit"], "mobile": ["observe"]}.get(role, [])
    return [*states, *records, *calls]


def moment_problems(faults: Sequence[Timed], document: Document, system: System) -> Iterator[PlanError]:
    nodes = {node.name: node.role for node in system.nodes}
    for i, words in enumerate(faults):
        path: Path = ("faults", i, "at")
        moment = words.moment
        if moment is None:
            continue
        if moment.node not in nodes:
            hint = did_you_mean(close_matches(moment.node, nodes)) or f"there are: {', '.join(nodes)}"
            yield PlanError(document.value((*path, "node")), f"no node {moment.node!r} in this topology", hint)
        else:
            yield from _name_problems(moment, known(nodes[moment.node]), document, path)
        if words.every is not None or words.after is not None:
            key = "every" if words.every is not None else "after"
            yield PlanError(
                document.key(("faults", i, key)), f"a fault that waits for an event has no {key!r}", "leave one out"
            )


def _name_problems(moment: Moment, names: list[str], document: Document, path: Path) -> Iterator[PlanError]:
    name = moment.after
    if name in names or name in MESSAGES or ":" in name or "*" in name:
        return
    hint = did_you_mean(close_matches(name, [*names, *MESSAGES]))
    said = f"there are: {', '.join((*names, *MESSAGES))}, and types of messages such as rpc:job.list and job:*"
    yield PlanError(document.value((*path, "after")), f"no event of {moment.node} is called {name!r}", hint or said)
