"""Does a seed give one run? It is played again by fresh processes with other hash seeds, and compared event by event.

The trace hash says whether two runs were the same; a `Trail` keeps what went into it, so that the first event that
differs can be shown, and with it the first op of the histories that does.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import zip_longest
from multiprocessing.connection import Connection
from typing import Any, NamedTuple

import msgspec

from harness import registry
from harness.runs.run import execute
from harness.runtimes import Runtime
from harness.schedule import Schedule, decode_schedule, encode_schedule

_SHOWN_BYTES = 160
_HASH_SEEDS = ("0", "1")


class Event(NamedTuple):
    """One entry of the trace: bytes that arrived, a connection that began or ended, a fault's begin or heal."""

    time_ns: int
    kind: str
    name: str
    data: bytes

    def told(self) -> str:
        size = f", {len(self.data)} bytes" if self.data else ""
        return f"t={self.time_ns / 1e9:.6f} s {self.kind} {self.name}{size}"


class Trail(msgspec.Struct, frozen=True):
    """What one run did: everything of its trace, and the lines of its history."""

    trace_hash: str | None
    events: list[Event]
    ops: list[bytes]


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """Where two trails part. `both` is the last event they share."""

    number: int
    both: str
    first: str
    second: str
    op: str

    def told(self) -> list[str]:
        return [
            f"not deterministic: event {self.number} is the first that differs between two runs of one seed",
            f"  both    {self.both}",
            f"  first   {self.first}",
            f"  second  {self.second}",
            *([f"  history {self.op}"] if self.op else []),
        ]


def trail(schedule: Schedule, runtime: Runtime) -> Trail:
    """Play `schedule` and keep everything."""
    events: list[Event] = []

    def event(time_ns: int, kind: str, name: str, data: bytes) -> None:
        events.append(Event(time_ns, kind, name, data))

    result = execute(schedule, runtime, options={"event": event})
    lines = result.encoded()[0].splitlines() if result.encoded is not None and result.history is not None else []
    return Trail(result.trace_hash, events, lines)


def difference(first: Trail, second: Trail) -> Difference | None:
    """The first event that differs; None for equal runs."""
    op = _first_other_op(first.ops, second.ops)
    both = "nothing"
    for number, (a, b) in enumerate(zip_longest(first.events, second.events)):
        if a != b:
            told = [_told(event, other) for event, other in ((a, b), (b, a))]
            return Difference(number=number, both=both, first=told[0], second=told[1], op=op)
        both = a.told()
    if op:
        return Difference(number=len(first.events), both=both, first="the same events", second="the same", op=op)
    return None


def _told(event: Event | None, other: Event | None) -> str:
    """An event, and of bytes that differ the place where they begin to."""
    if event is None:
        return "had ended"
    if other is None or event.data == other.data:
        return event.told()
    at = next((i for i, (a, b) in enumerate(zip(event.data, other.data, strict=False)) if a != b), len(event.data))
    return f"{event.told()}, from byte {at} on “{event.data[at : at + 24].decode(errors='backslashreplace')}”"


def _first_other_op(first: Sequence[bytes], second: Sequence[bytes]) -> str:
    for number, (a, b) in enumerate(zip_longest(first, second, fillvalue=b"(no further line)")):
        if a != b:
            return f"line {number + 1}: {_cut(a)} | {_cut(b)}"
    return ""


def _cut(line: bytes) -> str:
    text = line.decode("utf-8", "replace")
    return text if len(text) <= _SHOWN_BYTES else f"{text[:_SHOWN_BYTES]}…"


# ---- in processes of their own --------------------------------------------------------------------------------------


def played_apart(schedule: Schedule, runtime: str) -> list[Trail]:
    """The same schedule in two fresh processes at a time, each with a hash seed of its own."""
    return apart(_played, [(encode_schedule(schedule), runtime)] * len(_HASH_SEEDS), _HASH_SEEDS)


def _played(schedule: bytes, runtime: str) -> Trail:
    return trail(decode_schedule(schedule), registry.find("runtime", runtime))


def apart(work: Callable[..., Any], tasks: Sequence[tuple[Any, ...]], hash_seeds: Sequence[str]) -> list[Any]:
    """`work(*task)` for every task, each in a process with its own PYTHONHASHSEED; `work` is importable by name.

    Raises `RuntimeError` with the trace of one that failed.
    """
    context = multiprocessing.get_context("spawn")
    started = []
    for task, hash_seed in zip(tasks, hash_seeds, strict=True):
        ours, theirs = context.Pipe()
        process = context.Process(target=_serve, args=(theirs, work, task))
        with _hash_seed(hash_seed):
            process.start()
        theirs.close()
        started.append((process, ours))
    try:
        return [_answer(pipe) for _, pipe in started]
    finally:
        for process, pipe in started:
            pipe.close()
            process.terminate()
            process.join()


def _serve(pipe: Connection, work: Callable[..., Any], task: tuple[Any, ...]) -> None:
    try:
        pipe.send((work(*task), None))
    except Exception as exc:
        pipe.send((None, f"{type(exc).__name__}: {exc}"))


def _answer(pipe: Connection) -> Any:
    try:
        result, problem = pipe.recv()
    except EOFError:
        raise RuntimeError("the process that played it again died") from None
    if problem is not None:
        raise RuntimeError(problem)
    return result


@contextmanager
def _hash_seed(value: str) -> Iterator[None]:
    """What a process that starts meanwhile finds in PYTHONHASHSEED."""
    former = os.environ.get("PYTHONHASHSEED")
    os.environ["PYTHONHASHSEED"] = value
    try:
        yield
    finally:
        if former is None:
            del os.environ["PYTHONHASHSEED"]
        else:
            os.environ["PYTHONHASHSEED"] = former
