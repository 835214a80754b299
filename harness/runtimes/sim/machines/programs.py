"""The program of a node: a built-in component, or somebody else's module, imported anew for every start.

The modules of a foreign program are imported afresh in the node's context whenever it starts, into a shelf of its own
(`modules`): nothing that one node, or an earlier run, left in them is seen, and the clocks and draws they bind by name
are the simulated ones.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Coroutine, Mapping, Sequence
from pathlib import Path
from typing import Any

from harness.interruption import Interrupted
from harness.runtimes import CannotPlay
from harness.runtimes.sim.kernel import Host
from harness.runtimes.sim.kernel.exits import ended_itself
from harness.runtimes.sim.kernel.guard import raised_at, shown
from harness.runtimes.sim.kernel.loop import Fenced
from harness.runtimes.sim.machines import scan
from harness.runtimes.sim.machines.modules import Modules
from harness.schedule import Node, System

Main = Callable[[Sequence[str], Mapping[str, str]], Coroutine[Any, Any, None]]

KINDS = frozenset({"builtin", "module"})


def inspect_system(system: System) -> list[str]:
    """Why foreign programs of this system cannot be simulated, as far as reading them tells."""
    found = [
        f"{node.name} takes its token from a command, and no process can be simulated"
        for node in system.nodes
        if node.auth
    ]
    for node in system.nodes:
        if node.kind != "module" or node.module is None:
            continue
        if scan.find(node.module, node.path) is None:
            found.append(f"{node.name}: {_not_found(node.module, node.path)}")
        found += [f"{node.name} cannot be simulated: {said}" for said in scan.complaints(node.module, node.path)]
    return found


def load(node: Node, modules: Modules, process: Host) -> Main:
    """`main(argv, env)` of a node's program, for a new `process`. Call it in the node's context.

    Raises `CannotPlay`.
    """
    if node.kind == "builtin" or node.module is None:
        found: Main = importlib.import_module(f"targets.{node.role}").main
        return found
    module = _imported(node.module, node, modules, process)
    main = getattr(module, "main", None)
    if not inspect.iscoroutinefunction(main):
        raise CannotPlay(f"{node.name} does not start: {node.module} has no `async def main(argv, env)`")
    return main


def _imported(name: str, node: Node, modules: Modules, process: Host) -> Any:
    folders = [*([node.path] if node.path else []), str(Path.cwd())]
    modules.move_in(process, name, folders, [found.module for found in scan.sources(name, node.path)])
    importlib.invalidate_caches()
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


def _not_found(module: str, path: str | None) -> str:
    where = [*([shown(path)] if path else []), "the working directory", "PYTHONPATH"]
    return f"there is no module {module} in {' or '.join(where)}"


def _told(exc: BaseException) -> str:
    """An exception of the program's import in one line, with the place in its own code."""
    said = f": {exc}" if str(exc) else ""
    return f"{type(exc).__name__}{said}{raised_at(exc)}"
