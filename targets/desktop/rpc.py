"""The calls a desktop answers: `job.list`, `job.get`, `job.cancel`, `job.delete`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from targets.desktop.cache import ListCache, project_key, session_key
from targets.desktop.changes import INT_MAX, Decide, of_existing
from targets.desktop.jobs import Jobs
from targets.desktop.policies import AS_OF
from targets.desktop.policies_cache import HIT
from targets.desktop.rows import Query
from targets.desktop.store import Store, StoreFailed
from targets.policy import Policies
from targets.probe import Journal
from targets.protocol import PAGE_SIZE, PAGE_SIZE_MAX, RpcError, project_hash

Params = Mapping[str, Any]
Method = Callable[[Params, str], Awaitable[Mapping[str, Any]]]


@dataclass
class Rpc:
    device: str
    store: Store
    cache: ListCache
    jobs: Jobs
    policies: Policies
    journal: Journal

    async def call(self, method: object, params: object, corr: str) -> Mapping[str, Any]:
        """The result. Raises RpcError."""
        methods: dict[str, Method] = {
            "job.list": self._list,
            "job.get": self._get,
            "job.cancel": self._cancel,
            "job.delete": self._delete,
        }
        if not isinstance(method, str) or method not in methods:
            raise _bad(f"no such method: {str(method)[:64]}")
        if not isinstance(params, dict):
            raise _bad("params must be an object")
        return await methods[method](params, corr)

    # Reads -----------------------------------------------------------------------------------------------------------

    async def _get(self, params: Params, corr: str) -> Mapping[str, Any]:
        job = _job_id(params)
        row, as_of = await self.store.get(job)
        where = {"asOf": as_of, "desktop": self.device, "store": self.store.id}
        if row is None:
            raise RpcError("not_found", f"no job {job}", **where)
        return {"job": row, **where}

    async def _list(self, params: Params, corr: str) -> Mapping[str, Any]:
        query = query_of(params)
        by_session = query.column == "sessionId"
        key = session_key(query.scope) if by_session else project_key(query.scope)
        if params.get("bypassCache"):
            self.journal("cache", what="bypass", key=key)
        elif (hit := await self._hit(key, query)) is not None:
            return hit
        generation = self.cache.generation(key)
        page, as_of = await self.store.list(query, self.policies[AS_OF].on)
        reply = {
            "jobs": page.jobs,
            "totalCount": page.total,
            "page": query.page,
            "pageSize": query.page_size,
            "asOf": as_of,
            "desktop": self.device,
            "store": self.store.id,
            "more": page.more,
        }
        self.cache.fill(key, query.filters, generation, reply)
        return reply

    async def _hit(self, key: str, query: Query) -> Mapping[str, Any] | None:
        cached = self.cache.get(key, query.filters)
        if cached is not None and self.policies[HIT].on:
            generation = self.cache.generation(key)
            as_of = await self.store.committed()
            if not self.cache.unchanged(key, generation):
                self.journal("cache", what="outdated", key=key)
                return None
            cached = {**cached, "asOf": as_of}
        if cached is not None:
            self.journal("cache", what="hit", key=key)
        return cached

    # Requests --------------------------------------------------------------------------------------------------------

    async def _cancel(self, params: Params, corr: str) -> Mapping[str, Any]:
        return await self._request("cancel", _job_id(params), of_existing("cancel", params), params, corr)

    async def _delete(self, params: Params, corr: str) -> Mapping[str, Any]:
        return await self._request("delete", _job_id(params), of_existing("delete", params), params, corr)

    async def _request(self, method: str, job: str, decide: Decide, params: Params, corr: str) -> Mapping[str, Any]:
        key = params.get("idempotencyKey", corr)
        if not isinstance(key, str) or not key:
            raise _bad("idempotencyKey must be a string")
        try:
            outcome = await self.jobs.request(job, decide, f"{method}:{job}:{key}", corr)
        except StoreFailed as exc:
            raise RpcError("internal", f"the write failed: {exc}") from exc
        error = outcome.get("error")
        if error is None:
            return {"success": True}
        where = {"asOf": outcome["asOf"], "desktop": self.device, "store": self.store.id}
        raise RpcError(error["code"], error["message"], **(where if error["code"] == "not_found" else {}))


def query_of(params: Params) -> Query:
    """Raises RpcError `invalid_params`. The session wins over the project."""
    session, directory = params.get("sessionId"), params.get("projectDirectory")
    if isinstance(session, str) and session:
        column, scope = "sessionId", session
    elif session is None and isinstance(directory, str) and directory:
        column, scope = "projectHash", project_hash(directory)
    else:
        raise _bad("sessionId or projectDirectory is needed")
    return Query(
        column,
        scope,
        _words(params, "statusFilter"),
        _words(params, "taskTypeFilter"),
        _whole(params, "page", 0, 0),
        min(PAGE_SIZE_MAX, _whole(params, "pageSize", PAGE_SIZE, 1)),
        _after(params.get("after")),
    )


def _bad(message: str) -> RpcError:
    return RpcError("invalid_params", message)


def _job_id(params: Params) -> str:
    job = params.get("jobId")
    if not isinstance(job, str) or not job:
        raise _bad("jobId is needed")
    return job


def _words(params: Params, name: str) -> tuple[str, ...]:
    """A filter: one word or several, in an order of their own so that equal filters share a cache entry."""
    found = params.get(name)
    words = [found] if isinstance(found, str) else found or []
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words) or len(words) > 100:
        raise _bad(f"{name} must be a string or a list of strings")
    return tuple(sorted(set(words)))


def _whole(params: Params, name: str, default: int, least: int) -> int:
    number = params.get(name)
    if number is None:
        return default
    if not isinstance(number, int) or isinstance(number, bool) or not least <= number <= INT_MAX // PAGE_SIZE_MAX:
        raise _bad(f"{name} must be a whole number, {least} or more")
    return number


def _after(found: object) -> tuple[int, str] | None:
    match found:
        case None:
            return None
        case {"createdAt": int() as created, "id": str() as job} if abs(created) <= INT_MAX:
            return created, job
        case _:
            raise _bad('after must be {"createdAt": ms, "id": job id}')
