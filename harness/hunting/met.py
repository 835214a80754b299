"""What a run came across: for each fault, at the moment it began, what it fell upon.

A cell is a line such as `kill desktop | registered | streaming | list`: the action and the role it is aimed at, the
phase of that node's link, the state of the job that was written last, and a user's call under way. An occurrence
that met nothing has none.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from harness.history import History, Op

PHASES = ("down", "connecting", "open", "registered", "suspended")
JOBS = ("none", "waiting", "streaming", "ended", "deleted")
CALLS = ("idle", "open", "switch", "list", "get", "cancel", "delete", "background", "foreground", "write")
_STATES = {"closed": "down"}
_WAITING = frozenset({"created", "queued", "acknowledgedByWorker", "preparing", "preparingInput"})
_ENDED = frozenset({"completed", "completedByTag", "failed", "canceled"})


def cells(history: History) -> list[str]:
    """Each once, in the order in which they were met."""
    roles = {name: str(node.get("role")) for name, node in history.header.nodes.items()}
    sight = _Sight(roles)
    met = _exercised(history.ops)
    found: dict[str, None] = {}
    for op in history.ops:
        if op.f == "fault-begin" and (op.value["fault"], op.value["occurrence"]) in met:
            found.update(dict.fromkeys(sight.cells(op.value)))
        else:
            sight.see(op)
    return list(found)


def _exercised(ops: Iterable[Op]) -> set[tuple[str, int]]:
    heals = (op.value for op in ops if op.f == "fault-heal")
    return {(told["fault"], told["occurrence"]) for told in heals if told.get("exercised")}


class _Sight:
    """How things stand while the history is read."""

    def __init__(self, roles: dict[str, str]) -> None:
        self._roles = roles
        self._phases = dict.fromkeys(roles, "down")
        self._job = "none"
        self._calls: dict[str, str] = {}  # process → what it asks for

    def see(self, op: Op) -> None:
        if op.f == "link" and isinstance(op.value, dict) and op.node is not None:
            state = str(op.value.get("state"))
            self._phases[op.node] = _STATES.get(state, state)
        elif op.f == "commit" and op.type == "ok":
            self._job = _job_state(op, self._job)
        elif op.process.partition("/")[2] not in ("store", "replica", "journal", "final", "") and op.job != "":
            if op.type == "invoke":
                self._calls[op.process] = op.f if self._roles.get(op.node or "") == "mobile" else "write"
            else:
                self._calls.pop(op.process, None)

    def cells(self, told: dict[str, Any]) -> Iterator[str]:
        calls = dict.fromkeys(c for c in self._calls.values() if c in CALLS) or {"idle": None}
        for node in dict.fromkeys(_nodes(told)):
            phase = self._phases.get(node, "down") if self._roles.get(node) != "relay" else "registered"
            for call in calls:
                yield f"{told['action']} {self._roles.get(node, 'relay')} | {phase} | {self._job} | {call}"


def _nodes(told: dict[str, Any]) -> Iterator[str]:
    yield from told["nodes"]
    for direction in told["directions"]:
        yield from (end for end in direction.split("->") if end != "relay")


def _job_state(op: Op, before: str) -> str:
    said = op.value if isinstance(op.value, dict) else {}
    if said.get("f") == "delete":
        return "deleted"
    status = (said.get("set") or {}).get("status")
    if status is None:
        return "streaming" if said.get("f") == "chunk" else before
    return "waiting" if status in _WAITING else "ended" if status in _ENDED else "streaming"
