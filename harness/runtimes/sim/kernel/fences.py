"""Calls of the standard library that would be real in a simulation. Each ends the run, with its place and a remedy.

What is fenced is reached through its module or class, so it is caught in libraries too. What cannot be replaced there,
`datetime.now` above all, is found by reading the source of foreign programs (`scan`).
"""

from __future__ import annotations

import _sitebuiltins
import _thread
import asyncio
import atexit
import concurrent.futures
import faulthandler
import importlib
import multiprocessing.process
import os
import random
import resource
import select
import selectors
import signal
import socket
import subprocess
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

from harness.runtimes.sim.kernel.guard import calls_from_library
from harness.runtimes.sim.kernel.loop import NODE, SimLoop

_POSIX, _SIGNALS = (importlib.import_module(name) for name in ("posix", "_signal"))
_register_at_exit = atexit.register  # the real one, before a run replaces it

_THREAD = "a thread runs on real time"
_SOCKET = "a raw socket is a real one; use websockets, or asyncio's connections and servers"
_PROCESS = "another process is real"
_SIGNAL = "a simulated node gets no signals"
_CPU = "it reads a real clock; use time.monotonic() or the loop's time()"
_SELECTOR = "there is no selector; use asyncio"
_EXIT = "it would end the harness, not the node; return from main, or sys.exit"
_LOOP = "the program runs in a loop already; await instead"

_ALWAYS: tuple[tuple[Any, str, str], ...] = (  # whoever calls it
    (time, "sleep", "it would stop every node; await asyncio.sleep"),
    (random, "seed", "every node has its own stream"),
    (threading.Thread, "start", _THREAD),
    (socket, "getaddrinfo", "ask the event loop"),
)
_IN_NODES: tuple[tuple[Any, str, str], ...] = (
    (concurrent.futures.ThreadPoolExecutor, "submit", _THREAD),
    (concurrent.futures.ProcessPoolExecutor, "submit", _PROCESS),
    (socket.socket, "__init__", _SOCKET),
    (socket, "gethostbyname", "ask the event loop"),
    (subprocess.Popen, "__init__", _PROCESS),
    (multiprocessing.process.BaseProcess, "start", _PROCESS),
    (os, "system", _PROCESS),
    *((os, name, _EXIT) for name in ("_exit", "abort")),
    *((os, name, _PROCESS) for name in ("forkpty", "posix_spawnp")),
    (os, "killpg", _SIGNAL),
    *((signal, name, _SIGNAL) for name in ("raise_signal", "pthread_kill", "pause", "sigwait", "set_wakeup_fd")),
    *((_thread, name, _THREAD) for name in ("start_new_thread", "start_new", "start_joinable_thread")),
    (_thread, "interrupt_main", _SIGNAL),
    (faulthandler, "register", _SIGNAL),
    *((faulthandler, name, _EXIT) for name in dir(faulthandler) if name.startswith("_") and name.islower()),
    (faulthandler, "dump_traceback_later", _EXIT),
    (resource, "setrlimit", "it would bind the harness"),
    (os, "fork", _PROCESS),
    (os, "posix_spawn", _PROCESS),
    (os, "execv", _PROCESS),
    (os, "execve", _PROCESS),
    (os, "kill", _SIGNAL),
    (signal, "signal", _SIGNAL),
    (signal, "alarm", _SIGNAL),
    (signal, "setitimer", _SIGNAL),
    (select, "select", _SELECTOR),
    (select, "poll", _SELECTOR),
    (select, "epoll", _SELECTOR),
    (selectors.DefaultSelector, "__init__", _SELECTOR),
    (selectors.SelectSelector, "__init__", _SELECTOR),
    (asyncio, "run", _LOOP),
    (asyncio, "new_event_loop", _LOOP),
    (asyncio.Runner, "run", _LOOP),
    (time, "clock_gettime", _CPU),
    (time, "clock_gettime_ns", _CPU),
    (time, "process_time", _CPU),
    (time, "process_time_ns", _CPU),
    (time, "thread_time", _CPU),
    (time, "thread_time_ns", _CPU),
    (uuid, "uuid1", "it reads the machine's address and a real clock; use uuid.uuid4()"),
    (uuid, "getnode", "it reads the machine's address"),
)


def fences(loop: SimLoop) -> Iterator[tuple[Any, str, Callable[..., Any]]]:
    """(owner, name, replacement) of everything fenced."""
    for owner, name, why in _ALWAYS:
        yield owner, name, _fence(loop, _called(owner, name), why)
    for owner, name, why in _IN_NODES:
        if hasattr(owner, name):  # not every platform has them all
            yield owner, name, _fence_in_nodes(loop, getattr(owner, name), _called(owner, name), why)
    for low, high in ((_POSIX, os), (_SIGNALS, signal)):  # the same calls by another name
        for name, why in ((name, why) for owner, name, why in _IN_NODES if owner is high):
            if hasattr(low, name):
                yield low, name, _fence_in_nodes(loop, getattr(low, name), _called(low, name), why)
    yield _sitebuiltins.Quitter, "__call__", _quit
    yield atexit, "register", _at_exit
    yield random.Random, "__init__", _seeded(loop, random.Random.__init__)


def _called(owner: Any, name: str) -> str:
    """As a program writes it: `threading.Thread.start`, `socket.socket` for its `__init__`."""
    module = getattr(owner, "__module__", None)
    base = f"{module}.{owner.__qualname__}" if module is not None else owner.__name__
    return base if name.startswith("__") else f"{base}.{name}"


def _fence(loop: SimLoop, call: str, why: str) -> Callable[..., Any]:
    def fenced(*args: Any, **kwargs: Any) -> Any:
        raise loop.refuse(call, why)

    return fenced


def _fence_in_nodes(loop: SimLoop, real: Callable[..., Any], call: str, why: str) -> Callable[..., Any]:
    def fenced(*args: Any, **kwargs: Any) -> Any:
        if NODE.get() is None:
            return real(*args, **kwargs)
        raise loop.refuse(call, why)

    return fenced


def _quit(self: Any, code: Any = None) -> NoReturn:
    """`exit()` and `quit()` close standard input as well, which is the harness's."""
    raise SystemExit(code)


def _at_exit(func: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Callable[..., Any]:
    """What a program asks for at its end is not to happen at the harness's end. What a library asks for is its own."""
    if NODE.get() is None or calls_from_library():
        _register_at_exit(func, *args, **kwargs)
    return func


def _seeded(loop: SimLoop, real: Callable[..., None]) -> Callable[..., None]:
    """`Random()` takes its seed from the machine. `SystemRandom` draws from `os.urandom`, which is the node's."""

    def init(self: random.Random, x: Any = None) -> None:
        if x is None and NODE.get() is not None and not isinstance(self, random.SystemRandom):
            raise loop.refuse("random.Random()", "give it a seed, or draw from the random module")
        real(self, x)

    return init
