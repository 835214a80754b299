"""Ops that may explain what follows, and how each is told and drawn: a reader for every kind of op that can."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Any

from harness.history import Op

_TOLD = 2  # what weighs no more is told among the steps, else only drawn
_EXPIRED = "4401"


@dataclass(frozen=True)
class Befell:
    """`short` stands in the picture, `told` among the steps. `weight`: 0 explains most. `far`: it lasts, and so counts
    however long before the steps it was."""

    time_ns: int
    node: str
    short: str
    told: str
    weight: int
    op: Op
    far: bool = False

    @property
    def is_told(self) -> bool:
        return self.weight <= _TOLD


@dataclass
class Around:
    """What is known of a history while it is read: whom it is about, and what came before."""

    nodes: Collection[str]
    jobs: Collection[str]
    devices: dict[str, str]
    stores: dict[str, str] = field(default_factory=dict)
    states: dict[str, str] = field(default_factory=dict)
    lost: set[str] = field(default_factory=set)  # who had a connection once, and lost it
    scopes: set[str] = field(default_factory=set)


def read(op: Op, around: Around) -> Befell | None:
    value = op.value if isinstance(op.value, dict) else {}
    reader = _KINDS.get(op.f)
    return reader(op, value, around) if reader is not None else None


def _link(op: Op, value: dict[str, Any], around: Around) -> Befell | None:
    node, state, reason = op.node or "", str(value.get("state")), str(value.get("reason") or "")[:120]
    before = around.states.get(node)
    around.states[node] = state
    around.lost |= {node} if state in ("closed", "suspended") else set()
    if node not in around.nodes:
        return None
    if state == "suspended":
        return Befell(op.time_ns, node, "goes to the background", f"{node} goes to the background", 1, op, True)
    if state == "closed" and before != "suspended":
        short = "token expired" if _EXPIRED in reason else "connection ends"
        told = f"{node}'s connection ends{f': {reason}' if reason else ''}"
        return Befell(op.time_ns, node, short, told, 0 if _EXPIRED in reason else 1, op, True)
    if state == "registered" and before != "registered" and node in around.lost:
        return Befell(op.time_ns, node, "connection stands", f"{node} is registered at the relay again", 2, op, True)
    return None


def _started(op: Op, value: dict[str, Any], around: Around) -> Befell | None:
    node = op.node or ""
    if node not in around.nodes:
        return None
    if op.f == "crashed":
        return Befell(op.time_ns, node, "crashes", f"{node}'s program crashes", 0, op, True)
    return Befell(op.time_ns, node, "starts anew", f"{node}'s program starts anew", 1, op, True)


def _recovered(op: Op, value: dict[str, Any], around: Around) -> Befell | None:
    node, store, head = op.node or "", str(value.get("store")), value.get("head")
    before = around.stores.get(node)
    around.stores[node] = store
    if node not in around.nodes or before in (None, store):
        return None
    told = f"{node} has a new, empty store: its revisions begin anew after {head}"
    return Befell(op.time_ns, node, "wiped: a new store", told, 0, op, True)


def _fault(op: Op, value: dict[str, Any], around: Around) -> Befell | None:
    """Faults are drawn as bands; they are told as well, since what follows has its cause there."""
    ways, nodes = _names(value.get("directions")), _names(value.get("nodes"))
    ends = {end for way in ways for end in way.split("->")}
    whom = [name for name in (*nodes, *sorted(ends)) if name in around.nodes]
    if not whom:
        return None
    name, begins = str(value.get("fault"))[:60], op.f == "fault-begin"
    where = ", ".join([*nodes, *(way.replace("->", "→") for way in ways)][:3])
    where = "" if all(part in name.replace("->", "→") for part in where.split(", ")) else f" ({where})"
    kills = value.get("action") in ("kill", "power") and begins
    action = str(value.get("action"))[:60]
    name += "" if action in name else f": {action}"
    told = f"fault {name}{where} {'begins' if begins else 'heals'}"
    weight = 1 if kills else 2 if begins else 3
    return Befell(op.time_ns, "", "kill" if kills else "fault", told, weight, op, kills)


def _names(value: object) -> list[str]:
    return [str(name) for name in value] if isinstance(value, list) else []


def _observe(op: Op, value: dict[str, Any], around: Around) -> Befell | None:
    node, kind = op.node or "", value.get("kind")
    if node not in around.nodes:
        return None
    if kind == "scope":
        return _scope(op, value, node, around)
    if kind == "listed":
        return Befell(op.time_ns, node, "list merged", f"{node} has merged the list of its screen", 3, op)
    if op.job not in around.jobs or kind == "evict":
        return None
    if kind == "remove":
        return Befell(op.time_ns, node, "removes it", f"{node} shows job {op.job} as deleted", 2, op)
    at = f" r{op.rev.n}" if op.rev is not None else ""
    return Befell(op.time_ns, node, f"shows{at}", f"{node} shows job {op.job}{at}", 3, op)


def _scope(op: Op, value: dict[str, Any], node: str, around: Around) -> Befell:
    changed = value.get("set")
    scope = changed.get("scope") if isinstance(changed, dict) else None
    shown = " ".join(f"{v}" for v in scope.values())[:40] if isinstance(scope, dict) else ""
    again = node in around.scopes
    around.scopes.add(node)
    if not shown:
        return Befell(op.time_ns, node, "screen closed", f"{node} closes its screen", 1, op, True)
    did, weight = ("switches to", 0) if again else ("opens", 3)
    return Befell(op.time_ns, node, f"{did} {shown}", f"{node} {did} the screen of {shown}", weight, op, True)


def _commit(op: Op, value: dict[str, Any], around: Around) -> Befell | None:
    node = op.node or ""
    if op.type != "ok" or op.job not in around.jobs or node not in around.nodes:
        return None
    f, n = str(value.get("f")), op.rev.n if op.rev is not None else 0
    if f == "retry":
        told = f"{node} retries job {op.job}: attempt {op.attempt} begins (revision {n})"
        return Befell(op.time_ns, node, f"attempt {op.attempt} begins", told, 0, op, True)
    told = f"{node} commits {f} of job {op.job}: revision {n}"
    return Befell(op.time_ns, node, f"{f} r{n}", told, 2 if f in ("delete", "create") else 3, op)


def _fetch(op: Op, value: dict[str, Any], around: Around) -> Befell | None:
    node, phase = op.node or "", value.get("phase")
    about, wanted = value.get("job"), around.jobs
    if node not in around.nodes or (about is not None and about not in wanted):
        return None
    what = "list" if value.get("what") == "list" else f"get of {str(about)[:20]}"
    if phase == "begin":
        told = f"{node} begins a {what} ({value.get('licence')})"
        return Befell(op.time_ns, node, f"{what} begins", told, 3, op)
    if phase == "ok":
        as_of = f", as of r{value['asOf']}" if isinstance(value.get("asOf"), int) else ""
        return Befell(op.time_ns, node, f"{what} answered{as_of}", f"{node}'s {what} is answered{as_of}", 3, op)
    error = value.get("error")
    why = f" ({error.get('code')})" if isinstance(error, dict) else ""
    return Befell(op.time_ns, node, f"{what} fails", f"{node}'s {what} fails{why}", 2, op)


def _cache(op: Op, value: dict[str, Any], around: Around) -> Befell | None:
    node, what = op.node or "", value.get("what")
    words = {
        "hit": ("answers from its cache", 1),
        "fill": ("fills its list cache", 2),
        "miss": ("reads for its cache", 3),
        "outdated": ("reads for its cache", 3),
        "refuse": ("refuses to fill its cache", 3),
        "invalidate": ("empties its cache", 3),
    }
    if node not in around.nodes or what not in words:
        return None
    short, weight = words[str(what)]
    return Befell(op.time_ns, node, short, f"{node} {short}", weight, op)


def _pending(op: Op, value: dict[str, Any], around: Around) -> Befell | None:
    if op.node not in around.nodes or (op.job or value.get("job")) not in around.jobs:
        return None
    f, phase = value.get("f"), value.get("phase")
    short = {"begin": f"shows {f} at once", "rolled-back": f"takes {f} back"}.get(str(phase), f"{f} {phase}")
    return Befell(op.time_ns, op.node or "", short, f"{op.node} {short}", 3 if phase == "begin" else 2, op)


def _call(op: Op, value: dict[str, Any], around: Around) -> Befell | None:
    if op.node not in around.nodes or value.get("phase") not in ("fail", "info"):
        return None
    error = value.get("error")
    code = f": {error.get('code')}" if isinstance(error, dict) else ""
    short = f"{value.get('method')} fails{code}"
    return Befell(op.time_ns, op.node or "", short, f"{op.node}'s {short}", 2, op)


def _trigger(op: Op, value: dict[str, Any], around: Around) -> Befell | None:
    if op.node not in around.nodes:
        return None
    detail = value.get("detail")
    short = f"notices {value.get('what')}{f' {detail}' if isinstance(detail, int) else ''}"
    return Befell(op.time_ns, op.node or "", short, f"{op.node} {short}", 3, op)


def _relay(op: Op, value: dict[str, Any], around: Around) -> Befell | None:
    """What the relay did to a client that takes part."""
    client = around.devices.get(str(value.get("device")).lower(), "")
    if client not in around.nodes or op.node is None:
        return None
    if op.f == "drop":
        short = f"drops {value.get('event')} for {client}"
        return Befell(op.time_ns, op.node, short, f"{op.node} {short}", 1, op)
    if value.get("state") == "registered":
        return None
    weight = 1 if value.get("state") == "replaced" else 3
    short = f"{value.get('state')}: {client}"
    return Befell(
        op.time_ns, op.node, short, f"{op.node}: the connection of {client} is {value.get('state')}", weight, op
    )


_KINDS: dict[str, Callable[[Op, dict[str, Any], Around], Befell | None]] = {
    "link": _link,
    "started": _started,
    "crashed": _started,
    "recovered": _recovered,
    "fault-begin": _fault,
    "fault-heal": _fault,
    "observe": _observe,
    "commit": _commit,
    "fetch": _fetch,
    "cache": _cache,
    "pending": _pending,
    "call": _call,
    "trigger": _trigger,
    "conn": _relay,
    "drop": _relay,
}
