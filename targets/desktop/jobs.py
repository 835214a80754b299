"""Every mutation of a job, in the documented order: commit, local event, device-link event, invalidation.

One writer at a time: between the decision and the emission of a change no other one is decided, so revisions are
dense and events leave in the order of their commits.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from targets import protocol
from targets.desktop import policies as at
from targets.desktop.bus import DEVICE_LINK_EVENT, Bus
from targets.desktop.cache import ListCache
from targets.desktop.changes import Decide
from targets.desktop.policies_options import REMOVALS, SHAPE, Told
from targets.desktop.rows import Write, row_of
from targets.desktop.store import Store, StoreFailed
from targets.policy import Policies
from targets.probe import Definite, Journal


@dataclass
class Jobs:
    device: str
    boot: str
    store: Store
    cache: ListCache
    bus: Bus
    policies: Policies
    journal: Journal
    frames: int = 0  # emitted since the start

    async def change(self, job: str, decide: Decide, creates: bool = False) -> int:
        """Commit and tell. The revision. Raises Definite (nothing happened), with `store_failed` when it could not
        be written."""
        async with self.store.writing:
            return await self._change(job, decide, None, creates)

    async def request(self, job: str, decide: Decide, key: str, corr: str) -> Any:
        """A mobile's request, done at most once by its idempotency `key`: `{"success": true}` or `{"error": …}`.
        `corr` is the call that brings it, for the journal.

        Raises StoreFailed: it was not done, and a later duplicate may succeed.
        """
        success = {"success": True}
        async with self.store.writing:
            stored = self.policies[at.IDEMPOTENCY].on
            if stored and (known := self.store.outcome(key)) is not None:
                return known
            try:
                await self._change(job, decide, (key, success) if stored else None, cause=f"rpc:{corr}")
            except Definite as exc:
                if exc.code == "store_failed":
                    raise StoreFailed(exc.message) from exc
                failure = {"error": {"code": exc.code, "message": exc.message}, "asOf": self.store.head}
                if stored:
                    await self.store.remember(key, failure)
                return failure
        return success

    async def _change(
        self, job: str, decide: Decide, outcome: tuple[str, Any] | None, creates: bool = False, cause: str | None = None
    ) -> int:
        if creates and self.store.was_deleted(job):
            raise Definite("exists", f"job {job} was deleted; ids are never used again")
        now_ms = protocol.now_ms()
        before = self.store.meta(job)
        write = self.store.plan(before, decide(before, now_ms), now_ms)
        scope = (write.job["sessionId"], write.job["projectHash"])
        self.cache.begin_write(*scope)
        try:
            await self._commit(write, outcome, cause)
            self._tell(write)
        finally:
            self.cache.end_write(*scope)
        return write.n

    async def _commit(self, write: Write, outcome: tuple[str, Any] | None, cause: str | None) -> None:
        self.journal("commit-begin", **self._begun(write), **({"cause": cause} if cause is not None else {}))
        try:
            await self.store.commit(write, outcome)
        except StoreFailed as exc:
            self.journal("commit-abort", n=write.n, boot=self.boot, error=str(exc))
            raise Definite("store_failed", f"the write failed and was rolled back: {exc}") from exc
        self.journal("commit-end", n=write.n, boot=self.boot)

    def _begun(self, write: Write) -> dict[str, Any]:
        job, change = write.job, write.change
        line = {
            "n": write.n,
            "boot": self.boot,
            "store": self.store.id,
            "job": job["id"],
            "session": job["sessionId"],
            "attempt": job["attempt"],
            "f": change.f,
            "set": write.set,
        }
        if change.chunk is not None:
            line |= {"start": write.start, "chunk": change.chunk}
        if change.new_attempt:
            line["response"] = ""
        return line

    # Events ----------------------------------------------------------------------------------------------------------

    def _tell(self, write: Write) -> None:
        event, payload = write.change.event, self._shaped(write)
        sync = payload["sync"]
        told = {"event": event, "msg": sync["msg"], "job": payload["jobId"], "rev": write.n}
        if write.change.legacy is True:
            told["bare"] = True  # the event names no revision
        self.journal("emit", bus="local", **told)
        self.bus.emit(event, payload)
        self.journal("emit", bus="link", **told)
        self.bus.emit(DEVICE_LINK_EVENT, {"type": event, "payload": payload, "rev": write.n})

    def _shaped(self, write: Write) -> dict[str, Any]:
        payload, after = self._payload(write), write.after
        if after is None or "rev" not in payload["sync"]:
            return payload

        def row() -> protocol.Row:
            return row_of(after, self.store.response(after["id"]), self.device, self.store.id)

        told = Told(write.change.event, write.before or {}, row, self.policies[REMOVALS])
        return self.policies[SHAPE].shaped(payload, told)

    def _payload(self, write: Write) -> dict[str, Any]:
        job, change = write.job, write.change
        payload: dict[str, Any] = {"jobId": job["id"]}
        if change.legacy != "no-session":
            payload |= self._place(job)
        payload |= change.payload
        if change.event == protocol.CREATED and write.after is not None:
            payload["job"] = row_of(write.after, "", self.device, self.store.id)
        if change.body:
            payload["response"] = self.store.response(job["id"])
        if change.chunk is not None:
            payload["chunk"] = change.chunk
            if change.legacy is not True:
                name = "accumulated_length" if change.legacy == "snake" else "accumulatedLength"
                payload[name] = job["bytes"]
        payload["sync"] = self._sync(write)
        return payload

    def _place(self, job: Mapping[str, Any]) -> dict[str, Any]:
        project = {"projectHash": job["projectHash"]} if self.policies[at.PROJECT_HASH].on else {}
        return {"sessionId": job["sessionId"], **project}

    def _sync(self, write: Write) -> dict[str, Any]:
        """A legacy producer knows no revisions: its event carries the frame's own number only."""
        change = write.change
        self.frames += 1
        msg = f"{self.boot}-{self.frames}"
        if change.legacy is True:
            return {"msg": msg}
        sync: dict[str, Any] = {
            "desktop": self.device,
            "store": self.store.id,
            "rev": write.n,
            "prev": write.prev,
            "attempt": write.job["attempt"],
            "msg": msg,
        }
        if change.chunk is not None:
            sync["start"] = write.start
        if change.event not in (protocol.CREATED, protocol.DELETED):
            sync["set"] = {**write.set, "response": ""} if change.new_attempt else write.set
        return sync
