"""Files of plans and of what goes with them: how they are named, read, and shown to people."""

from __future__ import annotations

import pathlib
from fnmatch import fnmatchcase

from harness import registry
from harness.plan.text.errors import one
from harness.plan.text.source import MAX_BYTES

SUFFIXES = (".yaml", ".yml")


def members(word: str) -> list[str]:
    """`nightly`, `nightly/*`, `configs/nightly`: the plans of a folder, shipped or not, in the order of their names.
    What is neither is given back as it is. Raises `PlanErrors` for a folder without a plan."""
    shipped = registry.names("plan")
    path = pathlib.Path(word)
    if word in shipped or path.is_file():
        return [word]
    if path.is_dir():
        found = sorted(str(file) for file in path.iterdir() if file.suffix in SUFFIXES)
        if not found:
            raise one(word, "there is no plan in this folder")
        return found
    pattern = word if any(sign in word for sign in "*?[") else f"{word.rstrip('/')}/*"
    return [name for name in shipped if fnmatchcase(name, pattern)] or [word]


def text_of(path: pathlib.Path) -> str:
    try:
        raw = path.read_bytes()
    except OSError as exc:
        raise one(str(path), f"cannot be read: {exc.strerror or exc}") from None
    if len(raw) > MAX_BYTES:
        raise one(str(path), f"larger than {MAX_BYTES // 1024} KB; a plan is a page or two of YAML")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        line = raw.count(b"\n", 0, exc.start) + 1
        raise one(f"{path}:{line}", "not UTF-8 text", f"byte {exc.start} is {raw[exc.start]:#04x}") from None


def shown(path: pathlib.Path) -> str:
    """A path as a user would type it here."""
    here = pathlib.Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)
