"""What licences of both kinds of fetches have in common: the pause that a node owes, and how a finding is told."""

from __future__ import annotations

from collections import Counter
from typing import Any, ClassVar, NamedTuple

from checkers.traffic.merged import Merged, said
from checkers.traffic.phones import Phone, Phones
from checkers.words.findings import Findings, Story, limit, told
from harness.history import Op


class Act(NamedTuple):
    """A fetch in words: `node` did it, begins to do it, and what it is called."""

    did: str
    does: str
    name: str


class Licences:
    ABOUT_A_JOB: ClassVar[bool]

    def __init__(self, judge: Merged, phones: Phones, findings: Findings) -> None:
        self._judge, self._phones, self._findings = judge, phones, findings
        self._pause_ns = judge.ns("coalesce_max_s") * 4 // 5  # a node's clock may run a little fast
        self.fetches: Counter[str] = Counter()

    def _is_too_soon(self, phone: Phone, op: Op, before: Op) -> bool:
        """Whatever the clock of the node says: one clock told both."""
        return phone.hardened and not phone.clocks_off and op.time_ns - before.time_ns < self._pause_ns

    def _act(self, op: Op) -> Act:
        if not self.ABOUT_A_JOB:
            return Act("listed its scope", "list its scope", "list of its scope")
        job = said(op).get("job")
        return Act(f"fetched job {job}", f"fetch job {job}", f"fetch of job {job}")

    def _add(self, reason: str, phone: Phone, op: Op, what: str, other: Op | None = None) -> None:
        act = self._act(op)
        about = {"job": said(op).get("job")} if self.ABOUT_A_JOB else {}

        def tell() -> Story:
            message = f"{phone.node} {act.did} at {self._judge.ledger.at(op.time_ns)} {what}"
            story = [(op, f"{phone.node} begins to {act.does} ({said(op).get('licence')})")]
            if other is not None:
                story.append((other, f"{phone.node}: {act.name}, {said(other).get('phase')}"))
            story.sort(key=lambda item: (item[0].time_ns, item[0].index))
            bound = self._pause(phone, op, other) if reason == "too-soon" and other is not None else {}
            return Story(message, {**about, "node": phone.node, "story": told(story), **bound})

        self._findings.add(reason, op, [o for o in (op, other) if o is not None], tell)

    def _pause(self, phone: Phone, op: Op, before: Op) -> dict[str, Any]:
        return limit("the pause", phone.node, before.time_ns, self._pause_ns, op.time_ns, least=True)
