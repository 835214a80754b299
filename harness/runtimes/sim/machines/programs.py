"""The program of a node: a built-in component, or somebody else's module, imported anew for every start.

A process has its own modules; here all nodes share one interpreter. So the modules of a foreign program are imported
afresh in the node's context whenever it starts: nothing that one node, or an earlier run, left in them is seen, and the
clocks and draws they bind by name are the simulated ones.
"""

from __future__ import annotations

import importlib
import inspect
import sys
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from harness.interruption import Interrupted
from harness.runtimes import CannotPlay
from harness.runtimes.sim.kernel.exits import ended_itself
from harness.runtimes.sim.kernel.guard import raised_at, shown
from harness.runtimes.sim.kernel.loop import Fenced
from harness.runtimes.sim.machines import scan
from harness.schedule import Node, System

Main = Callable[[Sequence[str], Mapping[str, str]], Coroutine[Any, Any, None]]

KINDS = frozenset({"builtin", "module"})
_loaded: set[str] = set()  # names of foreign modules that earlier starts imported


def inspect_system(system: System) -> list[str]:
    """Why foreign programs of this system cannot be simulated, as far as reading them tells."""
    found = []
    for node in system.nodes:
        if node.kind != "module" or node.module is None:
            continue
        if scan.find(node.module, node.path) is None:
            found.append(f"{node.name}: {_not_found(node.module, node.path)}")
        found += [f"{node.name} cannot be simulated: {said}" for said in scan.complaints(node.module, node.path)]
    return found


@contextmanager
def own_paths() -> Iterator[None]:
    """Folders that programs bring are searched as long as this is open: some import when they need something."""
    saved = sys.path[:]
    try:
        yield
    finally:
        sys.path[:] = saved


def load(node: Node) -> Main:
    """`main(argv, env)` of a node's program. Call it in the node's context, within `own_paths`.

    Raises `CannotPlay`.
    """
    if node.kind == "builtin" or node.module is None:
        found: Main = importlib.import_module(f"targets.{node.role}").main
        return found
    module = _imported(node.module, node)
    main = getattr(module, "main", None)
    if not inspect.iscoroutinefunction(main):
        raise CannotPlay(f"{node.name} does not start: {node.module} has no `async def main(argv, env)`")
    return main


def _imported(name: str, node: Node) -> Any:
    sys.path[:0] = [*([node.path] if node.path else []), str(Path.cwd())]
    for stale in (*_loaded, *(found.module for found in scan.sources(name, node.path))):
        sys.modules.pop(stale, None)
    importlib.invalidate_caches()
    before = set(sys.modules)
    try:
        return importlib.import_module(name)
    except Fenced:
        raise
    except ModuleNotFoundError as exc:
        missing = exc.name or ""
        said = _not_found(name, node.path) if name == missing or name.startswith(f"{missing}.") else str(exc)
        raise CannotPlay(f"{node.name} does not start: {said}") from None
    except SystemExit as exc:
        raise CannotPlay(f"{node.name} does not start: it {ended_itself(exc)}") from None
    except BaseException as exc:
        if isinstance(exc, Interrupted):
            raise
        raise CannotPlay(f"{node.name} does not start: {name} cannot be imported: {_told(exc)}") from None
    finally:
        _loaded.update(m for m in set(sys.modules) - before if _is_foreign(m, name))


def _is_foreign(module: str, entry: str) -> bool:
    file = getattr(sys.modules[module], "__file__", None)
    return file is not None and scan.is_foreign(module, file, entry)


def _not_found(module: str, path: str | None) -> str:
    where = [*([shown(path)] if path else []), "the working directory", "PYTHONPATH"]
    return f"there is no module {module} in {' or '.join(where)}"


def _told(exc: BaseException) -> str:
    """An exception of the program's import in one line, with the place in its own code."""
    said = f": {exc}" if str(exc) else ""
    return f"{type(exc).__name__}{said}{raised_at(exc)}"
