"""Licences of a replica's own `job.list`s: what it was told, what it noticed, and what it lost."""

from __future__ import annotations

from collections import Counter
from typing import Any

from checkers.duties.mobiles.licences import Licences
from checkers.past.ledger import Sight
from checkers.traffic.merged import Merged, said
from checkers.traffic.phones import Listing, Phone, Phones
from checkers.words.findings import Findings
from harness.history import Op, Tap

TRIGGERED = ("gap", "hole", "head", "presence", "reconnect")


class Lists(Licences):
    """`credits`: (node, licence) → times of triggers that no list has answered yet."""

    ABOUT_A_JOB = False

    def __init__(self, judge: Merged, phones: Phones, findings: Findings) -> None:
        super().__init__(judge, phones, findings)
        self._margin_ns = judge.ns("coalesce_max_s") + judge.slack_ns
        self._credits: dict[tuple[str, str], list[int]] = {}
        self._listed_by_user: Counter[str] = Counter()
        self._key: dict[str, str] = {}  # node → the cache key that was hit last
        self._refreshed_ns: dict[tuple[str, str], int] = {}
        self._failed: dict[str, Op] = {}  # node → the page that failed last

    # ---- triggers ---------------------------------------------------------------------------------------------------

    def wire(self, phone: Phone, tap: Tap) -> None:
        if tap.type == "sync:gap":
            self._credit(phone, "gap", tap.time_ns)
        elif tap.type == "presence" and tap.source == phone.desktop_id and (tap.msg or "").startswith("online"):
            self._credit(phone, "presence", tap.time_ns)

    def op(self, op: Op, sight: Sight | None) -> None:
        phone = self._phones.of(op.node)
        if phone is None:
            return
        if op.f == "list" and op.type == "invoke":
            self._listed_by_user[phone.node] += 1
        elif op.f == "cache" and said(op).get("what") == "hit":
            self._key[phone.node] = str(said(op).get("key"))
        elif op.f == "trigger":
            self._trigger(phone, op)
        elif op.f == "link":
            self._link(phone, op)
        elif sight is not None and sight.seen.kind == "scope":
            self._settle(phone, op.time_ns, TRIGGERED)

    def _trigger(self, phone: Phone, op: Op) -> None:
        """Gaps and presence are read off the wire; what was noticed must have been there to be noticed."""
        what = said(op).get("what")
        if what == "buffer-full":
            phone.ever_disturbed = True  # its buffer forgot what the wire delivered
        elif what in ("gap", "presence") and not self._judge.tapped:
            self._credit(phone, str(what), op.time_ns)
        elif what in ("head", "hole"):
            judges = self._judge.tapped and phone.hardened and not phone.ever_disturbed
            if judges and not phone.may_be_behind(str(what), op.time_ns, self._judge.slack_ns):
                return
            self._credit(phone, str(what), op.time_ns)

    def _link(self, phone: Phone, op: Op) -> None:
        state, listing = said(op).get("state"), phone.listing
        if state == "registered":
            self._credit(phone, "reconnect", op.time_ns)
        elif state in ("closed", "suspended") and listing is not None and not listing.done:
            for licence in listing.licences:  # it begins anew, for the reasons it had
                self._credit(phone, licence, op.time_ns)

    def _credit(self, phone: Phone, licence: str, time_ns: int) -> None:
        self._credits.setdefault((phone.node, licence), []).append(time_ns)

    def _settle(self, phone: Phone, begun_ns: int, licences: tuple[str, ...]) -> None:
        """A list that began then answers every earlier trigger (unless the phone may not have read it yet)."""
        if phone.ever_disturbed:
            return
        for licence in licences:
            times = self._credits.get((phone.node, licence))
            if times:
                times[:] = [t for t in times if t > begun_ns - self._margin_ns]

    # ---- fetches ----------------------------------------------------------------------------------------------------

    def fetch(self, op: Op) -> None:
        """Asked before the phones know of the op."""
        line, phone = said(op), self._phones.of(op.node)
        if phone is None:
            return
        listing = phone.listing
        if line.get("phase") == "begin":
            self.fetches[f"list {line.get('licence')}"] += 1
            if line.get("page") is None:
                self._behind_the_user(phone, op, line)
            elif line.get("visit") == phone.visit:
                self._begin(phone, listing, op, line)
        elif listing is not None and listing.corr == str(line.get("corr")):
            if line.get("phase") == "fail":
                self._failed[phone.node] = op
            elif line.get("more") is not True:
                self._settle(phone, listing.begun.time_ns, TRIGGERED)

    def _behind_the_user(self, phone: Phone, op: Op, line: dict[str, Any]) -> None:
        """A list of the screen's that no user waits for."""
        licence = line.get("licence")
        if licence == "refresh":
            self._refresh(phone, op)
        elif licence == "first-list":
            if phone.listed:
                self._add("unlicensed", phone, op, "as the first of its scope, which had been listed before")
        elif licence == "reconnect":
            self._spend(phone, op, "reconnect")
        else:
            self._add("no-licence", phone, op, f"for “{licence}”, which is no reason")

    def _refresh(self, phone: Phone, op: Op) -> None:
        self._listed_by_user[phone.node] -= 1
        if self._listed_by_user[phone.node] < 0:
            self._add("unlicensed", phone, op, "behind a user's list, and no user had asked for one")
        key = (phone.node, self._key.get(phone.node, ""))
        last_ns = self._refreshed_ns.get(key)
        self._refreshed_ns[key] = op.time_ns
        pause_ns = self._judge.ns("refresh_after_s") * 4 // 5
        if phone.hardened and not phone.ever_disturbed and last_ns is not None and op.time_ns - last_ns < pause_ns:
            self._add("too-soon", phone, op, "in the background again, so soon after the last time")

    def _begin(self, phone: Phone, listing: Listing | None, op: Op, line: dict[str, Any]) -> None:
        licence, page = line.get("licence"), line.get("page")
        if listing is not None and listing.calling:
            self._add("two-in-flight", phone, op, "while another list was under way", listing.begun)
        elif phone.hardened and not phone.registered:
            self._add("while-offline", phone, op, "without a link")
        if licence == "retry" or (listing is not None and listing.failed and licence in (*TRIGGERED, "first-list")):
            failed = self._failed.pop(phone.node, None)  # a trigger makes it hurry, under the reason it had
            if failed is None or listing is None:
                self._add("unlicensed", phone, op, "after a failure, and there was none")
            elif self._is_too_soon(phone, op, failed):
                self._add("too-soon", phone, op, "after a failure, without a pause", failed)
        elif page != 0:
            if listing is None or not (listing.more or listing.failed):
                self._add("unlicensed", phone, op, "as a further page, and the page before was the last")
        elif licence == "first-list":
            if phone.listed:
                self._add("unlicensed", phone, op, "as the first of its scope, which had been listed before")
        elif licence in TRIGGERED:
            self._spend(phone, op, str(licence))
        else:
            self._add("no-licence", phone, op, f"for “{licence}”, which is no reason")

    def _spend(self, phone: Phone, op: Op, licence: str) -> None:
        times = self._credits.get((phone.node, licence))
        if times:
            times.pop(0)
            return
        self._add("unlicensed", phone, op, f"for a {licence}, and there was none that a list had not answered")
