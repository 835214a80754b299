"""Heads that leave their desktop before an event that they speak of: whoever reads one fetches what is on its way.

Two ways to see it. By time: no event of such a revision had been handed to the link, as far as clocks can tell. By
order: an event that was handed to a link that was up enters the wire of that link after the head.
"""

from __future__ import annotations

from collections import deque

from checkers.traffic.merged import Merged, said
from checkers.traffic.phones import rev_of
from checkers.words.findings import Findings, Moment, Story, told
from harness.history import Op, Tap

Store = tuple[str, str]  # desktop, its database; "" when nobody said which: each counts in its own
_Head = tuple[int, int]  # the revision that it names, when it left


class EarlyHeads:
    def __init__(self, judge: Merged, findings: Findings) -> None:
        self._judge, self._findings = judge, findings
        self._stores: dict[str, str] = {}  # desktop → its database
        self._handed: dict[Store, tuple[int, Op]] = {}  # the last revision handed to the link
        self._heads: deque[tuple[int, Store, int]] = deque()  # (time, whose, revision), not judged yet
        self._lives: dict[str, int] = {}  # desktop → how often its link was registered; 0: it is down
        self._registrations: dict[str, int] = {}
        self._conns: dict[str, list[int]] = {}  # desktop → connections on which it was told that it is registered
        self._onto_link: dict[tuple[str, str], tuple[int, Op]] = {}  # (desktop, message) → (life, handed over)
        self._said: dict[tuple[str, int], dict[str, list[_Head]]] = {}  # (desktop, connection) → its heads by database
        self._seen: set[tuple[str, str]] = set()  # (desktop, message): it has entered the wire
        self._overtaken: list[tuple[str, str, int, Store, _Head]] = []  # (desktop, message, connection, whose, head)

    def op(self, op: Op) -> None:
        line, node = said(op), op.node or ""
        if self._heads:
            self._judge_heads(op.time_ns)
        if op.f == "emit":
            if line.get("bus") == "link" and isinstance(rev := line.get("rev"), int):
                self._hand(op, rev)
                if life := self._lives.get(node):
                    self._onto_link[node, str(line.get("msg"))] = (life, op)
        elif op.f == "link":
            self._link(node, line.get("state") == "registered")
        elif op.f == "recovered":
            if isinstance(store := line.get("store"), str):
                self._stores[node] = store
            if isinstance(head := line.get("head"), int):
                self._hand(op, head)

    def _hand(self, op: Op, rev: int) -> None:
        store = (op.node or "", self._stores.get(op.node or "", ""))
        former = self._handed.get(store)
        self._handed[store] = (max(rev, former[0]) if former is not None else rev, op)

    def _link(self, node: str, up: bool) -> None:
        if up:
            self._registrations[node] = self._registrations.get(node, 0) + 1
        self._lives[node] = self._registrations[node] if up else 0

    # ---- the wire -------------------------------------------------------------------------------------------------

    def registered(self, tap: Tap) -> None:
        """A desktop is told that it is registered."""
        self._conns.setdefault(tap.link.rpartition("->")[2], []).append(tap.conn)

    def leaves(self, tap: Tap) -> None:
        """A head or an event leaves its desktop."""
        node = tap.link.partition("->")[0]
        if tap.type != "sync:head":
            self._event(node, str(tap.msg), tap.conn)
        elif (rev := rev_of(tap.msg)) is not None:
            self._judge_heads(tap.time_ns)
            store = (node, (tap.msg or "").rpartition("/")[0])
            self._heads.append((tap.time_ns, store, rev))
            heads = self._said.setdefault((node, tap.conn), {}).setdefault(store[1], [])
            if not heads or heads[-1][0] < rev:
                heads.append((rev, tap.time_ns))

    def _event(self, node: str, msg: str, conn: int) -> None:
        carried = self._judge.ledger.emitted.event(node, msg)
        if carried is None or (node, msg) in self._seen:
            return
        self._seen.add((node, msg))
        for store, heads in self._said.get((node, conn), {}).items():
            if carried.store in (None, store) and heads[-1][0] >= carried.rev:
                head = next(head for head in heads if head[0] >= carried.rev)
                self._overtaken.append((node, msg, conn, (node, store), head))

    # ---- judging --------------------------------------------------------------------------------------------------

    def close(self) -> None:
        self._judge_heads(None)
        for node, msg, conn, store, (rev, time_ns) in self._overtaken:
            life, op = self._onto_link.get((node, msg), (0, None))
            carried = self._judge.ledger.emitted.event(node, msg)
            if op is not None and carried is not None and self._conns.get(node, [])[life - 1 : life] == [conn]:
                self._early(op, carried.rev - 1, time_ns, store, rev)

    def _judge_heads(self, now_ns: int | None) -> None:
        """Those whose instant is over: what was journaled at that instant has been read."""
        slack_ns = 2 * self._judge.slack_ns
        while self._heads and (now_ns is None or self._heads[0][0] + slack_ns < now_ns):
            time_ns, store, rev = self._heads.popleft()
            known = self._handed.get(store) or self._handed.get((store[0], ""))
            if known is not None and rev > known[0]:
                self._early(known[1], known[0], time_ns, store, rev)

    def _early(self, op: Op, handed: int, time_ns: int, store: Store, rev: int) -> None:
        node, after = store[0], handed < (said(op).get("rev") or 0)

        def tell() -> Story:
            message = (
                f"{node} sent a head at {self._judge.ledger.at(time_ns)} that names revision {rev}, when the last "
                f"event handed to its link was of revision {handed}: whoever reads it fetches what is on its way"
            )
            event = (op, f"{node} hands the event of revision {handed + 1 if after else handed} to its link")
            head = (Moment(time_ns, node, msg=f"{store[1]}/{rev}"), f"a head says {rev}")
            return Story(message, {"node": node, "story": told([head, event] if after else [event, head])})

        self._findings.add("early-head", op, [op], tell)
