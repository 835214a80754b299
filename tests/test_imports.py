"""Nobody imports against the arrows: the system under test knows nothing of its testers; checkers see histories."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ROOMS = ("harness", "targets", "faults", "checkers")
PLUGIN_FOLDERS = ("faults", "checkers", "harness/runtimes", "targets/profiles")
MAY_IMPORT = {
    "targets": ("targets",),
    "faults": ("faults",),
    "checkers": ("checkers", "harness.history", "harness.verdict"),
    "harness": ("harness", "targets", "faults", "checkers"),
}


def _sources(folder: str) -> list[Path]:
    return sorted((ROOT / folder).rglob("*.py"))


def _imports(path: Path, root: Path = ROOT) -> Iterator[tuple[int, str]]:
    """(line, dotted module) of every import of ours, wherever it stands; `from a import b` gives `a.b` too."""
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
    return [(line, module) for line, module in _imports(path) if module.split(".")[0] in ROOMS]


def violations(room: str) -> list[str]:
    return [
        f"{path.relative_to(ROOT)}:{line}: {room} may not import {module}"
        for path in _sources(room)
        for line, module in _ours(path)
        if not any(_is_below(module, allowed) for allowed in MAY_IMPORT[room])
    ]


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_only_along_its_arrows(room: str) -> None:
    assert violations(room) == []


def _plugins(folder: str) -> set[str]:
    """Dotted names of the plug-ins: modules that define the one object the registry looks for."""
    words = ("FAULT", "CHECKER", "RUNTIME", "PROFILE")
    found = set()
    for path in _sources(folder):
        if path == ROOT / folder / "__init__.py":
            continue
        for node in ast.parse(path.read_text()).body:
            targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
            if any(isinstance(t, ast.Name) and t.id in words for t in targets):
                parts = path.relative_to(ROOT).with_suffix("").parts
                found.add(".".join(parts[:-1] if parts[-1] == "__init__" else parts))
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
        if _is_below(module, plugin) and not ".".join(path.relative_to(ROOT).with_suffix("").parts).startswith(plugin)
    ]
    assert wrong == []


def test_the_scanner_sees_imports_in_functions_and_relative_ones(tmp_path: Path) -> None:
    source = tmp_path / "harness" / "plan" / "x.py"
    source.parent.mkdir(parents=True)
    source.write_text("def f():\n    from harness import conductor\nimport targets.relay\nfrom ..wire import hop\n")
    assert sorted(_imports(source, tmp_path)) == [
        (2, "harness.conductor"),
        (3, "targets.relay"),
        (4, "harness.wire.hop"),
    ]
