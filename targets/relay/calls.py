"""Calls under way through the relay: who asked, who was asked, until when the answer is awaited.

A call is the pair (connection that asked, correlation id). All wait equally long, so they are forgotten in the order
they were made, and no timer is needed.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

Key = tuple[int, str]  # number of the caller's connection, correlation id


@dataclass(frozen=True)
class Call:
    caller: int
    target: int  # numbers of connections
    corr: str
    method: str
    until_s: float


class Calls:
    def __init__(self, pending_s: float) -> None:
        self._pending_s = pending_s
        self._calls: dict[Key, Call] = {}  # oldest first

    def __len__(self) -> int:
        self._forget()
        return len(self._calls)

    def begin(self, caller: int, target: int, corr: str, method: str) -> None:
        """A call that is under way already is now asked of `target`."""
        self._forget()
        self._calls.pop((caller, corr), None)
        until_s = asyncio.get_running_loop().time() + self._pending_s
        self._calls[caller, corr] = Call(caller, target, corr, method, until_s)

    def find(self, caller: int, corr: str, target: int) -> Call | None:
        """The call that `target` may answer."""
        self._forget()
        call = self._calls.get((caller, corr))
        return call if call is not None and call.target == target else None

    def finish(self, call: Call) -> None:
        self._calls.pop((call.caller, call.corr), None)

    def take_asked_of(self, target: int) -> list[Call]:
        """Remove and return the calls that wait for a connection which is gone."""
        self._forget()
        gone = [call for call in self._calls.values() if call.target == target]
        for call in gone:
            self.finish(call)
        return gone

    def drop_asked_by(self, caller: int) -> None:
        for key in [key for key in self._calls if key[0] == caller]:
            del self._calls[key]

    def _forget(self) -> None:
        now_s = asyncio.get_running_loop().time()
        while self._calls:
            key = next(iter(self._calls))
            if self._calls[key].until_s > now_s:
                return
            del self._calls[key]
