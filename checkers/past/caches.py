"""How old an answer may be: the caches that a profile has, and no other.

`hardened`: a desktop's cache is never stale; what a mobile's own cache answers may be as old as its entries live, plus
the call that filled the entry. `documented`: a desktop's lists may be as old as its entries live, as well. Calls are
known from the mobiles' `call` lines (L2); without them each may have taken as long as a call may take.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from checkers.past.ledger import active_desktop
from harness.history import Header, Op

_DESKTOP_S, _MOBILE_S, _CALL_S, _FETCH_S = 2.0, 300.0, 30.0, 5.0  # where the header does not say


class Caches:
    def __init__(self, header: Header) -> None:
        self._header = header
        timing = header.timing
        self._desktop_ns = _ns(timing.get("desktop_cache_s", _DESKTOP_S))
        self._mobile_ns = _ns(timing.get("mobile_cache_s", _MOBILE_S))
        self._call_ns = _ns(timing.get("call_s", _CALL_S))
        self._slowest_ns: dict[str, int] = {}  # desktop → the longest list call to it, so far
        self._slow_ns = _ns(timing.get("fetch_s", _FETCH_S))
        self._begun: dict[str, Op] = {}  # correlation id → the line of a list call's begin
        self._took: dict[str, tuple[int, int]] = {}  # of those that were answered: begin, duration

    def line(self, op: Op) -> None:
        """A `call` line of a mobile."""
        value = op.value
        if not isinstance(value, dict) or value.get("method") != "job.list":
            return
        corr = str(value.get("corr"))
        if value.get("phase") == "begin":
            self._begun[corr] = op
            return
        begun = self._begun.pop(corr, None)
        if begun is None:
            return
        took_ns = op.time_ns - begun.time_ns
        self._took[corr] = (begun.time_ns, took_ns)
        desktop = active_desktop(self._header, op.node or "") or ""
        self._slowest_ns[desktop] = max(took_ns, self._slowest_ns.get(desktop, 0))

    def claims(self, desktop: str) -> bool:
        """Does this desktop promise that its lists are what they say they are as of?"""
        return not self._documented(desktop)

    def from_ns(self, called_ns: int, desktop: str, answer: Mapping[str, Any], params: Mapping[str, Any]) -> int:
        """The earliest moment of which a list called at `called_ns` may tell."""
        if answer.get("source") == "cache":
            begun_ns, took_ns = self._took.get(str(answer.get("call")), (None, self._call_ns))
            called_ns -= self._mobile_ns + took_ns
            called_ns = called_ns if begun_ns is None else max(called_ns, begun_ns)
        if self._documented(desktop) and not params.get("bypassCache"):
            called_ns -= self._desktop_ns + self._slowest_ns.get(desktop, self._slow_ns)
        return called_ns

    def _documented(self, desktop: str) -> bool:
        node = self._header.nodes.get(desktop, {})
        return (node.get("profile") or self._header.profile) == "documented"


def _ns(seconds: float) -> int:
    return round(seconds * 1e9)
