"""Events that faults wait for: lines of journals, calls of users, and messages that leave a node.

Everything that the recorder gets passes by here, on every runtime; whoever waits is woken on the conductor's loop.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from fnmatch import fnmatchcase

from harness.history import Op, Tap
from harness.schedule import LINK_STATES, Awaited


class Moments:
    """Counts the events that are waited for, each from the time that somebody waits for it."""

    def __init__(self) -> None:
        self._waiting: dict[str, list[_Wait]] = {}  # by node

    def __bool__(self) -> bool:
        return bool(self._waiting)

    async def come(self, awaited: Awaited) -> None:
        """Return when the event has happened so often."""
        wait = _Wait(awaited, asyncio.get_running_loop().create_future())
        self._waiting.setdefault(awaited.node, []).append(wait)
        try:
            await wait.come
        finally:
            self._waiting[awaited.node].remove(wait)

    def op(self, op: Op) -> None:
        for wait in self._of(op.node):
            if _is(op, wait.awaited.after):
                wait.count()

    def tap(self, tap: Tap) -> None:
        """A message counts when its sender has written it, before any fault of the link."""
        if tap.side == "in":
            for wait in self._of(tap.link.partition("->")[0]):
                if fnmatchcase(tap.type, wait.awaited.after):
                    wait.count()

    def _of(self, node: str | None) -> Iterator[_Wait]:
        return iter(tuple(self._waiting.get(node or "", ())))


class _Wait:
    def __init__(self, awaited: Awaited, come: asyncio.Future[None]) -> None:
        self.awaited, self.come = awaited, come
        self._left = awaited.nth

    def count(self) -> None:
        self._left -= 1
        if self._left == 0 and not self.come.done():
            self.come.set_result(None)


def _is(op: Op, name: str) -> bool:
    """A call counts when it begins, and so does a commit."""
    if op.f == "link":
        return isinstance(op.value, dict) and op.value.get("state") == LINK_STATES.get(name)
    return op.f == name and (op.type == "invoke" or op.f == "observe")
