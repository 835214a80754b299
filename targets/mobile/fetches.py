"""The replica's own `job.get`s: one at a time per job, with the events that wait for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol

from targets.mobile.calls import Answer, Calls
from targets.mobile.model import Event, Row, Timer
from targets.mobile.policies import DRAIN, REVISIONS
from targets.mobile.policies_fetch import BACKOFF, COALESCE, FAILURE, FOLLOW_UP, NOT_FOUND, SINGLE_FLIGHT
from targets.mobile.policies_open import REFRESHES
from targets.mobile.policies_scope import KEYED

WAITERS_CAP = 512  # per job
BUFFER_CAP = 4096  # over all jobs


class Owner(Protocol):
    """The replica, as a fetch sees it."""

    @property
    def visit_n(self) -> int: ...

    def revision(self, job: str) -> int:
        """Up to which the job, or its absence, is known."""
        ...

    def fetched(self, row: Row, cause: str) -> None: ...

    def not_found(self, job: str, answer: Answer) -> None: ...

    def replay(self, events: list[Event]) -> None:
        """Look at events again that waited for their job."""
        ...

    def swallowed(self, job: str) -> None:
        """A refresh was asked for while one was under way."""
        ...

    def ended(self) -> None:
        """A fetch is over, whatever became of it."""
        ...


@dataclass(slots=True)
class Fetch:
    """The document's `hydrationWaiters[job]`, and what is known of the call behind it."""

    visit: int
    licence: str
    rounds: int = 0  # fetches in a row that failed, or left somebody waiting
    waiters: list[Event] = field(default_factory=list)
    asked: bool = False  # somebody wants the row, waiter or not
    upto: int = 0  # an event of this revision was forgotten; 0: none
    again: bool = False  # and somebody asked while it was on its way
    in_flight: bool = False
    due: int = 0  # the timer that starts it; 0: none


