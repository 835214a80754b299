"""Reconcile: the list of the whole scope, page by page, at most one under way and one wanted after it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

from targets.mobile.calls import Answer, Calls
from targets.mobile.model import Row, Timer, Visit, list_key
from targets.mobile.policies_fetch import BACKOFF, COALESCE, ERROR, FOLLOW_UP
from targets.mobile.policies_scope import EXTENT, KEYED, Page


class Owner(Protocol):
    """The replica, as a list sees it."""

    @property
    def visit(self) -> Visit: ...

    def page(self, page: Page, cause: str) -> None:
        """Merge one page into what is shown."""
        ...

    def accepts(self, result: Mapping[str, Any]) -> bool:
        """Does it come from the store that is known?"""
        ...

    def reconciled(self, as_of: int, cause: str) -> None: ...


@dataclass(slots=True)
class Flight:
    """A list under way. `as_of`: the smallest of its pages so far."""

    visit: int
    licence: str
    also: list[str]
    after: Row | None = None
    as_of: int | None = None
    pages: int = 0
    calling: bool = False


class Lists:
    """`wanted`: why the scope must be listed (again), oldest reason first."""

    def __init__(self, calls: Calls, owner: Owner) -> None:
        self._calls, self._owner = calls, owner
        policies = calls.policies
        self._extent, self._keyed = policies[EXTENT], policies[KEYED]
        self._pause, self._follow_up, self._error = policies[BACKOFF], policies[FOLLOW_UP], policies[ERROR]
        self._wait_s = policies[COALESCE].wait_s(calls.timing)
        self.wanted: list[str] = []
        self.flight: Flight | None = None
        self._rounds = 0  # failures in a row
        self._token = 0
        self._due_s: float | None = None

    def want(self, licence: str, *, at_once: bool = False) -> None:
        if self.flight is not None and not self._follow_up:
            return
        if licence not in self.wanted:
            self.wanted.append(licence)
        if self.flight is None:
            self._schedule(0.0 if at_once else self._wait_s)

    def hurry(self) -> None:
        """Something says that a list may succeed now: no pause any longer."""
        if self._rounds or self._due_s is None:
            self._rounds = 0
            idle = bool(self.wanted) if self.flight is None else not self.flight.calling
            if idle:
                self._schedule(self._wait_s)

    def clear(self) -> None:
        """Another visit: what was wanted was wanted for the former."""
        self.wanted, self.flight, self._rounds, self._due_s = [], None, 0, None
        self._token += 1

    def lost(self) -> None:
        """The link is down. A list in pauses between its pages begins anew after the reconnect."""
        if self.flight is not None and not self.flight.calling:
            self._give_up(self.flight)

    def fire(self, token: int) -> None:
        if token != self._token:
            return
        self._due_s = None
        visit = self._owner.visit
        if visit.scope is None or not self._calls.registered:
            return
        if self.flight is None and self.wanted:
            licence, *also = self.wanted
            self.wanted = []
            self.flight = Flight(visit.n, licence, also)
        if self.flight is not None and not self.flight.calling:
            self._join(self.flight)
            self._ask(self.flight)

    def _join(self, flight: Flight) -> None:
        """A list that asks for its first page (again) answers whatever was wanted meanwhile."""
        if flight.pages == 0:
            flight.also += [reason for reason in self.wanted if reason not in (flight.licence, *flight.also)]
            self.wanted = []

    # One list ---------------------------------------------------------------------------------------------------

    def _schedule(self, delay_s: float) -> None:
        now_s = self._calls.clock()
        if self._due_s is not None and self._due_s <= now_s + delay_s:
            return
        self._token += 1
        self._due_s = now_s + delay_s
        self._calls.out.append(Timer(("list", self._token), delay_s))

    def _ask(self, flight: Flight) -> None:
        scope = self._owner.visit.scope
        assert scope is not None
        flight.calling = True
        detail: dict[str, Any] = {"page": flight.pages, "visit": flight.visit}
        if flight.also:
            detail["also"] = list(flight.also)
        self._calls.begin(
            "job.list",
            self._extent.params(scope, flight.after),
            partial(self._answered, flight),
            licence="retry" if self._rounds else flight.licence,
            **detail,
        )

    def _answered(self, flight: Flight, answer: Answer) -> None:
        flight.calling = False
        if answer.error is None and not self._owner.accepts(answer.result):
            return
        mine = flight is self.flight
        if self._keyed and not mine:
            return
        page = read_page(answer.result, after=flight.after, filtered=False)
        if (answer.error is not None and self._error) or (page.more and not page.rows):
            self._failed(flight)
            return
        self._rounds = 0
        cause = f"list:{answer.corr}"
        self._owner.page(page, cause)
        flight.pages += 1
        flight.as_of = page.as_of if flight.as_of is None else min(flight.as_of, page.as_of)
        if not self._extent.goes_on(page):
            self._finish(flight, cause)
        elif mine and self._calls.registered:
            flight.after = page.rows[-1]
            self._ask(flight)
        else:
            self._give_up(flight)

    def _finish(self, flight: Flight, cause: str) -> None:
        self.flight = None
        self._owner.reconciled(flight.as_of or 0, cause)
        if self.wanted:
            self._schedule(self._wait_s)

    def _failed(self, flight: Flight) -> None:
        if flight is not self.flight:
            return
        if not self._calls.registered:
            self._give_up(flight)
            return
        delay_s = self._pause.before_retry_s(self._rounds, self._calls.timing)
        self._rounds += 1
        self._schedule(delay_s)

    def _give_up(self, flight: Flight) -> None:
        """From its beginning, when the link is back."""
        if flight is not self.flight:
            return
        reasons = [flight.licence, *flight.also, *self.wanted]
        self.flight, self.wanted = None, list(dict.fromkeys(reasons))


def read_page(result: Mapping[str, Any], *, after: Row | None, filtered: bool) -> Page:
    """A `job.list` reply, whatever it holds; rows without an id are left out."""
    jobs, as_of = result.get("jobs"), result.get("asOf")
    rows = jobs if isinstance(jobs, list) else []
    return Page(
        rows=[row for row in rows if isinstance(row, dict) and isinstance(row.get("id"), str)],
        as_of=as_of if type(as_of) is int else 0,
        filtered=filtered,
        after=None if after is None else list_key(after),
        more=bool(result.get("more")),
    )
