"""The desktop's end of the device link: forwards device-link events, says how far it is, answers calls.

Events wait in one queue and leave in order; a lost connection empties it, unless a variant keeps them. A head waits in
the same queue, so that it never overtakes the events it speaks of.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Coroutine, Mapping
from typing import Any

from targets.desktop import policies as at
from targets.desktop.batches import Batches
from targets.desktop.bus import DEVICE_LINK_EVENT, Bus
from targets.desktop.policies_open import ENVELOPE, OFFLINE
from targets.desktop.policies_options import BATCHING
from targets.desktop.rpc import Rpc
from targets.desktop.store import Store
from targets.link import DeviceLink, FrameTooBig, LinkDown
from targets.policy import Policies
from targets.probe import Journal
from targets.protocol import RESPONSE_APPENDED, SYNC_HEAD, Frame, RpcError, encode, event_frame, reply_frame
from targets.timing import Timing

QUEUE_MAX = 10_000  # events that wait for a relay that does not read; more are lost, and a head says so


class Uplink:
    def __init__(
        self,
        *,
        env: Mapping[str, str],
        timing: Timing,
        policies: Policies,
        journal: Journal,
        bus: Bus,
        store: Store,
        rpc: Rpc,
        device: str,
    ) -> None:
        self._timing, self._policies, self._journal = timing, policies, journal
        self._bus, self._store, self._rpc, self._device = bus, store, rpc, device
        self._keeps, self._envelope = policies[OFFLINE].keeps, policies[ENVELOPE]
        self._batches = Batches(policies, timing.batch_s, self._emit_batch) if policies[BATCHING].on else None
        self._handed = policies[at.FIRST_HEAD].handed(store.head)
        self._queue: deque[bytes] = deque()
        self._wake = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._while_registered: list[asyncio.Task[None]] = []
        self.link = DeviceLink(
            env=env,
            client_type="desktop",
            timing=timing,
            policies=policies,
            journal=journal,
            on_frame=self._on_frame,
            on_registered=self._on_registered,
            on_lost=self._on_lost,
        )
        bus.listen(DEVICE_LINK_EVENT, self._forward)

    def gauges(self) -> dict[str, int]:
        return {"queued": len(self._queue), "calls": len(self._tasks)}

    # Out -------------------------------------------------------------------------------------------------------------

    def _forward(self, event: dict[str, Any]) -> None:
        """Document, "Relay Origin Filter" and "Validation": non-empty type, JSON payload, not from the relay."""
        kind, payload = event.get("type"), event.get("payload")
        if event.get("relayOrigin") == "remote" or not isinstance(kind, str) or not kind:
            return
        if not isinstance(payload, dict):
            return
        if self._batches is not None:
            if kind == RESPONSE_APPENDED and self._batches.take(payload):
                return
            self._batches.before(payload.get("jobId"))
        self._emit(kind, payload, event.get("rev"))

    def _emit_batch(self, payload: dict[str, Any], revs: list[int]) -> None:
        if len(revs) > 1:
            self._journal("batch", msg=payload["sync"]["msg"], job=payload["jobId"], revs=revs)
        self._emit(RESPONSE_APPENDED, payload, payload["sync"]["rev"])

    def _emit(self, kind: str, payload: dict[str, Any], rev: object) -> None:
        try:
            data = encode(event_frame(kind, payload, self._envelope.key))
        except (TypeError, ValueError):
            return
        if isinstance(rev, int):
            self._handed = max(rev, self._handed or 0)
        self._enqueue(data)

    def _enqueue(self, data: bytes) -> None:
        if (self.link.registered or self._keeps) and len(self._queue) < QUEUE_MAX:
            self._queue.append(data)
            self._wake.set()

    def _head(self) -> None:
        if self._batches is not None:  # a head speaks of what has left
            self._batches.flush_all()
        if self._handed is None:
            return
        rev = self._policies[at.HEAD_REV].rev(self._handed, self._store.head)
        head = {"desktop": self._device, "store": self._store.id, "rev": rev}
        self._enqueue(encode(event_frame(SYNC_HEAD, head, self._envelope.key)))

    async def _send_queue(self) -> None:
        try:
            while True:
                while self._queue:
                    await self._send(self._queue[0])
                    self._queue.popleft()  # a link lost meanwhile has raised, or cancelled this task
                self._wake.clear()
                await self._wake.wait()
        except LinkDown:
            return

    async def _send(self, data: bytes) -> None:
        try:
            await self.link.send_encoded(data)
        except FrameTooBig:
            self._journal("link", state="registered", reason="an event above the frame cap was dropped")

    async def _repeat_head(self) -> None:
        while True:
            self._head()
            await asyncio.sleep(self._timing.head_s * self._policies[at.HEADS].pace)

    def _on_registered(self) -> None:
        self._while_registered = [asyncio.create_task(self._send_queue())]
        if self._policies[at.HEADS].on:
            self._while_registered.append(asyncio.create_task(self._repeat_head()))

    def _on_lost(self) -> None:
        if self._batches is not None:
            self._batches.flush_all()
        if not self._keeps:
            self._queue.clear()
        for task in self._while_registered:
            task.cancel()
        self._while_registered = []

    # In --------------------------------------------------------------------------------------------------------------

    def _on_frame(self, frame: Frame) -> None:
        match frame:
            case {"messageType": str() as kind, "payload": dict() as payload} if kind.startswith("job:"):
                stamp = self._policies[at.RELAY_ORIGIN]
                self._bus.emit(DEVICE_LINK_EVENT, stamp.stamped({"type": kind, "payload": payload}))
            case {"type": "relay", "clientId": str() as client, "request": {"correlationId": str() as corr}}:
                self._spawn(self._answer(client, corr, frame["request"]))

    def _spawn(self, coroutine: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _answer(self, client: str, corr: str, asked: Mapping[str, Any]) -> None:
        method = asked.get("method")
        try:
            reply = reply_frame(client, corr, result=await self._rpc.call(method, asked.get("params", {}), corr))
            outcome = "ok"
        except RpcError as exc:
            reply = reply_frame(client, corr, error=exc.as_json())
            outcome = exc.code
        self._journal("rpc", corr=corr, method=method, outcome=outcome)
        try:
            await self.link.send(reply)
        except LinkDown:
            self._journal("rpc", corr=corr, method=method, outcome="unanswered")
        except FrameTooBig as exc:
            await self._fail(client, corr, str(exc))

    async def _fail(self, client: str, corr: str, why: str) -> None:
        try:
            await self.link.send(reply_frame(client, corr, error=RpcError("internal", why).as_json()))
        except LinkDown:
            return
