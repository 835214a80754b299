"""Nobody imports against the arrows: the system under test knows nothing of its testers; checkers see histories; a room
uses what its door says, and no two files use each other. Imports for types alone count as well.
"""

from __future__ import annotations

import ast
import re
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest
from rooms import (
    PACKAGES,
    ROOT,
    WITH_DOORS,
    docstring,
    doors,
    files,
    imports,
    may_use,
    name_of,
    ours,
    room_of,
    said,
    sources,
    stands_on_top,
    uses,
    uses_of_rooms,
)

pytestmark = pytest.mark.xdist_group("imports")  # one reading of all files serves all of them
CATALOGUES = {  # folder → the one object that makes a file there a plug-in; a command is one by its place
    "faults": "FAULT",
    "checkers": "CHECKER",
    "harness/cli": "command",
    "harness/runtimes": "RUNTIME",
    "targets/profiles": "PROFILE",
    "harness/wire/dialects": "DIALECT",
    "harness/measures": "FIGURES",
    "harness/night/executors": "EXECUTOR",
    "harness/report/sections": "SECTION",
}
MAY_IMPORT = {
    "targets": ("targets",),
    "faults": ("faults",),
    "checkers": ("checkers", "harness.history", "harness.verdict"),
    "harness": ("harness", "targets", "faults", "checkers"),
}
ONE_OF_A_KIND = {
    *("checkers", "harness/cli", "harness/measures", "harness/night/executors", "harness/report/sections"),
    *("harness/hunting/mutants/operators", "harness/wire/dialects"),
}
COMPONENTS = ("targets.desktop", "targets.mobile", "targets.relay", "targets.foreign")
OF_COMPONENTS = {f"targets.{name}" for name in ("link", "program", "silence", "wall")}  # what they are made of


def _is_below(module: str, allowed: str) -> bool:
    return module == allowed or module.startswith(allowed + ".")


def _component(file: str) -> str | None:
    return next((one for one in COMPONENTS if _is_below(file, one)), None)


def violations(package: str) -> list[str]:
    return [
        f"{path.relative_to(ROOT)}:{line}: {package} may not import {module}"
        for path in sources(package)
        for line, module in ours(path)
        if not any(_is_below(module, allowed) for allowed in MAY_IMPORT[package])
    ]


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_imports_only_along_its_arrows(package: str) -> None:
    assert violations(package) == []


def test_a_file_uses_only_what_its_door_says() -> None:
    wrong = [
        f"{file} may not use {used}: its door does not say `{room_of(used)}`"
        for file in uses()
        if room_of(file) in doors()
        for used in sorted(uses()[file])
        if room_of(used) not in {room_of(file), *may_use(file)}
    ]
    assert wrong == []


def test_a_door_says_no_more_than_is_used() -> None:
    every = set(doors()) | {room_of(file) for file in files()}
    used = {room: set(used) for room, used in uses_of_rooms().items()}
    told = {room: set(names or ()) & every for room, names in doors().items()}
    for file in filter(stands_on_top, files()):
        told[file] = set(said(docstring(files()[file])) or ()) & every
        used[file] = {room_of(one) for one in uses()[file]}
    assert {who: told[who] - used[who] for who in told if told[who] - used[who]} == {}


def test_every_folder_has_a_door_that_says_what_it_may_use() -> None:
    folders = {path.parent.relative_to(ROOT).as_posix() for package in WITH_DOORS for path in sources(package)}
    assert set(doors()) == folders
    assert [room for room, told in doors().items() if told is None] == []
    assert {
        name for told in doors().values() for name in told or () if "/" in name and not (ROOT / name).is_dir()
    } == set()


def test_what_stands_on_top_of_a_room_serves_the_command_line_alone() -> None:
    """The doctor looks at runtimes: none of them imports it, nor does anything that they stand on."""
    on_top = {file for file in files() if stands_on_top(file)}
    assert on_top == {"harness.doctor", "harness.__main__"}
    users = {file for file, used in uses().items() if used & on_top}
    assert [file for file in users if not room_of(file).startswith("harness/cli")] == []


def test_the_rooms_have_floors() -> None:
    """What may be used is no circle either; raises `CycleError`. A package's top serves all of it, and stands apart."""
    tops = set(PACKAGES)
    list(TopologicalSorter({room: (told or set()) - tops for room, told in doors().items()}).static_order())


