"""Lists: how old a cached one is served, how long a caller waits for one, how many of them are read from the store.

Which page of a list a line of the desktop's cache is about it does not say: ages mean something where all ask for one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from harness.history import History, Op
from harness.measures import quantile

FIGURES: Final = {
    "oldest_hit_s": "the age of the oldest page that a desktop served from its cache",
    "youngest_miss_s": "the age of the youngest page that it had, and did not serve, though nothing had invalidated it",
    "reads_per_list": "lists that a desktop read from its store, of all that it was asked for and could have cached",
    "cached_max_ms": "how long a phone's user waited for a list that the phone had, at most",
    "fetched_p50_ms": "how long a phone waited for a list from its desktop, half of them",
}


def of(history: History) -> Mapping[str, float]:
    roles = {name: node.get("role") for name, node in history.header.nodes.items()}
    desktops, phones = _Desktops(), _Phones()
    for op in history.ops:
        role = roles.get(str(op.node))
        if role == "desktop" and op.f == "cache":
            desktops.line(op)
        elif role == "desktop" and op.f == "started":
            desktops.began(str(op.node))
        elif role == "mobile":
            phones.op(op)
    return {**desktops.figures(), **phones.figures()}


class _Desktops:
    def __init__(self) -> None:
        self._filled_ns: dict[tuple[str, str], int] = {}
        self._hits: list[float] = []
        self._misses: list[float] = []
        self._all = self._read = 0

    def line(self, op: Op) -> None:
        said = op.value if isinstance(op.value, dict) else {}
        key, what = (str(op.node), str(said.get("key"))), said.get("what")
        age_s = (op.time_ns - self._filled_ns[key]) / 1e9 if key in self._filled_ns else None
        if what == "fill":
            self._filled_ns[key] = op.time_ns
        elif what == "invalidate":
            self._filled_ns.pop(key, None)
        elif what in ("hit", "miss", "outdated"):
            self._all += 1
            self._read += what != "hit"
            if age_s is not None and what != "outdated":
                (self._hits if what == "hit" else self._misses).append(age_s)

    def began(self, desktop: str) -> None:
        self._filled_ns = {key: at_ns for key, at_ns in self._filled_ns.items() if key[0] != desktop}

    def figures(self) -> dict[str, float]:
        found = {"oldest_hit_s": max(self._hits)} if self._hits else {}
        if self._misses:
            found["youngest_miss_s"] = min(self._misses)
        if self._all:
            found["reads_per_list"] = self._read / self._all
        return found


class _Phones:
    def __init__(self) -> None:
        self._asked_ns: dict[str, int] = {}  # process → when its user asked for a list
        self._hit: dict[str, bool] = {}  # the same, was it there?
        self._begun_ns: dict[tuple[str, str], int] = {}
        self._cached: list[float] = []
        self._fetched: list[float] = []

    def op(self, op: Op) -> None:
        said = op.value if isinstance(op.value, dict) else {}
        if op.f == "list" and op.type == "invoke":
            self._asked_ns[op.process], self._hit[op.process] = op.time_ns, False
        elif op.f == "list" and op.type == "ok" and op.process in self._asked_ns:
            waited_ms = (op.time_ns - self._asked_ns.pop(op.process)) / 1e6
            if self._hit[op.process]:
                self._cached.append(waited_ms)
        elif op.f == "cache" and said.get("what") == "hit":
            for process in self._asked_ns:
                if process.partition("/")[0] == op.node:
                    self._hit[process] = True
        elif op.f == "call" and said.get("method") == "job.list":
            key = (str(op.node), str(said.get("corr")))
            if said.get("phase") == "begin":
                self._begun_ns[key] = op.time_ns
            elif said.get("phase") == "ok" and key in self._begun_ns:
                self._fetched.append((op.time_ns - self._begun_ns.pop(key)) / 1e6)

    def figures(self) -> dict[str, float]:
        found = {"cached_max_ms": max(self._cached)} if self._cached else {}
        return found | ({"fetched_p50_ms": quantile(self._fetched, 0.5)} if self._fetched else {})
