"""The mobiles as journals and wire tell them: link, visit, list under way, revisions that reached them.

What a phone is said to have `seen` is never less than what its replica can have marked as seen: an event counts from
its delivery, a list from its last page. So whoever is behind here is behind there.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from checkers.past.emitted import Emitted
from checkers.past.ledger import Ledger, Sight, active_desktop
from checkers.traffic.merged import Merged, hardened_nodes, said
from harness.history import Header, Op, Tap

DISTURBING = ("pause", "slow_consumer", "kill", "clock")
NEVER_NS = -(1 << 62)
_ANOTHER_STORE = "local:store:"  # cause of a scope that is shown anew because its desktop has another database


@dataclass(slots=True)
class Seen:
    """A dense beginning, and what lies above its first hole."""

    upto: int = 0
    top: int = 0
    above: set[int] = field(default_factory=set)

    def mark(self, n: int) -> None:
        self.top = max(self.top, n)
        if n == self.upto + 1:
            self.upto = n
            self._close()
        elif n > self.upto:
            self.above.add(n)

    def cover(self, n: int) -> None:
        self.top = max(self.top, n)
        if n > self.upto:
            self.upto = n
            self.above = {m for m in self.above if m > n}
            self._close()

    def _close(self) -> None:
        while self.upto + 1 in self.above:
            self.upto += 1
            self.above.discard(self.upto)


@dataclass(slots=True)
class Listing:
    """A reconcile: pages of one list, the last of them `corr`. `as_of`: the smallest of its pages."""

    begun: Op
    licences: list[str]
    corr: str
    as_of: int | None = None
    calling: bool = True
    ended_ns: int = 0  # of the last page
    done: bool = False
    more: bool = False
    failed: bool = False

    def open(self, now_ns: int, slack_ns: int) -> bool:
        """Is it still going on? Between pages nothing waits."""
        if self.done:
            return False
        return self.calling or self.failed or now_ns - self.ended_ns <= slack_ns


@dataclass(slots=True)
class Phone:
    node: str
    desktop: str | None
    desktop_id: str
    hardened: bool
    registered: bool = False
    registration: Op | None = None
    conn: int | None = None  # as taps count connections
    visit: int = 0
    open: bool = False
    opened: Op | None = None
    listed: bool = False
    listing: Listing | None = None
    seen: Seen = field(default_factory=Seen)
    head: int = 0  # the greatest heard in this visit
    heard: list[tuple[int, str, int]] = field(default_factory=list)  # (when, head or event, revision), of late
    left: frozenset[str] = frozenset()  # databases of its desktop that are no more
    behind_ns: dict[str, int] = field(
        default_factory=dict
    )  # head, hole → until when it was behind, as taps are stamped
    reset_ns: int = NEVER_NS  # the last op that made it forget what it had seen
    disturbed: int = 0  # faults under way that keep it from answering in time
    ever_disturbed: bool = False
    clocks_off: int = 0  # faults under way that let its clock run otherwise: its pauses are not the run's

    @property
    def watching(self) -> bool:
        return self.registered and self.open

    def behind(self, what: str) -> bool:
        """Does it lack a revision before one that it was delivered (hole), or up to one that it heard of (head)?"""
        return (self.head if what == "head" else self.seen.top) > self.seen.upto

    def may_be_behind(self, what: str, now_ns: int, slack_ns: int) -> bool:
        """May it have been so at the time of one of its own ops, when nobody knows which taps were before that?"""
        latest_ns = max(self.behind_ns.get(what, NEVER_NS), self.reset_ns + slack_ns)
        return self.behind(what) or (slack_ns > 0 and latest_ns > now_ns - slack_ns)

    def look(self, now_ns: int) -> None:
        """Something is about to change."""
        for what in ("head", "hole"):
            if self.behind(what):
                self.behind_ns[what] = now_ns

    def forget(self, now_ns: int, slack_ns: int) -> None:
        """Another screen, or another process. What was stamped so late that it may be of this one still counts."""
        self.look(now_ns)
        self.seen, self.head, self.reset_ns = Seen(), 0, now_ns
        again = [each for each in self.heard if each[0] > now_ns - slack_ns]
        self.heard = []
        for time_ns, what, n in again:
            self.hears(what, n, time_ns, slack_ns)

    def hears(self, what: str, n: int, time_ns: int, slack_ns: int) -> None:
        """It was delivered an event of this revision, or a head."""
        self.look(time_ns)
        if what == "head":
            self.head = max(self.head, n)
        else:
            self.seen.mark(n)
        if slack_ns:
            self.heard = [each for each in self.heard if each[0] > time_ns - 2 * slack_ns]
            self.heard.append((time_ns, what, n))


class Phones:
    """All mobiles of a run, kept up to date by ops and taps."""

    def __init__(self, header: Header, hardened: dict[str, bool], slack_ns: int) -> None:
        self.emitted = Emitted()  # the ledger's, once it is read
        self._slack_ns = slack_ns
        self.by_node: dict[str, Phone] = {}
        for name, node in header.nodes.items():
            if node.get("role") == "mobile":
                desktop = active_desktop(header, name)
                device = header.nodes.get(desktop or "", {}).get("device_id") or desktop
                self.by_node[name] = Phone(name, desktop, str(device).lower(), hardened.get(name, True))

    def of(self, node: str | None) -> Phone | None:
        return self.by_node.get(node or "")

    # ---- journals ---------------------------------------------------------------------------------------------------

    def op(self, op: Op, sight: Sight | None) -> None:
        if op.f in ("fault-begin", "fault-heal"):
            self._fault(op)
        elif (phone := self.of(op.node)) is None:
            return
        elif op.f == "link":
            self._link(phone, op)
        elif op.f == "fetch":
            self._fetch(phone, op)
        elif op.f == "started":
            self._down(phone)
            phone.visit, phone.open, phone.listed, phone.listing = 0, False, False, None
            phone.forget(op.time_ns, self._slack_ns)
        elif sight is not None and sight.seen.kind == "scope":
            phone.visit, phone.listed, phone.listing, phone.opened = sight.seen.visit, False, None, op
            phone.open = bool(sight.seen.set.get("scope"))
            phone.forget(op.time_ns, self._slack_ns)
            kind, store = (op.cause or "")[: len(_ANOTHER_STORE)], (op.cause or "")[len(_ANOTHER_STORE) :]
            if kind == _ANOTHER_STORE:
                phone.left = frozenset(self.emitted.before(phone.desktop, store))
        elif sight is not None and sight.seen.kind == "listed" and sight.seen.visit == phone.visit:
            phone.listed = True

    def _fault(self, op: Op) -> None:
        line = said(op)
        nodes = line.get("nodes")
        if line.get("action") not in DISTURBING or not isinstance(nodes, list):
            return
        for phone in (self.of(str(name)) for name in nodes):
            if phone is not None:
                phone.disturbed = max(0, phone.disturbed + (1 if op.f == "fault-begin" else -1))
                phone.ever_disturbed = True
                if line.get("action") == "clock":
                    phone.clocks_off = max(0, phone.clocks_off + (1 if op.f == "fault-begin" else -1))
                if line.get("action") == "kill" and op.f == "fault-begin":
                    self._down(phone)

    def _link(self, phone: Phone, op: Op) -> None:
        state = said(op).get("state")
        if state == "registered":
            phone.registered, phone.registration = True, op
        elif state in ("closed", "suspended", "connecting"):
            self._down(phone)

    def _down(self, phone: Phone) -> None:
        phone.registered = False
        if phone.listing is not None and not phone.listing.done:
            phone.listing.failed = phone.listing.calling = False

    def _fetch(self, phone: Phone, op: Op) -> None:
        line = said(op)
        if line.get("what") != "list":
            return
        listing, corr = phone.listing, str(line.get("corr"))
        if line.get("phase") == "begin":
            if line.get("visit") != phone.visit or line.get("page") is None:
                return  # another visit's, or a user's list refreshed behind his back: it changes nothing that is shown
            if line.get("page") == 0:
                phone.listing = Listing(op, _licences(line, listing), corr)
            elif listing is not None:
                listing.corr, listing.calling, listing.failed = corr, True, False
        elif listing is not None and listing.corr == corr and listing.calling:
            self._answered(phone, listing, line, op)

    def _answered(self, phone: Phone, listing: Listing, line: dict[str, Any], op: Op) -> None:
        listing.calling, listing.ended_ns, listing.failed = False, op.time_ns, line.get("phase") != "ok"
        as_of = line.get("asOf")
        if listing.failed:
            return
        if isinstance(as_of, int):
            listing.as_of = as_of if listing.as_of is None else min(listing.as_of, as_of)
        listing.more = line.get("more") is True
        if not listing.more:
            listing.done = True
            phone.look(op.time_ns)
            phone.seen.cover(listing.as_of or 0)

    # ---- wire -------------------------------------------------------------------------------------------------------

    def wire(self, phone: Phone, tap: Tap) -> None:
        """A message was delivered to it."""
        if tap.type in ("registered", "resumed"):
            phone.conn = tap.conn
        elif tap.type == "sync:head":
            store, n = (tap.msg or "").rpartition("/")[0], rev_of(tap.msg)
            mine = tap.source == phone.desktop_id and store not in phone.left
            if mine and n is not None and self.current(phone, tap):
                phone.hears("head", n, tap.time_ns, self._slack_ns)
        elif tap.type.startswith("job:") and tap.msg is not None:
            carried = self.emitted.event(phone.desktop, tap.msg)
            if carried is None or carried.store not in phone.left:
                for n in self.emitted.revs(phone.desktop, tap.msg):
                    phone.hears("event", n, tap.time_ns, self._slack_ns)

    def current(self, phone: Phone, tap: Tap) -> bool:
        """Did it come on the connection that the phone listens to?"""
        return phone.conn is None or tap.conn == phone.conn


def _licences(line: dict[str, Any], before: Listing | None) -> list[str]:
    """Why this list was begun. A first page asked for again goes on with the reasons it had."""
    also = line.get("also")
    words = [line.get("licence"), *(also if isinstance(also, list) else [])]
    if before is not None and (before.failed or line.get("licence") == "retry"):
        words = [*before.licences, *words]
    return list(dict.fromkeys(word for word in words if isinstance(word, str) and word != "retry"))


def rev_of(name: str | None) -> int | None:
    """The revision that a head's name says."""
    last = (name or "").rpartition("/")[2]
    return int(last) if last.isdecimal() and len(last) < 19 else None


class OverPhones(Merged):
    """Base of judges that follow the mobiles by journal and wire."""

    def __init__(self, header: Header) -> None:
        super().__init__(header)
        self._hardened = hardened_nodes(header)
        self._phones = Phones(header, self._hardened, self.slack_ns)

    def reads(self, ledger: Ledger) -> None:
        super().reads(ledger)
        self._phones.emitted = ledger.emitted