def test_no_two_files_use_each_other_round_about() -> None:
    try:
        list(TopologicalSorter(uses()).static_order())
    except CycleError as exc:
        pytest.fail(f"a circle of files: {' → '.join(reversed(exc.args[1]))}")


def test_a_component_knows_no_other_and_nobody_knows_it() -> None:
    wrong = [
        f"{file} may not use {used}"
        for file in uses()
        for used in uses()[file]
        if _component(used) not in {None, _component(file)}
        or (used in OF_COMPONENTS and not file.startswith("targets."))
    ]
    assert wrong == []


def test_faults_are_one_folder() -> None:
    assert {path.parent for path in sources("faults")} == {ROOT / "faults"}


def test_the_top_of_checkers_holds_the_contract_and_the_checkers() -> None:
    names = {f"checkers.{path.stem}" for path in (ROOT / "checkers").glob("*.py") if path.stem != "__init__"}
    assert names == _plugins("checkers")


def _plugins(folder: str) -> set[str]:
    """Dotted names of the plug-ins: modules that define the one object that is looked for."""
    inner = {path.parent for path in (ROOT / folder).glob("*/__init__.py")} if folder == "harness/runtimes" else set()
    paths = {path for there in {ROOT / folder, *inner} for path in there.glob("*.py")} - {ROOT / folder / "__init__.py"}
    return {name_of(path) for path in paths if CATALOGUES[folder] in _defined(path)}


def _defined(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.FunctionDef):
            found.add(node.name)
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        found |= {target.id for target in targets if isinstance(target, ast.Name)}
    return found


@pytest.mark.parametrize("folder", CATALOGUES)
def test_nobody_imports_a_plug_in_by_name(folder: str) -> None:
    plugins = _plugins(folder)
    assert plugins, f"no plug-in found in {folder}: has the name of its object changed?"
    wrong = [
        f"{file} imports the plug-in {used}"
        for file in uses()
        for used in uses()[file]
        for plugin in plugins
        if _is_below(used, plugin) and not _is_below(file, plugin)
    ]
    assert wrong == []


def test_the_scanner_sees_every_kind_of_import(tmp_path: Path) -> None:
    source = tmp_path / "harness" / "plan" / "x.py"
    source.parent.mkdir(parents=True)
    source.write_text(
        "def f():\n    from harness import report\nimport targets.relay\nfrom ..wire import hop\n"
        'importlib.import_module("harness.cli.run")\nif TYPE_CHECKING:\n    import checkers.past\n'
    )
    assert sorted(imports(source, tmp_path)) == [
        (2, "harness.report"),
        (3, "targets.relay"),
        (4, "harness.wire.hop"),
        (5, "harness.cli.run"),
        (7, "checkers.past"),
    ]


def test_a_door_is_read() -> None:
    assert said("Pages.\n\nMay use: `harness/store`,\n`harness`.") == {"harness/store", "harness"}
    assert said("Pages.\n\nMay use: nothing.") == set()
    assert said("Pages. They may use: much") is None
    assert said(docstring(files()["harness.cli"])) is not None


def _listed(text: str) -> set[str]:
    """Names of which something is said: "`a`, `b` and `c` (what they are)", "`d` · …"."""
    groups = re.findall(r"((?:`[a-z_]+`(?:, | and | with |,\n| and\n|\nand |\nwith ))*`[a-z_]+`)(?= \(| ·|\n·)", text)
    return {name for group in groups for name in re.findall(r"`([a-z_]+)`", group)}


def test_a_door_names_every_file_of_its_room_and_no_other() -> None:
    """Where each is one of a kind (plug-ins, commands), the kind is named."""
    wrong = []
    for room in set(doors()) - ONE_OF_A_KIND:
        told = docstring(ROOT / room / "__init__.py").partition("May use:")[0]
        named, listed = set(re.findall(r"`(\w+)`", told)), _listed(told)
        there = {path.stem for path in (ROOT / room).glob("*.py")} | {path.name for path in (ROOT / room).iterdir()}
        files_ = {path.stem for path in (ROOT / room).glob("*.py") if not path.stem.startswith("_")}
        wrong += [f"{room} does not name {name}" for name in sorted(files_ - named)]
        wrong += [f"{room} names {name}, which is not there" for name in sorted(listed - there)]
    assert wrong == []
