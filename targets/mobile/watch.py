"""What tells a replica that it missed something: heads, holes, gaps, its desktop's presence, its own reconnects."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from targets.mobile.calls import Calls
from targets.mobile.model import Note, Timer, Visit
from targets.mobile.policies_fetch import COALESCE, GAP, HEADS, HOLES, PRESENCE, PRESENCE_EPOCH


class Owner(Protocol):
    @property
    def visit(self) -> Visit: ...

    @property
    def listing(self) -> bool:
        """Is a list under way or already asked for?"""
        ...

    def reconcile(self, licence: str) -> None: ...


class Watch:
    """`head`: the greatest revision that the active desktop was heard to have handed out."""

    def __init__(self, calls: Calls, owner: Owner, desktop: str) -> None:
        self._calls, self._owner, self._desktop = calls, owner, desktop
        policies = calls.policies
        self._wait_s = policies[COALESCE].wait_s(calls.timing)
        self._gap, self._heads, self._holes = policies[GAP], policies[HEADS], policies[HOLES]
        self._presence, self._by_epoch = policies[PRESENCE], policies[PRESENCE_EPOCH]
        self.head = 0
        self.online: bool | None = None
        self._known: tuple[str, int] | None = None  # (relay's boot, epoch) of the last presence believed
        self._armed = False

    def trigger(self, what: str, **detail: Any) -> None:
        """Journal it. Whether it is answered is a policy's business."""
        if self._owner.visit.scope is not None:
            self._calls.out.append(Note("trigger", {"what": what, "visit": self._owner.visit.n, **detail}))

    def gap(self, lost: object) -> None:
        self.trigger("gap", detail=lost)
        if self._gap:
            self._owner.reconcile("gap")

    def heard(self, head: int) -> None:
        self.head = max(self.head, head)
        self.check()

    def presence(self, payload: Mapping[str, Any]) -> None:
        """Presence of the active desktop. Boots are compared by equality only, epochs by order within a boot."""
        online, epoch = payload.get("online") is True, payload.get("epoch")
        now = (str(payload.get("boot")), epoch if type(epoch) is int else 0)
        news = not self.online
        if self._by_epoch and self._known is not None and self._known[0] == now[0]:
            if now[1] < self._known[1]:
                return
            news = now[1] > self._known[1] or not self.online
        elif self._by_epoch:
            news = True
        self._known, self.online = now, online
        if online and news:
            self.trigger("presence", detail=now[1])
            if self._presence:
                self._owner.reconcile("presence")

    def forget(self) -> None:
        """The link is down: presence is told anew after the next registration."""
        self._known = self.online = None

    def reset(self) -> None:
        """Another store."""
        self.head = 0

    def check(self) -> None:
        """Is something missing? Then look again in a moment: what is only late will have come."""
        if not self._armed and self._behind():
            self._armed = True
            self._calls.out.append(Timer(("watch",), self._wait_s))

    def fire(self) -> None:
        self._armed = False
        visit, calls = self._owner.visit, self._calls
        if visit.scope is None or not visit.listed or not calls.registered or self._owner.listing or not self._behind():
            return
        hole = visit.seen.top > visit.seen.upto
        if hole:
            self.trigger("hole", detail=visit.seen.upto + 1)
        if self.head > max(visit.seen.upto, visit.seen.top):
            self.trigger("head", detail=self.head)
        if hole and self._holes:
            self._owner.reconcile("hole")
        elif self.head > visit.seen.upto and self._heads:
            self._owner.reconcile("head")

    def _behind(self) -> bool:
        seen = self._owner.visit.seen
        return max(self.head, seen.top) > seen.upto
