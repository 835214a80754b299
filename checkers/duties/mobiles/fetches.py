"""What a mobile owes to a trigger: a fetch, within a bound."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import Any

from checkers.past.ledger import Sight
from checkers.traffic.merged import Merged, said
from checkers.traffic.phones import Phone, Phones
from checkers.words.findings import Findings, Moment, Story, limit, told
from harness.history import Op, Tap

_WORDS = {
    "gap": "was told of a gap",
    "head": "heard of revision {target}, of which it lacks some",
    "hole": "was delivered an event before which revision {target} is missing",
    "reconnect": "registered again",
    "presence": "heard that its desktop came online",
    "failed-fetch": "failed to fetch {key}",
    "hint": "was delivered an event of job {key} that names no revision",
    "swallowed": "was asked to refresh job {key} during its fetch",
}


_AT_ONCE = frozenset({"gap", "presence", "reconnect"})


@dataclass(slots=True)
class Duty:
    """Since `since_ns` a list of the scope is owed; or, with a `key`, a fetch of that job."""

    kind: str
    phone: Phone
    since_ns: int
    bound_ns: int
    ops: list[Op]
    key: str | None = None
    target: int = 0  # for heads and holes: a revision that must be covered


class Duties:
    def __init__(self, judge: Merged, phones: Phones, findings: Findings) -> None:
        self._judge, self._phones, self._findings = judge, phones, findings
        # What is owed at once waits once: another reason does not put it off. An armed watch waits before that.
        wait_ns, slack_ns = judge.ns("coalesce_max_s"), 4 * judge.slack_ns
        self._at_once_ns = wait_ns + wait_ns // 4 + slack_ns
        self._bound_ns = 3 * wait_ns + slack_ns
        self._retry_ns = self._bound_ns + judge.ns("fetch_backoff_max_s")
        self._open: dict[str, list[Duty]] = {}  # by node
        self._gets: dict[tuple[str, str], tuple[str, int]] = {}  # (node, job) → correlation id under way, its visit
        self._got_ns: dict[tuple[str, str], int] = {}
        self._asked_ns: dict[tuple[str, str], int] = {}  # when the latest of them began
        self._shown: defaultdict[str, set[str]] = defaultdict(set)  # node → the jobs that it shows
        self._last_list: dict[str, Op] = {}
        self._presence: dict[str, tuple[bool, str, int]] = {}
        self.answered: Counter[str] = Counter()
        self.voided = 0

    # ---- triggers ---------------------------------------------------------------------------------------------------

    def op(self, op: Op, sight: Sight | None) -> None:
        if op.f in ("fault-begin", "fault-heal"):
            for each in self._phones.by_node.values():
                if each.disturbed:
                    self._void(each)
            return
        phone = self._phones.of(op.node)
        if phone is None:
            return
        if op.f in ("link", "started"):
            self._linked(phone, op)
        elif op.f == "fetch":
            self._fetch(phone, op)
        elif op.f == "trigger":
            self._triggered(phone, op)
        elif sight is not None:
            self._sees(phone, op, sight.seen.kind)

    def _sees(self, phone: Phone, op: Op, kind: str) -> None:
        shown = self._shown[phone.node]
        if kind == "scope":
            self._void(phone)
            shown.clear()
        elif kind == "listed":
            self._look(phone, op.time_ns)
        elif kind == "row":
            shown.add(str(op.job))
        elif kind in ("remove", "evict"):
            shown.discard(str(op.job))

    def wire(self, phone: Phone, tap: Tap) -> None:
        if not self._phones.current(phone, tap):
            return
        if tap.type == "sync:gap":
            self._owe("gap", phone, tap.time_ns)
        elif tap.type == "presence" and tap.source == phone.desktop_id:
            self._present(phone, tap)
        elif tap.type.startswith("job:") or tap.type == "sync:head":
            self._look(phone, tap.time_ns)
            self._hinted(phone, tap)

    def _hinted(self, phone: Phone, tap: Tap) -> None:
        """What does not say how new it is can only be a reason to fetch its job, if that is shown."""
        carried = self._phones.emitted.event(phone.desktop, tap.msg) if tap.msg is not None else None
        if carried is None or not carried.bare or not phone.listed or tap.job not in self._shown[phone.node]:
            return
        if carried.store not in phone.left:
            self._owe("hint", phone, tap.time_ns, key=tap.job)

    def _linked(self, phone: Phone, op: Op) -> None:
        self._void(phone)
        self._presence.pop(phone.node, None)
        for key in [key for key in self._gets if key[0] == phone.node]:
            del self._gets[key]
        if said(op).get("state") == "registered":
            self._owe("reconnect", phone, op.time_ns)

    def _triggered(self, phone: Phone, op: Op) -> None:
        line = said(op)
        what, detail = line.get("what"), line.get("detail")
        if line.get("visit") not in (None, phone.visit):
            return
        if what == "refresh" and isinstance(detail, str):
            self._owe("swallowed", phone, op.time_ns, op=op, key=detail)
        elif what in ("gap", "presence"):
            self._owe(str(what), phone, op.time_ns, op=op)

    def _present(self, phone: Phone, tap: Tap) -> None:
        """News is an epoch beyond the one known, or a relay that counts anew; then whatever it says is believed."""
        state, _, rest = (tap.msg or "").partition("/")
        boot, _, number = rest.rpartition("/")
        if not number.isdecimal() or len(number) > 18:
            return
        online, epoch = state == "online", int(number)
        known = self._presence.get(phone.node)
        if known is not None and known[1] == boot:
            if epoch < known[2]:
                return
            news = epoch > known[2] or not known[0]
        else:
            news = True
        self._presence[phone.node] = (online, boot, epoch)
        if online and news:
            self._owe("presence", phone, tap.time_ns)

    def _look(self, phone: Phone, now_ns: int) -> None:
        """Is something missing that was heard of?"""
        if not phone.listed:
            return
        seen = phone.seen
        if seen.top > seen.upto:
            self._owe("hole", phone, now_ns, target=seen.upto + 1)
        elif phone.head > seen.upto:
            self._owe("head", phone, now_ns, target=phone.head)

    def _owe(
        self, kind: str, phone: Phone, now_ns: int, *, op: Op | None = None, key: str | None = None, target: int = 0
    ) -> None:
        if not phone.watching or phone.disturbed or not phone.hardened:
            return
        duties = self._open.setdefault(phone.node, [])
        if any(d.kind == kind and d.key == key and d.since_ns == now_ns for d in duties):
            return
        if target and any(d.target for d in duties):
            return  # one look at a time; when it is over, what is missing then counts
        last, asked_ns = self._last_list.get(phone.node), self._asked_ns.get((phone.node, str(key)))
        if kind == "hint" and asked_ns is not None and asked_ns >= now_ns - self._judge.slack_ns:
            self._answered(kind)
            return
        if key is None and last is not None and last.time_ns >= now_ns - self._judge.slack_ns and _of(phone, last):
            self._answered(kind)
            return
        bound_ns = (
            self._retry_ns if kind == "failed-fetch" else self._at_once_ns if kind in _AT_ONCE else self._bound_ns
        )
        ops = [o for o in (phone.registration, phone.opened, op) if o is not None]
        duties.append(Duty(kind, phone, now_ns, bound_ns, ops, key, target))

    def _answered(self, kind: str) -> None:
        self.answered[kind] += 1
        self._judge.count()

    # ---- answers ----------------------------------------------------------------------------------------------------

    def _fetch(self, phone: Phone, op: Op) -> None:
        line = said(op)
        visit, begins = line.get("visit"), line.get("phase") == "begin"
        if line.get("what") == "get":
            self._get(phone, op, str(line.get("job")), begins)
        elif begins and visit == phone.visit and line.get("page") is not None:
            if line.get("page") == 0:
                self._last_list[phone.node] = op
            self._answer(phone, op.time_ns, lambda d: d.key == "its scope" or (_whole(line)), op)
        elif line.get("phase") == "fail" and phone.listing is not None and phone.listing.corr == line.get("corr"):
            self._owe("failed-fetch", phone, op.time_ns, op=op, key="its scope")
        elif phone.listing is not None and phone.listing.done:
            self._covered(phone)
            self._look(phone, op.time_ns)

    def _get(self, phone: Phone, op: Op, job: str, begins: bool) -> None:
        line, key = said(op), (phone.node, job)
        if begins:
            if line.get("visit") == phone.visit:
                self._gets[key], self._asked_ns[key] = (str(line.get("corr")), phone.visit), op.time_ns
                self._answer(phone, op.time_ns, lambda d: d.key == job, op)
            return
        corr, visit = self._gets.get(key, ("", 0))
        if corr != str(line.get("corr")):
            return
        self._gets.pop(key, None)
        self._got_ns[key] = op.time_ns
        error = line.get("error")
        definite = isinstance(error, dict) and error.get("code") == "not_found"
        if line.get("phase") == "fail" and not definite and visit == phone.visit:  # a former screen owes nothing
            self._owe("failed-fetch", phone, op.time_ns, op=op, key=job)

    def _answer(self, phone: Phone, now_ns: int, answers: Any, op: Op) -> None:
        duties = self._open.get(phone.node)
        if duties:
            for duty in duties:
                if answers(duty):
                    self._answered(duty.kind)
            duties[:] = [d for d in duties if not answers(d)]

    def _covered(self, phone: Phone) -> None:
        duties = self._open.get(phone.node)
        if duties:
            duties[:] = [d for d in duties if not d.target or phone.seen.upto < d.target]

    def _void(self, phone: Phone) -> None:
        duties = self._open.pop(phone.node, None)
        self.voided += len(duties or ())

    # ---- time -------------------------------------------------------------------------------------------------------

    def expire(self, now_ns: int) -> None:
        for duties in list(self._open.values()):
            if not duties:
                continue
            late = [d for d in duties if self._late(d, now_ns)]
            if late:
                duties[:] = [d for d in duties if d not in late]
                for duty in late:
                    self._judge_late(duty)

    def _late(self, duty: Duty, now_ns: int) -> bool:
        since_ns, phone = duty.since_ns, duty.phone
        listing = phone.listing
        if listing is not None and duty.key != "its scope":
            if listing.open(now_ns, self._judge.slack_ns):
                return False  # at most one list at a time; what was asked for meanwhile comes after it
            since_ns = max(since_ns, listing.ended_ns)
        if duty.key is not None and duty.kind in ("swallowed", "hint"):
            if (phone.node, duty.key) in self._gets:
                return False
            since_ns = max(since_ns, self._got_ns.get((phone.node, duty.key), 0))
        return now_ns > since_ns + duty.bound_ns

    def _judge_late(self, duty: Duty) -> None:
        phone = duty.phone
        if duty.target and phone.seen.upto >= duty.target:
            self._answered(duty.kind)  # it was only late
            return
        ops = list(duty.ops)
        last = self._last_list.get(phone.node)
        if last is not None:
            ops.append(last)
        at, ledger = duty.since_ns, self._judge.ledger
        what = _WORDS[duty.kind].format(target=duty.target, key=duty.key)
        fetch = "fetched nothing that covers it" if duty.kind != "failed-fetch" else "did not try again"

        def tell() -> Story:
            message = (
                f"at {ledger.at(at)} {phone.node} {what} and {fetch} within {duty.bound_ns / 1e9:g} s, "
                f"though its link was up and its screen open"
            )
            proof = [(op, _sentence(phone.node, op)) for op in sorted(set_of(ops), key=lambda op: op.time_ns)]
            bound = limit("a fetch", phone.node, at, duty.bound_ns, None)
            story = told([*proof, (Moment(at, phone.node), f"{phone.node} {what}")])
            return Story(message, {"node": phone.node, "story": story, **bound})

        first = duty.ops[-1] if duty.ops else ops[-1]  # what called for it, where that was journaled
        self._findings.add(duty.kind, first, ops, tell)


def set_of(ops: list[Op]) -> list[Op]:
    return list({op.index: op for op in ops}.values())


def _of(phone: Phone, op: Op) -> bool:
    return bool(said(op).get("visit") == phone.visit)


def _whole(line: dict[str, Any]) -> bool:
    return line.get("page") == 0


def _sentence(node: str, op: Op) -> str:
    line = said(op)
    if op.f == "link":
        return f"{node} is registered"
    if op.f == "fetch":
        what = "its scope" if line.get("what") == "list" else f"job {line.get('job')}"
        return (
            f"{node} {'fetches' if line.get('phase') == 'begin' else 'fails to fetch'} {what} ({line.get('licence')})"
        )
    if op.f == "trigger":
        return f"{node} notices: {line.get('what')}"
    return f"{node} shows a scope"
