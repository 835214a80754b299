"""Chunks that wait to leave as one event: one apply over [start of the first, end of the last), job by job.

A batch is an ordinary `job:response-appended` with a longer text. Its `sync` is that of its last chunk, but `prev` and
`start`, which are the first one's, and `covers`: the revisions before the last that it stands for.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from targets.desktop import policies_options as at
from targets.policy import Policies

Payload = dict[str, Any]
CAP_BYTES = 64 * 1024  # of text in one batch

_FIELDS = ("set", "delta")


@dataclass
class Batch:
    timer: asyncio.TimerHandle
    chunks: list[Payload] = field(default_factory=list)
    size: int = 0


class Batches:
    """`send(payload, revs)` takes a batch, or a chunk that stayed alone, as one event, and what it stands for."""

    def __init__(self, policies: Policies, window_s: float, send: Callable[[Payload, list[int]], None]) -> None:
        self._policies, self._window_s, self._send = policies, window_s, send
        self._waiting: dict[str, Batch] = {}

    def __len__(self) -> int:
        return sum(len(batch.chunks) for batch in self._waiting.values())

    def take(self, payload: Payload) -> bool:
        """Keep a chunk. False: it is none that can be joined with others, and those before it have been sent."""
        job, sync = str(payload.get("jobId")), payload.get("sync", {})
        if "rev" not in sync or "chunk" not in payload or "accumulatedLength" not in payload:
            self.flush(job)
            return False
        batch = self._waiting.get(job)
        if batch is None:
            batch = self._waiting[job] = Batch(self._timer(job))
        elif not self._policies[at.BATCH_WAIT].on:
            batch.timer.cancel()
            batch.timer = self._timer(job)
        batch.chunks.append(payload)
        batch.size += len(payload["chunk"].encode())
        if batch.size >= CAP_BYTES:
            self.flush(job)
        return True

    def before(self, job: object) -> None:
        """Another event of that job is about to leave."""
        if self._policies[at.BATCH_FLUSH].on:
            self.flush(str(job))

    def flush(self, job: str) -> None:
        batch = self._waiting.pop(job, None)
        if batch is not None:
            batch.timer.cancel()
            self._send(self._joined(batch.chunks), [int(chunk["sync"]["rev"]) for chunk in batch.chunks])

    def flush_all(self) -> None:
        for job in list(self._waiting):
            self.flush(job)

    def _timer(self, job: str) -> asyncio.TimerHandle:
        return asyncio.get_running_loop().call_later(self._window_s, self.flush, job)

    def _joined(self, chunks: list[Payload]) -> Payload:
        if len(chunks) == 1:
            return chunks[0]
        first, last = chunks[0], chunks[-1]
        sync = {**last["sync"], "prev": self._policies[at.BATCH_PREV].of(chunks), "start": first["sync"]["start"]}
        for name in _FIELDS:
            parts = [chunk["sync"][name] for chunk in chunks if name in chunk["sync"]]
            if parts:
                sync[name] = {column: value for part in parts for column, value in part.items()}
        if self._policies[at.BATCH_COVERS].on:
            sync["covers"] = [chunk["sync"]["rev"] for chunk in chunks[:-1]]
        return {**last, "chunk": "".join(chunk["chunk"] for chunk in chunks), "sync": sync}
