"""An asyncio event loop with virtual time: no selector, no sockets, no threads.

Time is a number of nanoseconds that moves only when nothing is ready: then it jumps to the next timer. What is ready
runs first in, first out, as `call_soon` promises and libraries rely on; timers of one instant run in the order in which
they were set. Programs are explored through the arrival times of their bytes; only where a plan says so (`noise`) do
tasks of a node wait for their turn at random, and then it is whole tasks, never callbacks among each other.
"""

from __future__ import annotations

import asyncio
import heapq
import sys
import threading
from asyncio import events
from collections import deque
from collections.abc import Callable, Coroutine, Generator
from contextvars import Context, ContextVar
from typing import Any, NoReturn, Protocol, TypeVar

from harness.interruption import Interrupted
from harness.runtimes import Stalled
from harness.runtimes.sim.kernel import Host, Tenancy, Wires
from harness.runtimes.sim.kernel.guard import place
from harness.runtimes.sim.kernel.handles import SimHandle, SimTimer

T = TypeVar("T")

NS_PER_S = 1e9
_NS_PER_S = 1_000_000_000
_FOREVER_S = 1e8  # `sleep(inf)` is a timer too
_ALL_NODES = "all nodes share it; return from main"
_SWEEP_FLOOR = 200  # cancelled timers kept in the heap before anybody looks

NODE: ContextVar[Host | None] = ContextVar("sim_node", default=None)

_Handle, _TimerHandle = SimHandle, SimTimer
_heappush, _heappop = heapq.heappush, heapq.heappop


class Fenced(NotImplementedError):
    """A program reached for something that cannot be simulated; the message names it."""


class Due(Protocol):
    """Something of the network that happens at an instant. It runs between callbacks, in no node's context."""

    def due(self) -> None: ...


class Parked:
    """What a node that does not run would do next. A dead one's is kept to the end: nothing of it may be collected."""

    def __init__(self) -> None:
        self.ready: list[Any] = []
        self.timers: list[tuple[int, int, Any]] = []


class Noise(Protocol):
    """Says how long the next task of a node that is ready is kept waiting, ns; mostly not at all."""

    def draw_ns(self) -> int: ...


class SimTask(asyncio.Task[T]):
    """A task whose hash is its creation number, so that sets of tasks iterate alike in every process."""

    number: int
    node: Host | None

    def __hash__(self) -> int:
        return self.number

    def __eq__(self, other: object) -> bool:
        return self is other


def to_ns(when_s: float) -> int:
    """The first nanosecond that is not before `when_s`."""
    when_ns = round(min(when_s, _FOREVER_S) * NS_PER_S)
    return when_ns + 1 if when_ns / NS_PER_S < when_s < _FOREVER_S else when_ns


