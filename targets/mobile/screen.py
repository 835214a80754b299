"""The user's lists: cache first, refreshed in the background, shown or only answered."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

from targets.mobile.calls import Answer, Calls
from targets.mobile.lists import read_page
from targets.mobile.model import Done, Failed, Note, Visit
from targets.mobile.policies_fetch import CACHE_CLOCK, CACHE_KEY
from targets.mobile.policies_scope import CALLER_ONLY, KEYED, Page
from targets.protocol import summary

CACHE_CAP = 64  # lists
FILTERS = ("statusFilter", "taskTypeFilter")
REQUEST_FIELDS = (*FILTERS, "page", "pageSize", "bypassCache")


class Owner(Protocol):
    @property
    def visit(self) -> Visit: ...

    def accepts(self, result: Mapping[str, Any]) -> bool: ...

    def page(self, page: Page, cause: str) -> None: ...

    def reconciled(self, as_of: int, cause: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Kept:
    """A reply: `call` is the correlation id of the call that it answered."""

    reply: Mapping[str, Any]
    call: str
    at_s: float


class ListCache:
    """`dev_<device_id>_jobs_<request_key>` → reply, 300 s; and when each request was last fetched."""

    def __init__(self, calls: Calls, device: str, wall: Callable[[], float]) -> None:
        self._calls, self._device = calls, device
        self._now_s = calls.clock if calls.policies[CACHE_CLOCK] else wall
        self._key = calls.policies[CACHE_KEY]
        self._replies: dict[str, Kept] = {}
        self._fetched: dict[str, float] = {}  # the document's lastJobsFetch

    def __len__(self) -> int:
        return len(self._replies)

    def key(self, params: Mapping[str, Any]) -> str:
        return f"dev_{self._device}_jobs_{self._key.request_key(params)}"

    def get(self, key: str) -> Kept | None:
        found = self._replies.get(key)
        fresh = found is not None and self._now_s() - found.at_s <= self._calls.timing.mobile_cache_s
        self._note("hit" if fresh else "miss", key)
        return found if fresh else None

    def put(self, key: str, reply: Mapping[str, Any], call: str) -> None:
        self._replies.pop(key, None)
        self._replies[key] = Kept(reply, call, self._now_s())
        self._note("fill", key)
        while len(self._replies) > CACHE_CAP:
            oldest = next(iter(self._replies))
            del self._replies[oldest]
            self._fetched.pop(oldest, None)

    def due(self, key: str) -> bool:
        """Was it last fetched, or tried, more than five seconds ago? Then it is now."""
        last_s = self._fetched.get(key)
        if last_s is not None and self._now_s() - last_s <= self._calls.timing.refresh_after_s:
            return False
        self.fetched(key)
        return True

    def fetched(self, key: str) -> None:
        self._fetched[key] = self._now_s()

    def drop(self) -> None:
        """What is cached is not to be served any more."""
        self._replies.clear()

    def clear(self) -> None:
        self.drop()
        self._fetched.clear()

    def _note(self, what: str, key: str) -> None:
        self._calls.out.append(Note("cache", {"what": what, "key": key}))


@dataclass(frozen=True, slots=True)
class Request:
    """A `job.list` under way. `op`: the user's operation that waits for it; None: nobody does."""

    visit: int
    key: str
    params: Mapping[str, Any]
    op: int | None


class Screen:
    def __init__(self, calls: Calls, owner: Owner, cache: ListCache) -> None:
        self._calls, self._owner, self.cache = calls, owner, cache
        self._audience, self._keyed = calls.policies[CALLER_ONLY], calls.policies[KEYED]

    def list(self, op: int | None, value: Mapping[str, Any], licence: str = "user") -> None:
        """Document, "Background Hard Refresh": `listJobs`. `licence`: why, when no user asked."""
        visit = self._owner.visit
        if visit.scope is None:
            if op is not None:
                self._calls.out.append(Failed(op, "invalid_params", "no scope is open: open one first"))
            return
        asked = {name: value[name] for name in REQUEST_FIELDS if value.get(name) is not None}
        params = {**visit.scope.params(), **asked}
        request = Request(visit.n, self.cache.key(params), params, op)
        cached = None if params.get("bypassCache") else self.cache.get(request.key)
        if cached is None:
            self._ask(request, None if op is not None else licence)
            return
        if self._audience.shows_cached:
            self._show(request, cached.reply, f"cache:{request.key}")
        if self.cache.due(request.key):
            self._ask(Request(visit.n, request.key, params, None), "refresh")
        self._answer(request, cached.reply, "cache", cached.call)

    def _ask(self, request: Request, licence: str | None) -> None:
        self._calls.begin("job.list", request.params, partial(self._answered, request), licence=licence)

    def _answered(self, request: Request, answer: Answer) -> None:
        """Document: `listJobsViaRPC`, then replace, cache, and note when."""
        if answer.error is not None:
            if request.op is not None:
                message = str(answer.error.get("message") or answer.code)
                self._calls.out.append(Failed(request.op, answer.code, message))
            return
        if not self._owner.accepts(answer.result):
            if request.op is not None:
                self._calls.out.append(Failed(request.op, "internal", "the answer of a store that is gone"))
            return
        late = self._keyed and request.visit != self._owner.visit.n
        if self._audience.shows_reply and not late:
            self._show(request, answer.result, f"list:{answer.corr}")
        self.cache.put(request.key, answer.result, answer.corr)
        self.cache.fetched(request.key)
        self._answer(request, answer.result, "desktop", answer.corr)

    def _show(self, request: Request, result: Mapping[str, Any], cause: str) -> None:
        cut = any(request.params.get(name) for name in (*FILTERS, "page"))
        page = read_page(result, after=None, filtered=cut)
        self._owner.page(page, cause)
        self._owner.reconciled(0 if cut else page.as_of, cause)

    def _answer(self, request: Request, result: Mapping[str, Any], source: str, call: str) -> None:
        """To the user: the rows, and all that says of when and of what they are."""
        if request.op is None:
            return
        page = read_page(result, after=None, filtered=True)
        answer = {"jobs": [summary(row) for row in page.rows], "totalCount": result.get("totalCount"), "source": source}
        answer |= {"params": dict(request.params), "call": call}
        answer |= {name: result[name] for name in ("asOf", "store", "more") if name in result}
        self._calls.out.append(Done(request.op, answer))
