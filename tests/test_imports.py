"""Nobody imports against the arrows: the system under test knows nothing of its testers; checkers see histories; a room
uses those below it, and no two files use each other. Imports for types alone count as well.
"""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

pytestmark = pytest.mark.xdist_group("imports")  # one reading of all files serves all of them
ROOT = Path(__file__).parent.parent
PACKAGES = ("harness", "targets", "faults", "checkers")
PLUGIN_FOLDERS = ("faults", "checkers", "harness/runtimes", "targets/profiles", "harness/wire/dialects")
MAY_IMPORT = {
    "targets": ("targets",),
    "faults": ("faults",),
    "checkers": ("checkers", "harness.history", "harness.verdict"),
    "harness": ("harness", "targets", "faults", "checkers"),
}
RUNTIME = ("harness/runtimes", "harness")
RUNS = ("harness/judging", "harness/store", "harness/report", "harness/report/told", *RUNTIME)
SHARED = ("checkers/past", "checkers/traffic", "checkers/words")
PLANS = tuple(f"harness/plan/{room}" for room in ("times", "text", "systems", "words"))
_BELOW_THE_COMMANDS: Mapping[str, tuple[str, ...]] = {  # room → those of its own package that it may use, itself apart
    "checkers/linearizability": (),
    "checkers/past": ("checkers/linearizability",),
    "checkers/traffic": ("checkers/past",),
    "checkers/words": ("checkers/past",),
    "checkers/duties/clients": SHARED,
    "checkers/duties/mobiles": SHARED,
    "checkers/duties/desktops": SHARED,
    "checkers/duties/relays": (*SHARED, "checkers/duties/clients", "checkers/duties/mobiles"),
    "checkers/duties": (),
    "checkers/notation": ("checkers/past",),
    "checkers": (*SHARED, *(f"checkers/duties/{whose}" for whose in ("clients", "mobiles", "desktops", "relays"))),
    "harness": (),
    "harness/wire": ("harness",),
    "harness/wire/dialects": ("harness/wire", "harness"),
    "harness/workload": ("harness",),
    "harness/runtimes": ("harness",),
    "harness/runtimes/toxiproxy": (),
    "harness/runtimes/sockets": ("harness/runtimes/toxiproxy", *RUNTIME),
    "harness/runtimes/docker": ("harness/runtimes/sockets", "harness/runtimes/toxiproxy", *RUNTIME),
    "harness/runtimes/process": ("harness/runtimes/sockets", "harness/runtimes/toxiproxy", *RUNTIME),
    "harness/runtimes/sim/kernel": RUNTIME,
    "harness/runtimes/sim/net": ("harness/runtimes/sim/kernel", "harness/wire", "harness"),
    "harness/runtimes/sim/machines": ("harness/runtimes/sim/kernel", "harness/runtimes/sim/net", *RUNTIME),
    "harness/runtimes/sim": (
        *(f"harness/runtimes/sim/{room}" for room in ("kernel", "net", "machines")),
        *("harness/wire", *RUNTIME),
    ),
    "harness/plan/times": ("harness",),
    "harness/plan/text": ("harness/plan/times", "harness"),
    "harness/plan/systems": ("harness/plan/text", *RUNTIME),
    "harness/plan/words": ("harness/plan/systems", "harness/workload", *RUNTIME),
    "harness/plan/meaning": (*PLANS, "harness/workload", *RUNTIME),
    "harness/plan": (*PLANS, "harness/plan/meaning", "harness/workload", *RUNTIME),
    "harness/judging": ("harness",),
    "harness/store": ("harness",),
    "harness/interchange": ("harness",),
    "harness/report/told": ("harness/judging", "harness/store", "harness"),
    "harness/report/drawing": ("harness/store", "harness"),
    "harness/report/findings": ("harness/report/told", "harness/report/drawing", "harness/store", "harness"),
    "harness/report/apart": ("harness/report/told", "harness/judging", "harness/store", "harness"),
    "harness/report": (
        *(f"harness/report/{room}" for room in ("told", "drawing", "findings")),
        *("harness/judging", "harness/store", "harness/interchange", "harness"),
    ),
    "harness/report/linear": (
        *("harness/report", "harness/report/told", "harness/report/drawing"),
        *("harness/judging", "harness/store", "harness"),
    ),
    "harness/report/sections": (
        *(f"harness/report/{room}" for room in ("told", "drawing", "findings", "linear")),
        *("harness/judging", "harness/store", "harness"),
    ),
    "harness/runs": RUNS,
    "harness/hunting": ("harness/runs", "harness/plan", *RUNS),
    "harness/hunting/generate": ("harness/hunting", "harness/plan", "harness/plan/systems", "harness"),
    "harness/hunting/mutants/operators": (),
    "harness/hunting/mutants": (
        *("harness/hunting/mutants/operators", "harness/hunting", "harness/runs", "harness/plan", "harness/measures"),
        *RUNS,
    ),
    "harness/measures": ("harness",),
    "harness/audit": (
        *("harness/hunting/mutants", "harness/hunting", "harness/runs", "harness/measures"),
        *("harness/plan", "harness/plan/words", *RUNS),
    ),
    "harness/conform": ("harness/wire",),
    "harness/conform/relay": ("harness/conform", "harness/wire", *RUNTIME),
    "harness/conform/client": ("harness/conform", "harness/wire", *RUNTIME),
    "harness/conform/looking": (
        *("harness/conform", "harness/conform/relay", "harness/conform/client"),
        *("harness/runtimes/sockets", "harness/wire", *RUNTIME),
    ),
    "harness/night/executors": ("harness/hunting",),
    "harness/night": (
        *("harness/night/executors", "harness/hunting", "harness/hunting/generate", "harness/shrink"),
        *("harness/runs", "harness/plan", "harness/plan/text", *RUNS),
    ),
    "harness/night/morning": (
        *("harness/night", "harness/hunting", "harness/hunting/generate"),
        *("harness/report", "harness/report/told", "harness"),
    ),
    "harness/shrink": ("harness/runs", "harness/plan", *PLANS, "harness/workload", *RUNTIME),
    "harness/testing": ("harness/runs", "harness/plan", "harness/plan/text", *RUNS),
    "harness/serve": (
        *("harness/report", "harness/report/told", "harness/report/drawing", "harness/report/apart"),
        *("harness/night", "harness/plan", "harness/store", "harness"),
    ),
}
_ENGINE = tuple(room for room in _BELOW_THE_COMMANDS if room.startswith("harness"))
_COMMANDS: Mapping[str, tuple[str, ...]] = {  # the command line may use all of the engine
    "harness/cli/telling": _ENGINE,
    "harness/cli/naming": ("harness/cli/telling", *_ENGINE),
    "harness/cli/asking": ("harness/cli/naming", "harness/cli/telling", *_ENGINE),
    "harness/cli/linear": ("harness/cli/telling", *_ENGINE),
    "harness/cli/one": ("harness/cli/asking", "harness/cli/telling", *_ENGINE),
    "harness/cli/many": ("harness/cli/asking", "harness/cli/telling", *_ENGINE),
    "harness/cli": (
        *(f"harness/cli/{room}" for room in ("telling", "naming", "asking", "linear", "one", "many")),
        *_ENGINE,
    ),
}
ROOMS = {**_BELOW_THE_COMMANDS, **_COMMANDS}
AT_THE_ROOT = {  # what stands among the words that everybody speaks, and is none of them
    "harness.doctor": ("harness/runtimes", "harness/runtimes/toxiproxy"),
    "harness.strategies": ("harness/plan", *PLANS, "harness/workload", "harness/runtimes"),
    "harness.__main__": ("harness/cli",),
}


