"""Judges a relay that journals nothing by what was overheard of it, and says what could not be judged so."""

from __future__ import annotations

from typing import Any

from checkers.duties.relays.overheard import LEVEL, Overheard, Unsaid
from checkers.duties.relays.overheard_calls import ForwardedCalls, Unanswered
from checkers.traffic.bounds import bounds
from checkers.traffic.merged import Merged, said
from checkers.words.findings import Findings, Moment, Proof, Story, told
from harness.history import Op, Tap

_REASONS = "untold-gap, untold-presence, untold-head, forwarded-call"


class Listening:
    """`on`: the relay is bound by the hardened rules and says nothing of what it does."""

    def __init__(self, judge: Merged, findings: Findings, hardened: dict[str, bool]) -> None:
        self._judge, self._findings = judge, findings
        header, limits = judge.header, bounds(judge.header)
        relays = {name: node for name, node in header.nodes.items() if node.get("role") == "relay"}
        levels = [node.get("level") for node in relays.values()]
        silent = bool(relays) and not any(isinstance(level, int) and level >= LEVEL for level in levels)
        self.on = silent and all(hardened.get(name, True) for name in relays)
        self._wire = Overheard(header, limits) if self.on and limits is not None else None
        self._calls = ForwardedCalls(header, limits) if self.on and limits is not None else None
        self._emitted: dict[tuple[str | None, str], Op] = {}  # (desktop, message) → its line
        self._last: Op | None = None

    def tap(self, tap: Tap) -> None:
        if self._wire is not None and self._calls is not None:
            self._wire.tap(tap)
            self._calls.tap(tap)

    def op(self, op: Op) -> None:
        self._last = op
        if self._calls is not None:
            self._calls.op(op)
            if op.f == "emit":
                self._emitted.setdefault((op.node, str(said(op).get("msg"))), op)

    def finish(self) -> dict[str, Any]:
        """What was judged, for the details of the result."""
        if not self.on:
            return {}
        if self._wire is None or self._calls is None or not self._judge.tapped or self._last is None:
            return {"relay": f"not judged, as it journals nothing and no taps tell: {_REASONS}"}
        for unsaid in self._wire.unsaid():
            if not unsaid.calm or self._calls.calm(unsaid.node, unsaid.since_ns, unsaid.until_ns):
                self._unsaid(unsaid, self._last)
        for call in self._calls.unanswered():
            self._unanswered(call)
        overheard = {**dict(sorted(self._wire.told.items())), "calls of a desktop that went": self._calls.judged}
        return {"relay": "judged by the wire: it journals nothing", "overheard": overheard}

    def _unsaid(self, unsaid: Unsaid, last: Op) -> None:
        at = self._judge.ledger.at
        op = self._emitted.get((unsaid.about, unsaid.msg or ""), last)
        message = f"the relay {unsaid.message} (from {at(unsaid.since_ns)} to {at(unsaid.until_ns)})"

        def tell() -> Story:
            proof = [(op, f"{unsaid.about} emits it")] if op is not last else []
            seen = Moment(unsaid.until_ns, unsaid.node, msg=unsaid.msg)
            return Story(message, {"node": unsaid.node, "story": told([*proof, (seen, message)])})

        self._findings.add(unsaid.reason, op, [op], tell)

    def _unanswered(self, call: Unanswered) -> None:
        at, method = self._judge.ledger.at, said(call.begun).get("method")
        message = (
            f"the relay lost {call.desktop} at {at(call.lost_ns)} and never answered {call.node}'s {method}, "
            f"forwarded to it before: it ran into its time-out at {at(call.ended.time_ns)}"
        )

        def tell() -> Story:
            gone = (Moment(call.lost_ns, call.desktop), f"{call.desktop} is gone, and the relay has noticed")
            lines: list[tuple[Proof, str]] = [
                (call.begun, f"{call.node} calls {method}"),
                gone,
                (call.ended, "it runs into its time-out"),
            ]
            return Story(message, {"node": call.node, "story": told(lines)})

        self._findings.add("forwarded-call", call.ended, [call.begun, call.ended], tell)