class SimLoop(asyncio.BaseEventLoop):
    """`step_cap` bounds a run; `stall_cap` bounds the steps within one virtual second (a spin may never end it)."""

    _ready: deque[events.Handle]
    _stopping: bool
    _closed: bool
    _thread_id: int | None
    _timer_cancelled_count: int
    network: Wires

    def __init__(self, *, step_cap: int = 50_000_000, stall_cap: int = 1_000_000) -> None:
        super().__init__()
        self.now_ns = 0
        self.when_left: Callable[[Host, BaseException], None] | None = None  # a node's code ended its process
        self.refusals: list[str] = []  # what its nodes did that cannot be simulated
        self.steps = 0
        self._heap: list[tuple[int, int, Any]] = []
        self._pushed = 0
        self._tasks_made = 0
        self.absent: dict[Host | None, Parked] = {}  # nodes whose code does not run now, or never again
        self.disturbed: dict[str, Noise] = {}  # nodes whose tasks are kept waiting at random, by name
        self.warped = False  # has any node's clock ever differed from the true one
        self.tenancy: Tenancy | None = None  # only where there is one: it is asked at every step
        self._step_cap, self._stall_cap = step_cap, stall_cap

    # ---- time and callbacks ---------------------------------------------------------------------------------------

    def time(self) -> float:
        return self._time_at(NODE.get()) if self.warped else self.now_ns / NS_PER_S

    def _time_at(self, node: Host | None) -> float:
        return (self.now_ns if node is None else node.monotonic_ns()) / NS_PER_S

    def call_soon(self, callback: Any, *args: Any, context: Context | None = None) -> events.Handle:  # type: ignore[override]
        handle = _Handle(callback, args, self, context)
        if self.absent and context is not None and (parked := self.absent.get(context.get(NODE))) is not None:
            parked.ready.append(handle)
        elif self.disturbed and context is not None and (delay_ns := self._held_ns(callback, context)):
            return self.call_later(delay_ns / NS_PER_S, callback, *args, context=context)
        else:
            self._ready.append(handle)
        return handle

    def _held_ns(self, callback: Any, context: Context) -> int:
        """How long a task that could go on is kept waiting. What is no task keeps its turn: libraries rely on it."""
        node = context.get(NODE)
        noise = self.disturbed.get(node.name) if node is not None else None
        return noise.draw_ns() if noise is not None and isinstance(getattr(callback, "__self__", None), SimTask) else 0

    def call_soon_threadsafe(self, callback: Any, *args: Any, context: Context | None = None) -> events.Handle:  # type: ignore[override]
        if self._thread_id not in (None, threading.get_ident()):
            raise Fenced("call_soon_threadsafe from another thread")
        return self.call_soon(callback, *args, context=context)

    def call_later(self, delay: float, callback: Any, *args: Any, context: Context | None = None) -> events.TimerHandle:  # type: ignore[override]
        if self.warped:
            # The context is only asked: it may be the one that runs, and nobody can enter that again.
            now_s = self._time_at(NODE.get() if context is None else context.get(NODE))
            return self.call_at(now_s + delay, callback, *args, context=context)
        return self.call_at(self.now_ns / NS_PER_S + delay, callback, *args, context=context)

    def call_at(self, when: float, callback: Any, *args: Any, context: Context | None = None) -> events.TimerHandle:  # type: ignore[override]
        handle = _TimerHandle(when, callback, args, self, context)
        self._pushed += 1
        _heappush(self._heap, (_due_ns(handle) if self.warped else to_ns(when), self._pushed, handle))
        return handle

    def at_ns(self, when_ns: int, item: Due) -> None:
        """Let `item.due()` happen at `when_ns`."""
        self._pushed += 1
        _heappush(self._heap, (when_ns, self._pushed, item))

    def _timer_handle_cancelled(self, handle: events.TimerHandle) -> None:
        self._timer_cancelled_count += 1
        if self._timer_cancelled_count > max(_SWEEP_FLOOR, len(self._heap) // 2):
            self._heap[:] = [entry for entry in self._heap if not _is_cancelled(entry[2])]
            heapq.heapify(self._heap)
            self._timer_cancelled_count = 0

    # ---- nodes that do not run, and clocks that differ ------------------------------------------------------------

    def park(self, node: Host) -> Parked:
        """No callback and no timer of `node` runs any more."""
        parked = self.absent[node] = Parked()
        ready, rest = list(self._ready), self._ready
        rest.clear()  # in place: `_spin` holds on to it
        for handle in ready:
            (parked.ready if _node_of(handle) is node else rest).append(handle)
        parked.timers = sorted(entry for entry in self._heap if _node_of(entry[2]) is node)
        self._heap[:] = [entry for entry in self._heap if _node_of(entry[2]) is not node]
        heapq.heapify(self._heap)
        return parked

    def unpark(self, node: Host) -> None:
        """What was ready goes on; timers that are overdue go off after it, in their order."""
        parked = self.absent.pop(node)
        self._ready.extend(parked.ready)
        for when_ns, number, timer in parked.timers:
            _heappush(self._heap, (_due_ns(timer) if self.warped else when_ns, number, timer))

    def retime(self, node: Host) -> None:
        """The rate of `node`'s clock has changed: its timers go off at another true time."""
        self.warped = True
        self._heap[:] = [(_due_ns(e[2]), *e[1:]) if _node_of(e[2]) is node else e for e in self._heap]
        heapq.heapify(self._heap)

    # ---- tasks ----------------------------------------------------------------------------------------------------

    def create_task(
        self,
        coro: Generator[Any, None, T] | Coroutine[Any, Any, T],
        *,
        name: object = None,
        context: Context | None = None,
        **options: Any,
    ) -> SimTask[T]:
        if self._closed:
            coro.close()
        self._check_closed()  # type: ignore[attr-defined]
        self._tasks_made += 1
        task: SimTask[T] = SimTask.__new__(SimTask)
        task.number = self._tasks_made  # before `__init__`, which puts the task into a set
        task.node = NODE.get() if context is None else context.get(NODE)
        text = str(name) if name is not None else f"task {self._tasks_made}"
        task.__init__(coro, loop=self, name=text, context=context, **options)  # type: ignore[misc]
        return task

    def number_object(self) -> int:
        """A number for something that needs a deterministic hash."""
        self._tasks_made += 1
        return self._tasks_made

    # ---- the engine -----------------------------------------------------------------------------------------------

    def run_forever(self) -> None:
        self._check_closed()  # type: ignore[attr-defined]
        if self.is_running() or events._get_running_loop() is not None:
            raise RuntimeError("an event loop is already running in this thread")
        self._thread_id = threading.get_ident()
        hooks = sys.get_asyncgen_hooks()
        sys.set_asyncgen_hooks(
            firstiter=self._asyncgen_firstiter_hook,  # type: ignore[attr-defined]
            finalizer=self._asyncgen_finalizer_hook,  # type: ignore[attr-defined]
        )
        events._set_running_loop(self)
        try:
            self._spin()
        finally:
            self._stopping = False
            self._thread_id = None
            events._set_running_loop(None)
            sys.set_asyncgen_hooks(*hooks)

    def _spin(self) -> None:  # noqa: PLR0912  (the innermost loop: a call more at every step would be felt)
        ready, heap, tenancy = self._ready, self._heap, self.tenancy
        steps, limit = self.steps, min(self._step_cap, self.steps + self._stall_cap)
        second_ends_ns = self.now_ns + _NS_PER_S
        try:
            while not self._stopping:
                if ready:
                    handle: Any = ready.popleft()
                    if handle._cancelled:
                        continue
                    steps += 1
                    if steps > limit:
                        raise self._livelock(steps, handle)
                    if tenancy is not None:
                        tenancy.enter(handle._context.get(NODE))
                    try:
                        handle._context.run(handle._callback, *handle._args)
                    except (SystemExit, KeyboardInterrupt) as exc:
                        self._leaves(handle, exc)
                    except BaseException as exc:
                        self._report(handle, exc)
                    handle = None
                elif heap:
                    when_ns = heap[0][0]
                    if when_ns > self.now_ns:
                        self.now_ns = when_ns
                        if when_ns >= second_ends_ns:
                            second_ends_ns = when_ns + _NS_PER_S
                            limit = min(self._step_cap, steps + self._stall_cap)
                    steps += 1
                    if steps > limit:
                        raise self._livelock(steps, None)
                    self._fire(when_ns)
                else:
                    said = f"deadlock at t={self.time():.6f} s: no callback is ready and no timer is set"
                    raise Stalled("deadlock", said)
        finally:
            self.steps = steps

    def _fire(self, when_ns: int) -> None:
        """Everything that is due at `when_ns`."""
        ready, heap = self._ready, self._heap
        while heap and heap[0][0] <= when_ns:
            item = _heappop(heap)[2]
            if type(item) is not _TimerHandle:
                item.due()
            elif item._cancelled:
                self._timer_cancelled_count -= 1
            else:
                item._scheduled = False
                ready.append(item)

    def run_in(self, context: Context, callback: Callable[[], object]) -> None:
        """Code of a node, between callbacks."""
        if self.tenancy is not None:
            self.tenancy.enter(context.get(NODE))
        context.run(callback)

    def _leaves(self, handle: Any, exc: BaseException) -> None:
        """Code of a node ended its process. What a person asked for ends the run."""
        node: Host | None = handle._context.get(NODE)
        if isinstance(exc, Interrupted) or node is None or self.when_left is None:
            raise exc
        self.when_left(node, exc)

    def _report(self, handle: Any, exc: BaseException) -> None:
        self.call_exception_handler(
            {"message": f"exception in callback {handle._callback!r}", "exception": exc, "handle": handle}
        )

    def _livelock(self, steps: int, handle: Any) -> Stalled:
        at = f"t={self.time():.6f} s"
        if steps > self._step_cap:
            said = f"more than {self._step_cap:,} steps by {at}: shorten the plan or raise the step cap"
        else:
            node = handle._context.get(NODE) if handle is not None else None
            last = f"; it is {node.name}'s turn" if node is not None else ""
            said = f"livelock at {at}: more than {self._stall_cap:,} steps in one virtual second, as a spin takes{last}"
        return Stalled("livelock", said)

    # ---- the edge of the world ------------------------------------------------------------------------------------

    async def create_connection(self, protocol_factory: Any, host: Any = None, port: Any = None, **options: Any) -> Any:
        self._refuse_options("create_connection", options, ("ssl", "sock", "local_addr"))
        return await self.network.connect(protocol_factory, str(host), int(port))

    async def create_server(self, protocol_factory: Any, host: Any = None, port: Any = None, **options: Any) -> Any:
        self._refuse_options("create_server", options, ("ssl", "sock"))
        return self.network.listen(protocol_factory, int(port), bool(options.get("start_serving", True)))

    def _refuse_options(self, what: str, options: dict[str, Any], refused: tuple[str, ...]) -> None:
        for name in refused:
            if options.get(name) is not None and options[name] is not False:
                raise self.refuse(f"{what}({name}=…)")

    async def getaddrinfo(self, host: Any, port: Any, **options: Any) -> Any:
        return self.network.addresses(str(host), int(port or 0))

    def refuse(self, call: str, why: str = "it is not simulated") -> Fenced:
        """A node did what cannot be simulated: its run is over. Returns the error to raise at the caller."""
        node, said = NODE.get(), f"{call} at {place()}: {why}"
        if node is not None:
            self.refusals.append(f"{node.name} cannot be simulated: {said}")
            super().stop()
        return Fenced(said)

    def _process_events(self, event_list: Any) -> None:
        """Nothing: there is no selector."""

    def _write_to_self(self) -> None:
        """Nothing: nobody sleeps in a selector."""

    def stop(self) -> None:
        if NODE.get() is not None:
            raise self.refuse("loop.stop", _ALL_NODES)
        super().stop()

    def __del__(self) -> None:
        """It holds nothing of the operating system; and Ctrl-C may come while it is being made."""

    def close(self) -> None:
        if NODE.get() is not None:
            raise self.refuse("loop.close", _ALL_NODES)
        self._closed = True
        self._ready.clear()
        self._heap.clear()


def _is_cancelled(item: Any) -> bool:
    return type(item) is _TimerHandle and bool(item._cancelled)


def _node_of(item: Any) -> Host | None:
    """Whose callback or timer it is; None for what is the network's or the harness's."""
    context: Context | None = getattr(item, "_context", None)
    return context.get(NODE) if context is not None else None


def _due_ns(handle: Any) -> int:
    """The true time at which a timer goes off, by its node's clock."""
    node = _node_of(handle)
    return to_ns(handle._when) if node is None else node.due_ns(handle._when)


def _fence(name: str) -> Callable[..., NoReturn]:
    def fenced(self: SimLoop, *args: Any, **kwargs: Any) -> NoReturn:
        raise self.refuse(f"loop.{name}", _WHY.get(name, "it is not simulated"))

    return fenced


_WHY = {"run_in_executor": "a thread runs on real time; there are none here"}
_FENCED = """
run_in_executor
add_reader add_writer remove_reader remove_writer add_signal_handler remove_signal_handler
sock_recv sock_recv_into sock_sendall sock_connect sock_accept sock_sendfile sendfile connect_accepted_socket
subprocess_exec subprocess_shell connect_read_pipe connect_write_pipe
create_datagram_endpoint create_unix_connection create_unix_server start_tls getnameinfo
"""
for _name in _FENCED.split():
    setattr(SimLoop, _name, _fence(_name))
