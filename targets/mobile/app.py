"""The mobile put together: the core, a link, timers, and the probe that drives them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from typing import Any

from targets import profiles, wall
from targets.link import DeviceLink, FrameTooBig, LinkDown
from targets.mobile.model import Action, Done, Failed, Note, Scope, Send, Timer
from targets.mobile.replica import Replica
from targets.probe import Definite, Handlers, Indeterminate, Value, attach
from targets.protocol import DEFINITE_CODES, Frame, call_frame, device_id, new_id
from targets.timing import timing_from_env

LEVEL = 2
OPERATIONS = ("open", "close", "list", "get", "cancel", "delete", "switch", "background", "foreground")


class Mobile:
    def __init__(self, env: Mapping[str, str]) -> None:
        timing, policies = timing_from_env(env), profiles.from_env(env)
        handlers = Handlers(env.get("NODE_NAME", "mobile"), "mobile", LEVEL, self._op, self._state)
        self._journal = attach(handlers, env)
        self._desktop = device_id(env["DESKTOP_DEVICE_ID"])
        self._replica = Replica(
            policies=policies,
            timing=timing,
            device=device_id(env["DEVICE_ID"]),
            desktop=self._desktop,
            clock=time.monotonic,
            wall=wall.now_s,
            new_id=new_id,
        )
        self._link = DeviceLink(
            env=env,
            client_type="mobile",
            timing=timing,
            policies=policies,
            journal=self._journal,
            on_frame=self._on_frame,
            on_registered=self._on_registered,
            on_lost=self._on_lost,
        )
        self._foreground = True
        self._ops: dict[int, asyncio.Future[Any]] = {}
        self._op_n = 0
        self._sending: dict[str, asyncio.Task[None]] = {}

    async def run(self) -> None:
        await self._link.run()

    # From the link ------------------------------------------------------------------------------------------------

    def _on_frame(self, frame: Frame) -> None:
        self._replica.frame(frame)
        self._perform()

    def _on_registered(self) -> None:
        self._replica.registered()
        self._perform()

    def _on_lost(self) -> None:
        self._replica.lost()
        self._perform()

    # Actions ------------------------------------------------------------------------------------------------------

    def _perform(self) -> None:
        for action in self._replica.take():
            self._do(action)

    def _do(self, action: Action) -> None:
        match action:
            case Note(line, fields):
                self._journal(line, **fields)
            case Send(corr):
                self._sending[corr] = asyncio.create_task(self._send(action))
            case Timer(key, delay_s):
                asyncio.get_running_loop().call_later(delay_s, self._fire, key)
            case Done(op, value):
                if (future := self._answer(op)) is not None:
                    future.set_result(value)
            case Failed(op, code, message):
                error = Definite if code in DEFINITE_CODES else Indeterminate
                if (future := self._answer(op)) is not None:
                    future.set_exception(error(code, message))

    def _fire(self, key: tuple[Any, ...]) -> None:
        self._replica.timer(key)
        self._perform()

    async def _send(self, call: Send) -> None:
        sent = self._link.registered
        try:
            await self._link.send(call_frame(self._desktop, call.method, call.params, call.corr))
        except LinkDown:
            self._replica.calls.refuse(call.corr, "disconnected" if sent else "offline")
        except FrameTooBig:
            self._replica.calls.refuse(call.corr, "invalid_params")
        finally:
            del self._sending[call.corr]
        self._perform()

    def _answer(self, op: int) -> asyncio.Future[Any] | None:
        """The future of an operation, for once; an answer that comes again, or too late, finds nobody."""
        future = self._ops.pop(op, None)
        return None if future is None or future.done() else future

    # From the probe -----------------------------------------------------------------------------------------------

    async def _op(self, f: str, value: Value) -> Any:
        """One operation of the user. Raises Definite, Indeterminate."""
        if f not in OPERATIONS:
            raise Definite("unknown_op", f"a mobile has no operation {f}; it has {', '.join(OPERATIONS)}")
        local = {"open": self._open, "switch": self._open, "close": self._close}
        if f in local:
            local[f](f, value)
            self._perform()
            return {"visit": self._replica.visit_n}
        if f in ("background", "foreground"):
            self._show(f == "foreground")
            return {}
        return await self._call(f, value)

    def _open(self, f: str, value: Value) -> None:
        try:
            scope = Scope.parse(value.get("scope"))
        except ValueError as exc:
            raise Definite("invalid_params", f"{f}: {exc}") from None
        self._replica.open(scope, f"local:{f}")

    def _close(self, f: str, value: Value) -> None:
        self._replica.open(None, f"local:{f}")

    def _show(self, foreground: bool) -> None:
        self._foreground = foreground
        if foreground:
            self._link.resume()
        else:
            self._link.suspend()

    async def _call(self, f: str, value: Value) -> Any:
        job = value.get("jobId")
        if f != "list" and not isinstance(job, str):
            raise Definite("invalid_params", f"{f}: jobId must be a string")
        self._op_n += 1
        future = self._ops[self._op_n] = asyncio.get_running_loop().create_future()
        if f == "list":
            self._replica.screen.list(self._op_n, value)
        else:
            key = value.get("idempotencyKey")  # of a request made again; else the call's id is its key
            again = {"idempotencyKey": key} if f in ("cancel", "delete") and isinstance(key, str) else {}
            self._replica.call(self._op_n, f"job.{f}", {"jobId": job, **again})
        self._perform()
        return await future

    async def _state(self) -> dict[str, Any]:
        replica = self._replica
        visit = replica.visit
        return {
            "scope": visit.scope.as_json() if visit.scope is not None else None,
            "foreground": self._foreground,
            "registered": self._link.registered,
            "visit": visit.n,
            "listed": visit.listed,
            "jobs": replica.board.state(),
            "pending": replica.overlay.state(),
            "gauges": {**replica.gauges(), "sending": len(self._sending), "ops": len(self._ops)},
        }
