"""Probes inside the process: a component's handlers, called in its node's context, off the links.

What goes in and comes out is copied through JSON, as over a wire: neither side sees the other's objects change.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

import msgspec

from harness.runtimes import Hello, Outcome, ProbeLost
from harness.runtimes.sim.kernel.loop import SimLoop, SimTask
from harness.runtimes.sim.machines.node import Node
from targets.probe import Definite, Handlers, Indeterminate

WriteJournal = Callable[[str, str, dict[str, Any], int], None]

_STATE_LIMIT_S = 30.0

_encode = msgspec.json.Encoder(enc_hook=str).encode
_decode = msgspec.json.decode


class SimProbe:
    """Implements `harness.runtimes.Probe`, and the `ProbeHost` that one node attaches to."""

    def __init__(self, node: Node, loop: SimLoop, write_journal: WriteJournal) -> None:
        self.hello = Hello(node.name, "", 0, "sim", loop.now_ns)
        self.attached = loop.create_future()
        self.incarnation = 0
        self.shut = False
        self._node, self._loop, self._write_journal = node, loop, write_journal
        self._handlers: Handlers | None = None

    def moves_to(self, node: Node) -> None:
        """The program was started anew: it attaches again, as another incarnation."""
        self._node, self._handlers, self.incarnation = node, None, node.boot
        self.attached = self._loop.create_future()
        self("started", incarnation=node.boot)

    # ---- the component's side -------------------------------------------------------------------------------------

    def attach(self, handlers: Handlers) -> SimProbe:
        self._handlers = handlers
        self.hello = Hello(self._node.name, handlers.role, handlers.level, "sim", self._loop.now_ns)
        if not self.attached.done():
            self.attached.set_result(None)
        return self

    def __call__(self, line: str, /, **fields: Any) -> None:
        """Write one journal line."""
        if not self.shut:
            self._write_journal(self._node.name, line, fields, self._loop.now_ns)

    # ---- the harness's side ---------------------------------------------------------------------------------------

    async def op(self, f: str, value: Mapping[str, Any], timeout_s: float) -> Outcome:
        handlers, node = self._handlers, self._node
        if handlers is None or node.ended:
            return Outcome("fail", error={"code": "down", "message": f"{self._node.name} does not run"})
        task = self._start(_perform(handlers, f, _copied(value)))
        await asyncio.wait([task, node.gone], timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
        if task.cancelled() or (not task.done() and node.ended):
            return Outcome("info", error={"code": "down", "message": f"{node.name} ended meanwhile"})
        if not task.done():
            return Outcome("info", error={"code": "timeout", "message": f"no answer within {timeout_s:g} s"})
        outcome: Outcome = task.result()
        return outcome

    async def state(self) -> dict[str, Any]:
        handlers, node = self._handlers, self._node
        if handlers is None or node.ended:
            raise ProbeLost(f"{self._node.name} does not run: no state")
        task = self._start(_read_state(handlers))
        await asyncio.wait([task, node.gone], timeout=_STATE_LIMIT_S, return_when=asyncio.FIRST_COMPLETED)
        if not task.done() or task.cancelled():
            raise ProbeLost(f"{self._node.name} did not give its state within {_STATE_LIMIT_S:g} s")
        state: dict[str, Any] = task.result()
        return state

    def _start(self, coroutine: Coroutine[Any, Any, Any]) -> SimTask[Any]:
        return self._loop.create_task(coroutine, name=f"probe {self._node.name}", context=self._node.context)


async def _perform(handlers: Handlers, f: str, value: Any) -> Outcome:
    """Runs in the node. It goes on when nobody waits any more, as an operation does."""
    try:
        return Outcome("ok", value=_copied(await handlers.op(f, value)))
    except Definite as exc:
        return Outcome("fail", error={"code": exc.code, "message": exc.message})
    except Indeterminate as exc:
        return Outcome("info", error={"code": exc.code, "message": exc.message})
    except Exception as exc:
        return Outcome("info", error={"code": "crashed", "message": f"{type(exc).__name__}: {exc}"})


async def _read_state(handlers: Handlers) -> Any:
    return _copied(await handlers.state())


def _copied(value: Any) -> Any:
    return _decode(_encode(value))