class Fetches:
    """Job → fetch. An entry exists while somebody waits or a call is under way."""

    def __init__(self, calls: Calls, owner: Owner) -> None:
        self._calls, self._owner = calls, owner
        policies = calls.policies
        self._order, self._drain, self._pause = policies[REVISIONS], policies[DRAIN], policies[BACKOFF]
        self._wait_s = policies[COALESCE].wait_s(calls.timing)
        self._keyed, self._failure = policies[KEYED], policies[FAILURE]
        self._follow_up, self._single = policies[FOLLOW_UP], policies[SINGLE_FLIGHT]
        self._not_found, self._apart = policies[NOT_FOUND], policies[REFRESHES].apart
        self.by_job: dict[str, Fetch] = {}
        self._tokens = 0
        self._last_turn = False  # who has to wait now is not kept

    @property
    def buffered(self) -> int:
        return sum(len(fetch.waiters) for fetch in self.by_job.values())

    def under_way(self, job: str) -> bool:
        fetch = self.by_job.get(job)
        return fetch is not None and fetch.in_flight

    def refresh(self, job: str, licence: str) -> None:
        """The document's `refreshJob`: fetch the row again, whoever waits."""
        fetch = self._entry(job, licence)
        if fetch.in_flight and self._apart:
            self._calls.begin("job.get", {"jobId": job}, partial(self._refreshed, self._owner.visit_n), licence=licence)
        elif fetch.in_flight:
            self._owner.swallowed(job)
            fetch.again = fetch.again or bool(self._follow_up)
        else:
            fetch.asked = True
            self._schedule(job, fetch, self._wait_s)

    def wait(self, event: Event, licence: str) -> bool:
        """The document's `ensureJobPresent(onReady:)`: keep `event` until its job was fetched. False: no room."""
        if self._last_turn:
            return True
        if not self._order.buffers:
            self._instead(event, licence)
            return True
        fetch = self._entry(event.job, licence)
        room = len(fetch.waiters) < WAITERS_CAP and self.buffered < BUFFER_CAP
        if room:
            self._order.keep(fetch.waiters, event)
        self._schedule(event.job, fetch, self._wait_s)
        return room

    def _instead(self, event: Event, licence: str) -> None:
        """Fetch the job of an event that nobody keeps."""
        fetch = self._entry(event.job, licence)
        if fetch.in_flight:
            self.refresh(event.job, licence)
            return
        fetch.upto = max(fetch.upto, event.rev)
        self._schedule(event.job, fetch, self._wait_s)

    def changed(self, job: str) -> None:
        """The job changed otherwise: perhaps nobody needs to wait any more."""
        fetch = self.by_job.get(job)
        if fetch is not None and 0 < fetch.upto <= self._owner.revision(job) and not (fetch.asked or fetch.in_flight):
            self._drop(job, fetch)
        if fetch is None or not fetch.waiters or not self._order.drains:
            return
        waiters, fetch.waiters = fetch.waiters, []
        self._last_turn = not self._drain.waits_on
        self._owner.replay(self._drain.turn(waiters))
        self._last_turn = False
        if not fetch.waiters and not (fetch.in_flight or fetch.asked or fetch.again):
            self._drop(job, fetch)

    def hurry(self) -> None:
        """Something says that fetches may succeed now: no pause any longer."""
        for job, fetch in list(self.by_job.items()):
            if not fetch.in_flight and (fetch.rounds or not fetch.due):
                fetch.rounds = fetch.due = 0
                self._schedule(job, fetch, self._wait_s)

    def clear(self) -> None:
        self.by_job.clear()

    def fire(self, job: str, token: int) -> None:
        fetch = self.by_job.get(job)
        if fetch is not None and fetch.due == token:
            self._start(job, fetch)

    # One fetch --------------------------------------------------------------------------------------------------

    def _entry(self, job: str, licence: str) -> Fetch:
        fetch = self.by_job.get(job)
        if fetch is None:
            fetch = self.by_job[job] = Fetch(self._owner.visit_n, licence)
        return fetch

    def _schedule(self, job: str, fetch: Fetch, delay_s: float) -> None:
        if fetch.in_flight or fetch.due:
            return
        if delay_s <= 0:
            self._start(job, fetch)
            return
        self._tokens += 1
        fetch.due = self._tokens
        self._calls.out.append(Timer(("get", job, fetch.due), delay_s))

    def _start(self, job: str, fetch: Fetch) -> None:
        fetch.due = 0
        if self._failure and not self._calls.registered:
            return  # `hurry` comes with the registration
        fetch.in_flight, fetch.asked, fetch.upto = True, False, 0
        done: Callable[[Answer], None] = partial(self._answered, job, fetch)
        self._calls.begin("job.get", {"jobId": job}, done, licence=fetch.licence, visit=fetch.visit)

    def _answered(self, job: str, fetch: Fetch, answer: Answer) -> None:
        fetch.in_flight = False
        if self._keyed and fetch.visit != self._owner.visit_n:
            return
        row = answer.result.get("job")
        if answer.error is None and isinstance(row, dict) and isinstance(row.get("id"), str):
            self._owner.fetched(row, f"get:{answer.corr}")
            self._release(job, fetch, received=True)
        elif answer.code == "not_found" and self._not_found:
            self._owner.not_found(job, answer)
            self._release(job, fetch)
        elif self._failure:
            self._retry(job, fetch)
        else:
            self._release(job, fetch)
        self._owner.ended()

    def _refreshed(self, visit: int, answer: Answer) -> None:
        """A call beside the fetch under way: nobody waits for it, and nobody asks again when it fails."""
        row = answer.result.get("job")
        late = self._keyed and visit != self._owner.visit_n
        if not late and isinstance(row, dict) and isinstance(row.get("id"), str):
            self._owner.fetched(row, f"get:{answer.corr}")

    def _release(self, job: str, fetch: Fetch, *, received: bool = False) -> None:
        """Document, "Hydration Queue (Prevents Duplicate Fetches)": `receiveValue` runs the waiters, and then
        `receiveCompletion` takes whatever entry the job has by then. A call that failed has no value to receive."""
        if not self._single:
            if received:
                self._replay(self.by_job.pop(job, None))
            self._replay(self.by_job.pop(job, None))
            return
        if self.by_job.get(job) is not fetch:
            return
        del self.by_job[job]
        self._replay(fetch)
        if fetch.again:
            self.refresh(job, "follow-up")
        following = self.by_job.get(job)
        if following is not None and not following.in_flight:
            self._follow(job, fetch, following)

    def _follow(self, job: str, fetch: Fetch, following: Fetch) -> None:
        """Another fetch after this one. What waits in vain, fetch after fetch, is asked for more and more seldom."""
        following.licence = "follow-up"
        if following.waiters:
            following.rounds = fetch.rounds + 1
        if following.waiters and fetch.rounds:
            following.due = 0
            self._schedule(job, following, self._pause.before_retry_s(fetch.rounds, self._calls.timing))

    def _replay(self, fetch: Fetch | None) -> None:
        if fetch is not None and fetch.waiters:
            self._owner.replay(self._drain.turn(fetch.waiters))

    def _retry(self, job: str, fetch: Fetch) -> None:
        if self.by_job.get(job) is not fetch:
            return
        delay_s = self._pause.before_retry_s(fetch.rounds, self._calls.timing)
        fetch.rounds, fetch.licence = fetch.rounds + 1, "retry"
        fetch.asked = True
        self._schedule(job, fetch, max(delay_s, 1e-9))

    def _drop(self, job: str, fetch: Fetch) -> None:
        if self.by_job.get(job) is fetch:
            del self.by_job[job]