def _sources(folder: str) -> list[Path]:
    return sorted((ROOT / folder).rglob("*.py"))


@functools.cache
def _imports(path: Path, root: Path = ROOT) -> tuple[tuple[int, str], ...]:
    """(line, dotted module) of every import of ours, wherever it stands; `from a import b` gives `a.b` too."""
    return tuple(_read_imports(path, root))


def _read_imports(path: Path, root: Path) -> Iterator[tuple[int, str]]:
    package = path.relative_to(root).parent.parts
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            above = ".".join(package[: len(package) - node.level + 1]) if node.level else ""
            base = ".".join(part for part in (above, node.module) if part)
            for alias in node.names:
                yield node.lineno, f"{base}.{alias.name}"


def _is_below(module: str, allowed: str) -> bool:
    return module == allowed or module.startswith(allowed + ".")


def _ours(path: Path) -> list[tuple[int, str]]:
    return [(line, module) for line, module in _imports(path) if module.split(".")[0] in PACKAGES]


def _name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@functools.cache
def _files() -> dict[str, Path]:
    return {_name(path): path for package in PACKAGES for path in _sources(package)}


def _file_of(module: str) -> str | None:
    """The file that an import reads: `a.b.NAME` is in `a.b`, if there is no file `a/b/NAME.py`."""
    while module:
        if module in _files():
            return module
        module = module.rpartition(".")[0]
    return None


@functools.cache
def _uses() -> dict[str, set[str]]:
    """File → the files that it imports."""
    return {
        name: {used for _, module in _ours(path) if (used := _file_of(module)) is not None and used != name}
        for name, path in _files().items()
    }


