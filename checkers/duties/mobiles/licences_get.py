"""Licences of a replica's own `job.get`s: an event that it could not apply, a failure before, a fetch before."""

from __future__ import annotations

from checkers.duties.mobiles.licences import Licences
from checkers.past.ledger import Sight, message_of
from checkers.traffic.merged import Merged, said
from checkers.traffic.phones import Phone, Phones
from checkers.words.findings import Findings
from harness.history import Op, Tap

FOR_EVENTS = ("miss", "order", "legacy")
Key = tuple[str, int, str]  # node, visit, job
Waiting = list[tuple[str, int]]  # message, when it was delivered; a copy counts apart


class Gets(Licences):
    ABOUT_A_JOB = True

    def __init__(self, judge: Merged, phones: Phones, findings: Findings) -> None:
        super().__init__(judge, phones, findings)
        self._waiting: dict[tuple[str, str], Waiting] = {}  # (node, job) → delivered, not applied, not spent
        self._since_ns: dict[tuple[str, str], int] = {}  # when the first of them came, applied or not
        self._applied: dict[str, set[str]] = {}  # node → messages
        self._under_way: dict[Key, Op] = {}
        self._failed: dict[Key, Op] = {}
        self._ended: dict[Key, Op] = {}
        self._timed_out: dict[str, Op] = {}  # correlation id → its begin
        self._late: dict[str, list[tuple[int, int]]] = {}  # node → (when a late answer had surely come, what it took)
        self._known_ns: dict[str, int] = {}  # correlation id → what was known of that when it began
        self._begun: dict[str, Op] = {}
        self._taps = 0

    # ---- triggers ---------------------------------------------------------------------------------------------------

    def wire(self, phone: Phone, tap: Tap) -> None:
        if tap.type.startswith("job:") and tap.job is not None:
            self._taps += 1
            msg = tap.msg if tap.msg is not None else f"?{self._taps}"
            if msg not in self._applied.get(phone.node, ()) and not self._is_covered(phone, tap):
                key = (phone.node, tap.job)
                waiting = self._waiting.setdefault(key, [])
                if not waiting:
                    self._since_ns[key] = tap.time_ns
                waiting.append((msg, tap.time_ns))
        elif tap.type == "rpc-reply" and (begun := self._timed_out.pop(str(tap.msg), None)) is not None:
            self._came_late(phone, tap, begun)

    def _is_covered(self, phone: Phone, tap: Tap) -> bool:
        """Does a whole list that had surely ended before it tell of a later revision? Then it asks for nothing."""
        listing = phone.listing
        if not phone.hardened or phone.left or listing is None or not listing.done or listing.as_of is None:
            return False
        carried = self._phones.emitted.event(phone.desktop, str(tap.msg))
        if carried is None or carried.bare or listing.ended_ns > tap.time_ns - 2 * self._judge.slack_ns:
            return False
        return carried.rev <= listing.as_of

    def _came_late(self, phone: Phone, tap: Tap, begun: Op) -> None:
        if phone.registered and self._phones.current(phone, tap) and not phone.ever_disturbed:
            slack_ns = self._judge.slack_ns
            late = (tap.time_ns + slack_ns, tap.time_ns - slack_ns - begun.time_ns)
            self._late.setdefault(phone.node, []).append(late)

    def op(self, op: Op, sight: Sight | None) -> None:
        if sight is not None:
            self._shown(sight)
        elif op.f == "started" and op.node is not None:
            self._forget(op.node)

    def _shown(self, sight: Sight) -> None:
        node, op = sight.replica[0], sight.op
        if sight.seen.kind == "scope":
            phone = self._phones.of(node)
            if phone is not None and not phone.ever_disturbed:
                for key in [key for key in self._waiting if key[0] == node]:
                    since_ns = op.time_ns - self._judge.slack_ns
                    self._waiting[key] = [each for each in self._waiting[key] if each[1] >= since_ns]
            return
        msg = message_of(op.cause)
        if msg is not None and (op.cause or "").startswith("event:"):
            self._applied.setdefault(node, set()).add(msg)
        waiting = self._waiting.get((node, op.job or ""))
        if waiting:
            waiting[:] = [each for each in waiting if each[0] != msg]
            if op.rev is not None:
                self._outdated(node, waiting, op.rev.n)

    def _outdated(self, node: str, waiting: Waiting, n: int) -> None:
        """What is not newer than what is shown is dropped, and asks for nothing any more."""
        phone = self._phones.of(node)
        desktop = phone.desktop if phone is not None else None
        carried = [self._phones.emitted.event(desktop, msg) for msg, _ in waiting]
        waiting[:] = [w for w, c in zip(waiting, carried, strict=True) if c is None or c.bare or c.rev > n]

    def _forget(self, node: str) -> None:
        self._applied.pop(node, None)
        self._late.pop(node, None)
        for key in [key for key in self._waiting if key[0] == node]:
            del self._waiting[key]
        for table in (self._under_way, self._failed, self._ended):
            for entry in [entry for entry in table if entry[0] == node]:
                del table[entry]

    # ---- fetches ----------------------------------------------------------------------------------------------------

    def fetch(self, op: Op) -> None:
        line, phone = said(op), self._phones.of(op.node)
        if phone is None:
            return
        visit = line.get("visit")
        key = (phone.node, visit if isinstance(visit, int) else phone.visit, str(line.get("job")))
        if line.get("phase") == "begin":
            self.fetches[f"get {line.get('licence')}"] += 1
            self._begin(phone, key, op)
        else:
            self._end(phone, op)

    def _begin(self, phone: Phone, key: Key, op: Op) -> None:
        line = said(op)
        licence, corr = line.get("licence"), str(line.get("corr"))
        if key in self._under_way:
            self._add("two-in-flight", phone, op, "while another was under way", self._under_way[key])
        elif phone.hardened and not phone.registered:
            self._add("while-offline", phone, op, "without a link")
        if licence in FOR_EVENTS:
            self._for_events(phone, key, op, str(licence))
        elif licence == "retry":
            self._again(phone, op, "after a failure", self._failed.pop(key, None))
        elif licence == "follow-up":
            self._again(phone, op, "after another fetch", self._ended.pop(key, None))
        else:
            self._add("no-licence", phone, op, f"for “{licence}”, which is no reason")
        self._under_way[key] = self._begun[corr] = op
        late = self._late.get(phone.node, ())
        self._known_ns[corr] = max((took_ns for come_ns, took_ns in late if come_ns <= op.time_ns), default=0)

    def _for_events(self, phone: Phone, key: Key, op: Op, licence: str) -> None:
        about = (key[0], key[2])
        waiting = self._waiting.get(about, [])
        if phone.hardened and key[1] == phone.visit and phone.open and not phone.listed:
            self._add("too-early", phone, op, "for an event, before the first list of its scope")
        if not self._judge.tapped:
            return
        pause_ns = self._pause_ns if phone.hardened else 0
        until_ns = op.time_ns + self._judge.slack_ns - pause_ns
        surely_ns = op.time_ns - self._judge.slack_ns - pause_ns  # what may have come after it licenses the next one
        ripe = [w for w in waiting if w[1] <= surely_ns] or self._first(waiting)
        if not waiting:
            self._add("unlicensed", phone, op, f"({licence}), and no event about it was waiting")
        elif self._since_ns[about] > until_ns:
            self._add("uncoalesced", phone, op, "as soon as an event came, without waiting for what may follow")
        spent = set(ripe)
        waiting[:] = [w for w in waiting if w not in spent]
        self._since_ns[about] = min((time_ns for _, time_ns in waiting), default=op.time_ns)

    def _first(self, waiting: Waiting) -> Waiting:
        """Those that a fetch must have been for if for any: on one clock all of them."""
        return waiting if self._judge.slack_ns == 0 else waiting[:1]

    def _again(self, phone: Phone, op: Op, claim: str, before: Op | None) -> None:
        if before is None:
            self._add("unlicensed", phone, op, f"{claim}, and there was none")
        elif self._is_too_soon(phone, op, before):
            self._add("too-soon", phone, op, f"{claim}, without a pause", before)

    def _end(self, phone: Phone, op: Op) -> None:
        line = said(op)
        corr = str(line.get("corr"))
        begun, known_ns = self._begun.pop(corr, None), self._known_ns.pop(corr, 0)
        if begun is None:
            return
        visit = said(begun).get("visit")
        key = (phone.node, visit if isinstance(visit, int) else phone.visit, str(line.get("job")))
        if self._under_way.get(key) is begun:
            del self._under_way[key]
        error = line.get("error")
        code = error.get("code") if isinstance(error, dict) else None
        if line.get("phase") == "ok" or code == "not_found":
            self._ended[key] = op
            return
        self._failed[key] = op
        if code == "timeout":
            self._timed_out[corr] = begun
            self._judge_patience(phone, begun, op, known_ns)

    def _judge_patience(self, phone: Phone, begun: Op, op: Op, known_ns: int) -> None:
        """It is to wait for twice what a late answer took; three quarters of that leave room for clocks."""
        owed_ns = min(self._judge.ns("call_s"), 2 * known_ns) * 3 // 4
        waited_ns = op.time_ns - begun.time_ns
        if phone.hardened and not phone.ever_disturbed and waited_ns < owed_ns:
            text = f"and gave up after {waited_ns / 1e9:.3g} s, knowing an answer that took {known_ns / 1e9:.3g} s"
            self._add("impatient", phone, begun, text, op)
