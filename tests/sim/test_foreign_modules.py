"""Every process has modules of its own, whenever and however it imports them."""

from __future__ import annotations

import pickle
import sys
from pathlib import Path

import pytest
from foreign_rig import QUIET, run

from harness.runtimes.sim.kernel.loop import SimLoop
from harness.runtimes.sim.machines import scan
from harness.runtimes.sim.machines.modules import Modules
from harness.verdict import Verdict

# A built-in component, as somebody's program that now and then looks into a module. It notes whom it finds there.
PROGRAM = """
import asyncio
import importlib, pickle, pkgutil, sys, types
from targets.{role} import main as program
SEEN = set()

async def look(env):
    while True:
        await asyncio.sleep(0.05)
        {way}
        seen.add(env["NODE_NAME"])
        with open(env["OUT"], "a") as out:
            out.write(",".join(sorted(map(str, seen))) + "\\n")

async def main(argv, env):
    looking = asyncio.create_task(look(env))
    await program(argv, env)
"""
STATE = "SEEN = set()\nclass Thing:\n    seen = SEEN\n"
ROLES = {"relay": "relay", "desktop-1": "desktop", "mobile-1": "mobile"}
WAYS = {
    "a statement": "import state; seen = state.SEEN",
    "a name": "from state import SEEN as seen",
    "a part of a package": "import pack.state; seen = pack.state.SEEN",
    "a part by another name": "import pack.state as it; seen = it.SEEN",
    "from a package": "from pack import state; seen = state.SEEN",
    "by its package itself": "from pack.late import seen",
    "a package without a file": "import bare.state; seen = bare.state.SEEN",
    "importlib": "seen = importlib.import_module('pack.state').SEEN",
    "importlib, relatively": "seen = importlib.import_module('.state', 'pack').SEEN",
    "a library that imports": "seen = pkgutil.resolve_name('pack.state:SEEN')",
    "its own name": "seen = sys.modules[__name__].SEEN",
    "a name without import": "import state; seen = sys.modules['state'].SEEN",
    "a pickle": "import state; seen = pickle.loads(pickle.dumps(state.Thing)).seen",
    "made by hand": "made = sys.modules.setdefault('made', types.ModuleType('made')); "
    "seen = made.__dict__.setdefault('seen', set())",
    "read again": "import state; old = state.SEEN; importlib.reload(state); state.SEEN = seen = old",
    "thrown away": "sys.modules.pop('state', None); import state; seen = state.SEEN",
}


def programs(folder: Path, way: str) -> str:
    """Three programs in `folder`; the nodes of a topology that runs them."""
    (folder / "state.py").write_text(STATE)
    for name in ("pack", "bare"):
        (folder / name).mkdir()
        (folder / name / "state.py").write_text(STATE)
    (folder / "pack" / "__init__.py").write_text("")
    (folder / "pack" / "late.py").write_text("from .state import SEEN as seen\n")
    nodes = []
    for node, role in ROLES.items():
        (folder / f"my_{role}.py").write_text(PROGRAM.format(role=role, way=way))
        nodes.append(f"{node}: {{kind: module, module: my_{role}, path: ., env: {{OUT: {folder / node}}}}}")
    return "{" + ", ".join(nodes) + "}"


@pytest.mark.parametrize("way", WAYS)
def test_what_a_function_imports_is_its_own_nodes(tmp_path: Path, way: str) -> None:
    result = run(tmp_path, programs(tmp_path, WAYS[way]))
    assert (result.verdict, result.ailments) == (Verdict.VALID, [])
    for node in ROLES:
        lines = (tmp_path / node).read_text().splitlines()
        assert len(lines) > 20
        assert set(lines) == {node}


def test_a_process_that_was_started_anew_has_new_modules(tmp_path: Path) -> None:
    way = "import state; seen = state.SEEN; seen.add(len(seen)) if len(seen) < 9 else None"
    nodes = programs(tmp_path, way)
    faults = "faults: [{action: kill, nodes: [mobile-1], at: 1s, restart: 300ms}]\n"
    result = run(tmp_path, nodes, text=QUIET + faults)
    assert (result.verdict, result.ailments) == (Verdict.VALID, [])
    lines = (tmp_path / "mobile-1").read_text().splitlines()
    assert [line for line in lines if line == lines[0]] == ["0,mobile-1"] * 2
    assert (tmp_path / "relay").read_text().splitlines().count("0,relay") == 1


