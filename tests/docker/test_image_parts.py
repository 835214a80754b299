"""The image of the components holds whatever its modules import of ours."""

from __future__ import annotations

import ast
from pathlib import Path

from harness.runtimes.docker.images import _PARTS as PARTS

ROOT = Path(__file__).parents[2]


def packed() -> set[Path]:
    return {path for package, parts in PARTS.items() for part in parts for path in (ROOT / package).glob(part)}


def test_every_module_of_ours_that_a_packed_one_imports_is_packed() -> None:
    files = packed()
    missing = set()
    for path in files:
        for node in ast.walk(ast.parse(path.read_text())):
            module = node.module if isinstance(node, ast.ImportFrom) else None
            if module is None or module.split(".")[0] not in PARTS:
                continue
            base = ROOT.joinpath(*module.split("."))
            wanted = base / "__init__.py" if base.is_dir() else base.with_suffix(".py")
            if wanted not in files:
                missing.add(f"{path.relative_to(ROOT)} imports {module}")
    assert missing == set()