def _room(file: str) -> str:
    folder = _files()[file].parent.relative_to(ROOT)
    places = (place.as_posix() for place in (folder, *folder.parents))
    return next(place for place in places if place in ROOMS or place in PACKAGES)


@functools.cache
def uses_of_rooms() -> Mapping[str, set[str]]:
    """Room → the rooms of its own package that its files import from."""
    found: dict[str, set[str]] = {room: set() for room in ROOMS}
    for file, uses in _uses().items():
        mine = _room(file)
        if mine in ROOMS:
            others = {_room(used) for used in uses if used.split(".")[0] == mine.split("/")[0]}
            found[mine] |= others - {mine}
    return found


def violations(package: str) -> list[str]:
    return [
        f"{path.relative_to(ROOT)}:{line}: {package} may not import {module}"
        for path in _sources(package)
        for line, module in _ours(path)
        if not any(_is_below(module, allowed) for allowed in MAY_IMPORT[package])
    ]


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_imports_only_along_its_arrows(package: str) -> None:
    assert violations(package) == []


def test_a_room_uses_only_the_rooms_below_it() -> None:
    wrong = []
    for file, uses in _uses().items():
        mine = _room(file)
        allowed = {mine, *ROOMS.get(mine, ()), *AT_THE_ROOT.get(file, ())}
        if mine.split("/")[0] in ("harness", "checkers"):
            here = mine.split("/")[0]
            wrong += [
                f"{file} ({mine}) may not use {used} ({_room(used)})"
                for used in sorted(uses)
                if used.split(".")[0] == here and used != here and _room(used) not in allowed
            ]
    assert wrong == []


def test_what_stands_on_top_at_the_root_serves_the_command_line_alone() -> None:
    """The doctor looks at runtimes: none of them imports it, nor does anything that they stand on."""
    users = {file for file, uses in _uses().items() if uses & AT_THE_ROOT.keys()}
    assert [file for file in users if not _room(file).startswith("harness/cli")] == []


def test_every_folder_of_the_engine_and_the_checkers_is_a_room() -> None:
    """A new folder says what it may use, here and at its door."""
    folders = {
        path.parent.relative_to(ROOT).as_posix() for package in ("harness", "checkers") for path in _sources(package)
    }
    assert folders <= set(ROOMS)
    for folder in folders:
        assert ast.get_docstring(ast.parse((ROOT / folder / "__init__.py").read_text())) or "", folder


def test_the_rooms_have_floors() -> None:
    """What may be used is no circle either; raises `CycleError`."""
    list(TopologicalSorter(ROOMS).static_order())


def test_no_two_files_use_each_other_round_about() -> None:
    try:
        list(TopologicalSorter(_uses()).static_order())
    except CycleError as exc:
        pytest.fail(f"a circle of files: {' → '.join(reversed(exc.args[1]))}")


def test_the_top_of_checkers_holds_the_contract_and_the_checkers() -> None:
    names = {f"checkers.{path.stem}" for path in (ROOT / "checkers").glob("*.py") if path.stem != "__init__"}
    assert names == _plugins("checkers")


def _plugins(folder: str) -> set[str]:
    """Dotted names of the plug-ins: modules that define the one object the registry looks for."""
    words = ("FAULT", "CHECKER", "RUNTIME", "PROFILE", "DIALECT")
    found = set()
    for path in _sources(folder):
        if path == ROOT / folder / "__init__.py":
            continue
        for node in ast.parse(path.read_text()).body:
            targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
            if any(isinstance(t, ast.Name) and t.id in words for t in targets):
                found.add(_name(path))
    return found


@pytest.mark.parametrize("folder", PLUGIN_FOLDERS)
def test_every_plug_in_folder_has_plug_ins(folder: str) -> None:
    assert _plugins(folder), f"no plug-in found in {folder}: has the name of its object changed?"


def test_the_engine_imports_no_plug_in_by_name() -> None:
    plugins = {name for folder in PLUGIN_FOLDERS for name in _plugins(folder)}
    wrong = [
        f"{path.relative_to(ROOT)}:{line}: imports the plug-in {module}"
        for path in _sources("harness")
        for line, module in _ours(path)
        for plugin in plugins
        if _is_below(module, plugin) and not _name(path).startswith(plugin)
    ]
    assert wrong == []


def test_the_scanner_sees_imports_in_functions_and_relative_ones(tmp_path: Path) -> None:
    source = tmp_path / "harness" / "plan" / "x.py"
    source.parent.mkdir(parents=True)
    source.write_text("def f():\n    from harness import report\nimport targets.relay\nfrom ..wire import hop\n")
    assert sorted(_imports(source, tmp_path)) == [
        (2, "harness.report"),
        (3, "targets.relay"),
        (4, "harness.wire.hop"),
    ]
