"""The simulated world: its nodes, its network, its clock; one per run, and nothing of it survives the run."""

from __future__ import annotations

import asyncio
import gc
import hashlib
import logging
import traceback
import warnings
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from typing import Any, TypeVar

from harness import registry
from harness.history import Tap
from harness.interruption import interruptible, recognized, uninterrupted
from harness.runtimes import Stalled
from harness.runtimes.sim.kernel import Host, clockwork, exits
from harness.runtimes.sim.kernel.guard import raised_at
from harness.runtimes.sim.kernel.loop import NODE, SimLoop, SimTask
from harness.runtimes.sim.kernel.stacks import stacks
from harness.runtimes.sim.machines.node import Node, disks
from harness.runtimes.sim.net.network import Network
from harness.runtimes.sim.net.taps import Witness
from harness.seeds import stream
from harness.wire.dialect import PLAIN

T = TypeVar("T")


class CannotSimulate(RuntimeError):
    """A node's program did something that cannot be simulated; the message says which, what and where."""


_TOLD_AT_ONCE = 256
_STUBBORN = 50  # a coroutine may answer GeneratorExit by awaiting again, so often


class World:
    """`run(coroutine)` plays it to its end and then takes everything apart.

    `crashes` tells what went wrong inside of nodes: a program that ended, an exception that nobody caught.
    """

    def __init__(
        self,
        seed: int,
        *,
        tap: Callable[[Tap], None] | None = None,
        tap_payload: bool = False,
        dialect: str = PLAIN,
        **caps: int,
    ) -> None:
        self.seed = seed
        self.loop = SimLoop(**caps)
        self.draws = stream(seed, "world")  # of whatever runs outside of every node
        self.nodes: dict[str, Node] = {}
        self.network = self.loop.network = Network(self)
        self.accept = self.network.accept
        self.witness = Witness(tap, self._now_ns, tap_payload, registry.find("dialect", dialect))
        self.crashes: list[str] = []
        self.on_event: Callable[[int, str, str, bytes], None] | None = None
        self.over = False
        self.graves: list[Node] = []  # processes that were killed
        self._told: list[bytes] = []  # of the trace, not digested yet
        self._digest = hashlib.blake2b(digest_size=16)
        self._at_end: list[Callable[[], None]] = []
        self.loop.set_exception_handler(self._on_exception)
        self.loop.when_left = self._left
        self.on_exit: Callable[[str, int, str], None] = lambda node, code, said: None  # called when a program ended
        self.on_crash: Callable[[str, str], None] = lambda node, said: None  # when it goes on, less what nobody caught

    def _now_ns(self) -> int:
        return self.loop.now_ns

    # ---- trace ----------------------------------------------------------------------------------------------------

    def trace(self, kind: str, name: str, data: bytes) -> None:
        """Everything that happens on the network goes into one digest, with its time."""
        told = self._told
        told.append(f"{self.loop.now_ns} {kind} {name} {len(data)}\n".encode())
        told.append(data)
        if len(told) > _TOLD_AT_ONCE:
            self._digest.update(b"".join(told))
            told.clear()
        if self.on_event is not None:
            self.on_event(self.loop.now_ns, kind, name, data)

    def trace_hash(self) -> str:
        """Equal for equal seeds and programs, in every process."""
        self._digest.update(b"".join(self._told))
        self._told.clear()
        digest = self._digest.copy()
        digest.update(str(self.loop.now_ns).encode())
        return digest.hexdigest()

    # ---- nodes ----------------------------------------------------------------------------------------------------

    def add_node(self, name: str) -> Node:
        node = self.nodes[name] = Node(self, name, len(self.nodes) + 1)
        return node

    def spawn(self, node: Node, main: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Start the node's program. It is to run for ever: if it ends, that is a crash."""
        task = self.loop.create_task(node.context.run(main), name=f"{node.name} main", context=node.context)
        node.main = task
        task.add_done_callback(lambda done: self._main_ended(node, done), context=node.context)

    def _main_ended(self, node: Node, task: asyncio.Future[None]) -> None:
        if not self.over and not node.leaving and not node.ended:
            self._ends(node, None if task.cancelled() else task.exception())

    def _left(self, host: Host, exc: BaseException) -> None:
        """Some code of it said so, in whatever task or callback: the process ends, as a real one would."""
        node = self.nodes[host.name]
        if node is host and not self.over and not node.ended:
            self._ends(node, exc)

    def _ends(self, node: Node, exc: BaseException | None) -> None:
        said = exits.told(exc, f"t={self.loop.time():.6f} s")
        self.crashes.append(f"{node.name} {said}")
        self.trace("end", node.name, b"")
        self.on_exit(node.name, exits.code_of(exc), said)
        self._stop(node)

    def _stop(self, node: Node) -> None:
        """The process is gone: its tasks end, and the kernel closes its sockets."""
        node.end()
        for listener in node.listeners:
            listener.close()
        for task in self.tasks(node):
            task.cancel()
        for endpoint in list(node.endpoints):
            endpoint.abort()

    def tasks(self, node: Node | None = None) -> list[SimTask[Any]]:
        """Unfinished tasks (of one node) in the order of their creation."""
        found = [t for t in asyncio.all_tasks(self.loop) if isinstance(t, SimTask)]
        return sorted((t for t in found if node is None or t.node is node), key=hash)

    def _on_exception(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        if self.over:
            return
        node = _node_of(context)
        where = node.name if node is not None else "the harness"
        exc = context.get("exception")
        if isinstance(exc, SystemExit | KeyboardInterrupt):  # of a process that has ended by it
            return
        told = f":\n{_told(exc)}" if exc is not None else ""
        self.crashes.append(f"{where} at t={self.loop.time():.6f} s: {context.get('message')}{told}")
        if node is not None and exc is not None:
            self.on_crash(node.name, f"{type(exc).__name__}: {exc}{raised_at(exc)}")

    # ---- a run ----------------------------------------------------------------------------------------------------

    def at_end(self, close: Callable[[], None]) -> None:
        """Called when the run is over, before its coroutines are closed (databases)."""
        self._at_end.append(close)

    def run(self, play: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Run `play()`, the one task outside of every node, to its end.

        Raises what it raises, `Stalled` with its stacks, or `CannotSimulate`.
        """
        with recognized(), uninterrupted(), _without_gc(), clockwork.installed(self.loop, self.draws, disks()):
            try:
                with interruptible():
                    return self._play(play)
            finally:
                self._take_apart()

    def _play(self, play: Callable[[], Coroutine[Any, Any, T]]) -> T:
        try:
            result = self.loop.run_until_complete(self.loop.create_task(play(), name="play"))
        except Exception as exc:
            if isinstance(exc, Stalled):
                exc.stacks = exc.stacks or stacks(self.tasks())
            if self.loop.refusals:  # which stopped the loop in the midst of everything
                raise CannotSimulate("\n".join(self.loop.refusals)) from None
            raise
        if self.loop.refusals:
            raise CannotSimulate("\n".join(self.loop.refusals))
        return result

    def _take_apart(self) -> None:
        """Nothing runs any more; what is suspended is closed, which runs its `finally` clauses, unheard."""
        self.over = self.witness.shut = True
        with _silence():
            for close in self._at_end:
                close()
            tasks = self.tasks()
            self.loop.close()
            for task in tasks:
                if self.loop.tenancy is not None:
                    self.loop.tenancy.enter(task.node)
                _close(task)
            self.loop.close()
            self.loop.absent.clear()
            self.graves.clear()
            for connection in self.network.connections.values():
                connection.release()
            for node in self.nodes.values():
                node.endpoints.clear()
                node.listeners.clear()
                node.main = None
            self.network.connections.clear()
            self.network.lines.clear()
            self._at_end.clear()


def _told(exc: BaseException) -> str:
    return "".join(traceback.format_exception(exc)).rstrip()


def _node_of(context: dict[str, Any]) -> Host | None:
    task = context.get("task") or context.get("future")
    if isinstance(task, SimTask):
        return task.node
    handle = context.get("handle")
    inside = getattr(handle, "_context", None)
    return inside.get(NODE) if inside is not None else NODE.get()


def _close(task: SimTask[Any]) -> None:
    task._log_destroy_pending = False  # type: ignore[attr-defined]
    coroutine: Any = task.get_coro()
    for _ in range(_STUBBORN):
        with suppress(BaseException):
            coroutine.close()
        if getattr(coroutine, "cr_frame", None) is None:
            return


@contextmanager
def _without_gc() -> Iterator[None]:
    """No collection in the midst of a run: it would call finalizers at moments that differ between processes."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


@contextmanager
def _silence() -> Iterator[None]:
    """Closing coroutines makes libraries log, warn and complain."""
    disabled = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(disabled)