def test_programs_of_two_folders_may_have_modules_of_one_name(tmp_path: Path) -> None:
    nodes = []
    for node, role in ROLES.items():
        folder = tmp_path / node
        folder.mkdir()
        (folder / "program.py").write_text(PROGRAM.format(role=role, way="import late; seen = late.seen"))
        (folder / "late.py").write_text(f"seen = {{'late of {node}'}}\n")
        nodes.append(f"{node}: {{kind: module, module: program, path: {node}, env: {{OUT: {folder / 'out'}}}}}")
    assert run(tmp_path, "{" + ", ".join(nodes) + "}").verdict is Verdict.VALID
    for node in ROLES:
        assert set((tmp_path / node / "out").read_text().splitlines()) == {",".join(sorted((f"late of {node}", node)))}


def test_equal_seeds_give_equal_runs_whatever_is_imported(tmp_path: Path) -> None:
    nodes = programs(tmp_path, WAYS["importlib"])
    hashes = [run(tmp_path, nodes, seed).trace_hash for seed in (3, 3, 4)]
    assert hashes[0] == hashes[1] != hashes[2]


def test_a_run_leaves_the_interpreter_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nodes = programs(tmp_path, WAYS["made by hand"])
    monkeypatch.syspath_prepend(str(tmp_path))
    import state  # noqa: PLC0415  # type: ignore[import-not-found]

    try:
        path = sys.path[:]
        run(tmp_path, nodes)
        assert sys.path == path
        assert sys.modules["state"] is state
        assert not {"made", "my_relay", "my_mobile", "my_desktop"} & set(sys.modules)
        assert pickle.loads(pickle.dumps(state.Thing)) is state.Thing
    finally:
        del sys.modules["state"]


class _Node:
    name = "n"


def test_a_shared_package_names_the_copy_of_whoever_runs() -> None:
    modules, nodes = Modules(), (_Node(), _Node())
    name = "targets.foreign.small_relay"
    found = []
    try:
        for node in nodes:
            modules.move_in(node, name, [], [name, "targets.foreign"])  # type: ignore[arg-type]
            __import__(name)
            found.append(sys.modules[name])
        for node, own in [*zip(nodes, found, strict=True)] * 2:
            modules.enter(node)  # type: ignore[arg-type]
            import targets.foreign.small_relay as by_name  # noqa: PLC0415

            assert by_name is own
            assert sys.modules[name] is own
        assert found[0] is not found[1]
    finally:
        modules.close()


def test_what_a_library_makes_by_hand_is_shared(monkeypatch: pytest.MonkeyPatch) -> None:
    modules, nodes = Modules(), (_Node(), _Node())
    try:
        for node in nodes:
            modules.move_in(node, "mine", [], [])  # type: ignore[arg-type]
        monkeypatch.setitem(sys.modules, "json.made", type(sys)("json.made"))
        monkeypatch.setitem(sys.modules, "mine.made", type(sys)("mine.made"))
        modules.enter(nodes[0])  # type: ignore[arg-type]
        assert "json.made" in sys.modules
        assert "mine.made" not in sys.modules
    finally:
        modules.close()


def test_a_folder_named_like_what_a_program_imports_by_name_is_not_that(tmp_path: Path) -> None:
    """`serve` is a function of a module here; the finder, asked for it, looks along the whole path."""
    (tmp_path / "serve").mkdir()
    (tmp_path / "own.py").write_text("from websockets.asyncio.server import serve\nimport websockets.asyncio.server\n")
    assert [found.module for found in scan.sources("own", str(tmp_path))] == ["own"]


def test_a_loop_that_was_interrupted_in_the_making_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[object] = []
    monkeypatch.setattr(sys, "unraisablehook", said.append)
    made = SimLoop.__new__(SimLoop)
    made._closed = False
    del made
    assert said == []
