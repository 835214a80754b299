"""One anomaly each, put into the history of a true run of the hardened system.

A file `injections/of_CHECKER.py` holds the injections of one checker, one for every reason code:

    @injects("stream-integrity", "double-append", sites=appends)
    def applied_again(edit: Edit, op: Op) -> None: ...

`sites(scene)` yields the places of a run where the anomaly can be put; the function puts it at one of them. The checker
must then name exactly that reason. `companions` are findings (`checker/reason`) that the anomaly may entail beside it,
and `because` says why; every other checker must have nothing to say.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from injections.edits import Edit
from injections.scenes import Scene

Sites = Callable[[Scene], Iterable[Any]]


@dataclass(frozen=True)
class Injection:
    check: str
    reason: str
    sites: Sites
    put: Callable[[Edit, Any], None]
    companions: frozenset[str] = frozenset()
    because: str = ""

    def __str__(self) -> str:
        return f"{self.check}/{self.reason}"


ALL: list[Injection] = []


def injects(
    check: str, reason: str, *, sites: Sites, companions: Iterable[str] = (), because: str = ""
) -> Callable[[Callable[[Edit, Any], None]], Callable[[Edit, Any], None]]:
    def note(put: Callable[[Edit, Any], None]) -> Callable[[Edit, Any], None]:
        ALL.append(Injection(check, reason, sites, put, frozenset(companions), because))
        return put

    return note


def load() -> list[Injection]:
    """All of them, in the order of their names."""
    for module in pkgutil.iter_modules(__path__):
        if module.name.startswith("of_"):
            importlib.import_module(f"{__name__}.{module.name}")
    return sorted(ALL, key=str)
