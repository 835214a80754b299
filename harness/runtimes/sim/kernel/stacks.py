"""What every task of every node awaits: the stack that a run which cannot go on is told with."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from harness.runtimes.sim.kernel.guard import is_library

if TYPE_CHECKING:
    from harness.runtimes.sim.kernel.loop import SimTask

HARNESS = "the harness"  # what runs outside of every node
_TASKS_A_NODE = 20


def stacks(tasks: Iterable[SimTask[Any]]) -> dict[str, list[str]]:
    """Node name → one line a task, in the order of their creation; a node with nothing to do has no line."""
    found: dict[str, list[str]] = {}
    for task in tasks:
        found.setdefault(task.node.name if task.node is not None else HARNESS, []).append(stack(task))
    return {name: _shortened(lines) for name, lines in found.items()}


def stack(task: SimTask[Any]) -> str:
    """`name: outermost > … > innermost awaits what`; frames of libraries are left out but for the last one."""
    frames = list(_frames(task.get_coro()))
    shown = [place for place, library in frames[:-1] if not library] + [place for place, _ in frames[-1:]]
    return f"{task.get_name()}: {' > '.join(shown) or 'not begun'}, {_waits_for(task)}"


def _frames(coroutine: Any) -> Iterator[tuple[str, bool]]:
    """From the task inwards: coroutines, generators and asynchronous generators that await each other."""
    while coroutine is not None:
        for kind in ("cr", "gi", "ag"):
            code = getattr(coroutine, f"{kind}_code", None)
            if code is None:
                continue
            frame, inner = getattr(coroutine, f"{kind}_frame"), _inner(coroutine, kind)
            if frame is not None:
                module = frame.f_globals.get("__name__", "?")
                yield f"{module}:{frame.f_lineno} {code.co_qualname}", is_library(code.co_filename)
            coroutine = inner
            break
        else:
            return


def _inner(coroutine: Any, kind: str) -> Any:
    return getattr(coroutine, "gi_yieldfrom" if kind == "gi" else f"{kind}_await")


def _waits_for(task: SimTask[Any]) -> str:
    """Without addresses: they would differ between two runs of one seed."""
    waiter: Any = getattr(task, "_fut_waiter", None)
    if waiter is None:
        return "ready to run"
    if isinstance(waiter, asyncio.Task):
        return f"waits for task {waiter.get_name()}"
    return f"waits for a {type(waiter).__name__.strip('_').lower()}"


def _shortened(lines: list[str]) -> list[str]:
    left = len(lines) - _TASKS_A_NODE
    return [*lines[:_TASKS_A_NODE], f"and {left} tasks more"] if left > 0 else lines
