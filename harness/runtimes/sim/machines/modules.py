"""Every process of a foreign program has modules of its own, although all of them share one interpreter.

While a node's code runs, `sys.modules` and `sys.path` are that node's: whatever imports, at whatever moment and in
whatever way (a statement in a function, `importlib`, a pickle, a library), finds the node's own copies, and makes new
ones for it alone. The standard library, installed packages and the harness are shared, as they hold no node's state.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from types import ModuleType

from harness.runtimes.sim.kernel import Host
from harness.runtimes.sim.machines import scan


@dataclass
class _Shelf:
    """What is one node's. `entry`: the module that its program begins with."""

    entry: str
    path: list[str]
    modules: dict[str, ModuleType] = field(default_factory=dict)


class Modules:
    """One per run. `enter(node)` before a node's code runs; nodes that brought no program are not switched to."""

    def __init__(self) -> None:
        self._shelves: dict[Host | None, _Shelf] = {}
        self._current: Host | None = None
        self._path = sys.path[:]
        self._shared = set(sys.modules)
        self._aside: dict[str, ModuleType] = {}  # the harness's own copies of what a program is made of
        self._expected = 0  # how many entries `sys.modules` has if nobody imported anything

    def move_in(self, node: Host, entry: str, folders: Iterable[str], stale: Iterable[str]) -> None:
        """A program starts: nothing that others left in the modules `stale` is seen by it. Enters the node."""
        self._leave()
        for name in stale:
            if name in sys.modules:
                self._aside.setdefault(name, sys.modules.pop(name))
                self._shared.discard(name)
        self._shelves[node] = _Shelf(entry, [*folders, *self._path])
        self.enter(node)

    def enter(self, node: Host | None) -> None:
        if node is self._current or node not in self._shelves:
            return
        self._leave()
        shelf = self._shelves[node]
        sys.modules.update(shelf.modules)
        sys.path[:] = shelf.path
        for name, module in shelf.modules.items():
            _bind(name, module, shelf.modules)
        self._current, self._expected = node, len(sys.modules)

    def close(self) -> None:
        """The run is over: the interpreter is as it was."""
        self._leave()
        sys.modules.update(self._aside)
        for name, module in self._aside.items():
            _bind(name, module, self._aside)
        sys.path[:] = self._path
        self._shelves.clear()

    def _leave(self) -> None:
        if self._current is None:
            return
        shelf = self._shelves[self._current]
        if len(sys.modules) != self._expected:
            self._sort(shelf)
        shelf.modules = {name: sys.modules.pop(name) for name in shelf.modules if name in sys.modules}
        shelf.path[:] = sys.path
        self._current = None

    def _sort(self, shelf: _Shelf) -> None:
        """What was imported since it was entered is the node's own, or is shared from now on."""
        for name in [name for name in sys.modules if name not in self._shared and name not in shelf.modules]:
            if is_own(name, shelf.entry):
                shelf.modules[name] = sys.modules[name]
            else:
                self._shared.add(name)


def is_own(name: str, entry: str) -> bool:
    """Does an imported module belong to the program that begins with `entry`?"""
    module = sys.modules[name]
    file = getattr(module, "__file__", None)
    if file is not None:
        return scan.is_foreign(name, file, entry)
    folders = list(getattr(module, "__path__", ()))  # a package without a file: its parts may lie in several folders
    if folders:
        return any(scan.is_foreign(name, f"{folder}/", entry) for folder in folders)
    if getattr(getattr(module, "__spec__", None), "origin", None) in ("built-in", "frozen"):
        return False
    top = name.partition(".")[0]  # made by hand; by a library, if its package is one
    return top == name or top not in sys.modules or is_own(top, entry)


def _bind(name: str, module: ModuleType, own: dict[str, ModuleType]) -> None:
    """A package that is shared names the copy that is imported now."""
    above, _, last = name.rpartition(".")
    if above and above not in own and above in sys.modules:
        setattr(sys.modules[above], last, module)
