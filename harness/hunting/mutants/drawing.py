"""Which mutants there are, and which of them are drawn: always the same, and of every kind in its turn."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import CodeType
from typing import Any

from harness.hunting.mutants.operators import mutations
from harness.hunting.mutants.operators.source import Source
from harness.hunting.mutants.task import Mutant

_SEED = "mutants"


class NotPython(ValueError):
    """A file that cannot be mutated; says which, and why."""


def files_of(paths: Sequence[Path]) -> list[Path]:
    """The Python files that paths name, each once, absolute; of a folder all below it. Raises `NotPython`."""
    found: dict[Path, None] = {}
    for path in paths:
        inside = sorted(path.rglob("*.py")) if path.is_dir() else [path]
        if not inside:
            raise NotPython(f"there is no Python file in {path}")
        for file in inside:
            if not file.is_file():
                raise NotPython(f"there is no file {file}")
            found[file.resolve()] = None
    return list(found)


def mutants_of(file: Path) -> list[Mutant]:
    """Every mutant of a file, in the order of kinds and places. Raises `NotPython`."""
    data = file.read_bytes()
    try:
        source = Source(data)
    except (SyntaxError, ValueError) as exc:
        raise NotPython(f"{file}: {exc}") from exc
    return [
        Mutant(
            file=str(file),
            kind=kind,
            function=source.function_name(mutation.line),
            line=mutation.line,
            edits=tuple((edit.start, edit.end, edit.new) for edit in mutation.edits),
        )
        for kind, mutation in mutations(source)
    ]


def in_turns(mutants: Sequence[Mutant], root: Path) -> Iterator[Mutant]:
    """Shuffled within a kind, then one of each kind after the other: kinds with many places do not crowd out the rest.

    It depends on the mutants alone and where their files lie below `root`.
    """
    kinds: dict[str, list[Mutant]] = {}
    for mutant in sorted(mutants, key=lambda m: (_place(m, root), m.line, m.edits)):
        kinds.setdefault(mutant.kind, []).append(mutant)
    for kind, found in kinds.items():
        random.Random(f"{_SEED} {kind}").shuffle(found)
    waiting = [iter(kinds[kind]) for kind in sorted(kinds)]
    while waiting:
        for one in list(waiting):
            try:
                yield next(one)
            except StopIteration:
                waiting.remove(one)


def _place(mutant: Mutant, root: Path) -> str:
    file = Path(mutant.file)
    return file.relative_to(root).as_posix() if file.is_relative_to(root) else file.as_posix()


class Novelty:
    """Tells apart the mutants that are none: no Python, or the same code as the original or as an earlier one."""

    def __init__(self) -> None:
        self._seen: dict[str, set[Any]] = {}
        self._data: dict[str, bytes] = {}

    def is_new(self, mutant: Mutant) -> bool:
        if mutant.file not in self._seen:
            data = self._data[mutant.file] = Path(mutant.file).read_bytes()
            self._seen[mutant.file] = {_deeds(compile(data, mutant.file, "exec", dont_inherit=True))}
        try:
            code = compile(mutant.source(self._data[mutant.file]), mutant.file, "exec", dont_inherit=True)
        except (SyntaxError, ValueError):
            return False
        deeds, seen = _deeds(code), self._seen[mutant.file]
        if deeds in seen:
            return False
        seen.add(deeds)
        return True


def _deeds(code: CodeType) -> tuple[Any, ...]:
    """What code does, wherever its lines stand."""
    constants = tuple(_deeds(one) if isinstance(one, CodeType) else (type(one), repr(one)) for one in code.co_consts)
    names = (code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars)
    return (code.co_name, code.co_code, code.co_exceptiontable, constants, names, code.co_flags)


Reached = Mapping[str, frozenset[int]]


def is_reached(mutant: Mutant, reached: Reached) -> bool:
    return mutant.line in reached.get(mutant.file, frozenset())
