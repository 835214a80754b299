"""What the relay owes to those who listen: gaps after drops, presence and heads at registrations.

It is judged by order alone. A mailbox is a queue, so what the relay accepted after it came to owe something must not
enter the wire before it. Accepted later are: an event whose every delivery by the relay is later, a head that reached
the relay later, the answer to a call that reached the relay later. What the relay journals itself is on the clock of
what it owes; only what nobody but a tap tells must be later by more than clocks are apart.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from checkers.traffic.merged import Merged, said
from checkers.words.findings import Findings, Proof, Story, told
from harness.history import Op, Tap

_WORDS = {
    "gap": "dropped an event for {to} and went on with {what} without announcing the gap",
    "presence": "had the registration of {about} and went on with {what} to {to} without saying that it is online",
    "head": "had a new registration of {to} and went on with {what} without the latest head of {about}",
}


@dataclass(slots=True)
class Owed:
    what: str  # gap, presence, head
    about: str  # a device; empty for gaps
    since_ns: int
    op: Op


class Tellings:
    def __init__(self, judge: Merged, findings: Findings, hardened: dict[str, bool]) -> None:
        self._judge, self._findings = judge, findings
        nodes = judge.header.nodes
        self._relay = next((name for name, node in nodes.items() if node.get("role") == "relay"), "relay")
        self._judges = hardened.get(self._relay, True)
        self._nodes: dict[str, str] = {}  # device → node
        self._device: dict[str, str] = {}
        for name, node in nodes.items():
            if node.get("role") in ("desktop", "mobile"):
                device = str(node.get("device_id") or name).lower()
                self._nodes[device], self._device[name] = name, device
        self._conns: dict[str, int] = {}
        self._owed: dict[str, list[Owed]] = {}  # mobile node →
        self._first: dict[tuple[str, str], int] = {}  # (kind, name) → when the relay had it first
        self._heads: dict[str, int] = {}  # device → when the relay had its first head
        self.told: Counter[str] = Counter()

    # ---- what comes to be owed --------------------------------------------------------------------------------------

    def op(self, op: Op) -> None:
        if not self._judges:
            return
        if op.f == "deliver":
            self._first.setdefault(("event", str(said(op).get("msg"))), op.time_ns)
        elif op.f == "rpc":
            if op.node == self._relay and said(op).get("outcome") == "forwarded":
                self._first.setdefault(("forwarded", str(said(op).get("corr"))), op.time_ns)
        elif op.f == "drop":
            line = said(op)
            node = self._nodes.get(str(line.get("device")).lower())
            if node is not None and str(line.get("event")).startswith("job:"):
                self._owe(node, Owed("gap", "", op.time_ns, op))
        elif op.f == "conn":
            self._conn(op)
        elif op.node == self._relay and op.f == "started":
            self._restarted()
        elif op.f == "fault-begin" and said(op).get("action") == "kill":
            nodes = said(op).get("nodes")
            if isinstance(nodes, list) and self._relay in nodes:
                self._restarted()

    def _conn(self, op: Op) -> None:
        line = said(op)
        device, number = str(line.get("device")).lower(), line.get("conn")
        node = self._nodes.get(device)
        if node is None or not isinstance(number, int):
            return
        if line.get("state") != "registered":
            if self._conns.get(device) == number:
                del self._conns[device]
                self._gone(node, device)
            return
        if device in self._conns:
            self._gone(node, device)
        self._conns[device] = number
        for other in list(self._conns):
            self._meet(node, self._nodes[other], op)

    def _meet(self, newcomer: str, other: str, op: Op) -> None:
        """Each is told of the other; only what mobiles are owed is judged."""
        nodes = self._judge.header.nodes
        if newcomer == other or nodes[newcomer].get("user") != nodes[other].get("user"):
            return
        if nodes[other].get("role") == "mobile" and nodes[newcomer].get("role") == "desktop":
            self._owe(other, Owed("presence", self._device[newcomer], op.time_ns, op))
        if nodes[newcomer].get("role") == "mobile" and nodes[other].get("role") == "desktop":
            device = self._device[other]
            self._owe(newcomer, Owed("presence", device, op.time_ns, op))
            had_ns = self._heads.get(device)
            if had_ns is not None and had_ns + self._judge.slack_ns < op.time_ns:
                self._owe(newcomer, Owed("head", device, op.time_ns, op))

    def _gone(self, node: str, device: str) -> None:
        """What it was owed is void, and that it is online is no longer to be said."""
        self._owed.pop(node, None)
        for owed in self._owed.values():
            owed[:] = [o for o in owed if o.what != "presence" or o.about != device]

    def _restarted(self) -> None:
        """A relay keeps nothing."""
        self._conns.clear()
        self._owed.clear()
        self._heads.clear()

    def _owe(self, node: str, owed: Owed) -> None:
        mine = self._owed.setdefault(node, [])
        if not any((o.what, o.about) == (owed.what, owed.about) for o in mine):
            mine.append(owed)

    # ---- what is told -----------------------------------------------------------------------------------------------

    def wire(self, tap: Tap) -> None:
        if not self._judges:
            return
        source, _, target = tap.link.partition("->")
        if tap.side == "out":
            if target == self._relay:
                self._arrived(source, tap)
        elif source == self._relay and target in self._owed:
            self._left(target, tap)

    def _arrived(self, source: str, tap: Tap) -> None:
        kind = "head" if tap.type == "sync:head" else "call" if tap.type.startswith("rpc:") else None
        if kind is None:
            return
        name = f"{source}/{tap.msg}" if kind == "head" else str(tap.msg)
        self._first.setdefault((kind, name), tap.time_ns)
        if kind == "head":
            self._heads.setdefault(self._device.get(source, source), tap.time_ns)
            self._replaced(self._device.get(source, source), tap.time_ns - self._judge.slack_ns)

    def _replaced(self, device: str, at_ns: int) -> None:
        """A head that waits makes way for a newer one, which goes behind the events that came meanwhile: from then on
        nobody can say what has to come after it."""
        for mine in self._owed.values():
            mine[:] = [o for o in mine if (o.what, o.about) != ("head", device) or o.since_ns >= at_ns]

    def _left(self, node: str, tap: Tap) -> None:
        mine = self._owed[node]
        if not mine:
            return
        told_now = self._what(tap)
        if told_now is not None:
            kept = [o for o in mine if (o.what, o.about) != told_now]
            self.told[told_now[0]] += len(mine) - len(kept)
            self._judge.count(len(mine) - len(kept))
            mine[:] = kept
        accepted_ns = self._accepted(tap)
        if accepted_ns is None:
            return
        for owed in [o for o in mine if o.since_ns < accepted_ns]:
            mine.remove(owed)
            self._untold(owed, node, tap)

    def _what(self, tap: Tap) -> tuple[str, str] | None:
        if tap.type == "sync:gap":
            return "gap", ""
        if tap.type == "sync:head":
            return "head", tap.source or ""
        if tap.type == "presence" and (tap.msg or "").startswith("online"):
            return "presence", tap.source or ""
        return None

    def _accepted(self, tap: Tap) -> int | None:
        """When the relay had first what leaves now, at the earliest by the relay's clock; None: nobody knows, or it is
        none of those that wait in turn."""
        if tap.type.startswith("job:"):
            return self._first.get(("event", str(tap.msg)))
        key = ("call", str(tap.msg))
        if tap.type == "sync:head":
            key = ("head", f"{self._nodes.get(tap.source or '', '')}/{tap.msg}")
        elif tap.type != "rpc-reply":
            return None
        forwarded_ns, seen_ns = self._first.get(("forwarded", str(tap.msg))), self._first.get(key)
        if tap.type == "rpc-reply" and forwarded_ns is not None:
            return forwarded_ns
        return seen_ns - self._judge.slack_ns if seen_ns is not None else None

    def _untold(self, owed: Owed, node: str, tap: Tap) -> None:
        about = self._nodes.get(owed.about, owed.about)
        what = {"rpc-reply": "an answer", "sync:head": "a head"}.get(tap.type, tap.type)
        words = _WORDS[owed.what].format(to=node, about=about, what=what)
        at = self._judge.ledger.at

        def tell() -> Story:
            message = f"the relay {words} ({at(owed.since_ns)}, {at(tap.time_ns)})"
            first = f"the relay drops an event for {node}" if owed.what == "gap" else "a device registers at the relay"
            story: list[tuple[Proof, str]] = [(owed.op, first), (tap, f"{what} enters the wire to {node}")]
            return Story(message, {"node": node, "story": told(story)})

        self._findings.add(f"untold-{owed.what}", owed.op, [owed.op], tell)
