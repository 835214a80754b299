"""`matrix:` multiplies a plan for campaigns: every combination of its values is a plan of its own.

A key is a dotted path into the plan, in which things of a list go by their names: `workload.rate`, `faults.split.for`,
`checks.staleness.within`. What is wrong with a value is shown where it stands in the matrix.
"""

from __future__ import annotations

import copy
import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from harness.plan.text.errors import PlanError, PlanErrors, did_you_mean
from harness.plan.text.source import Document, Path
from harness.registry import close_matches

KEY = "matrix"
MOST = 256  # plans that come of one
_NAMES = ("name", "check", "id")


def variants(document: Document, matrix: Mapping[str, Sequence[Any]]) -> Iterator[tuple[str, Document]]:
    """(what is different about it, the plan) for every combination. Raises `PlanErrors` for paths that lead nowhere."""
    count = math.prod(len(values) for values in matrix.values())
    if count > MOST:
        said = f"{count} combinations; a matrix makes at most {MOST} plans"
        raise PlanErrors([PlanError(document.key((KEY,)), said)])
    places = _places(document, matrix)
    labels = _labels(list(matrix))
    for choice in itertools.product(*(range(len(values)) for values in matrix.values())):
        varied = Document(document.source, copy.deepcopy(document.data), dict(document.values), dict(document.keys))
        for word in (KEY, "claim"):  # a claim may be about how its plan's variants differ: none of them is one
            varied.data.pop(word, None)
        for key, at in zip(matrix, choice, strict=True):
            _put(varied, places[key], key, at, matrix[key][at])
        said = ",".join(f"{labels[key]}={_short(matrix[key][at])}" for key, at in zip(matrix, choice, strict=True))
        yield said, varied


def _places(document: Document, matrix: Mapping[str, Any]) -> dict[str, Path]:
    places: dict[str, Path] = {}
    errors = []
    for key in matrix:
        found = _resolve(document.data, key.split("."))
        if isinstance(found, tuple):
            places[key] = found
        else:
            word, known = found.word, found.known
            hint = did_you_mean(close_matches(word, known)) or (f"there are: {', '.join(known)}" if known else None)
            errors.append(PlanError(document.key((KEY, key)), f"this path leads nowhere: {found.said}", hint))
    if errors:
        raise PlanErrors(errors)
    return places


class _Nowhere:
    def __init__(self, said: str, word: str, known: Sequence[str] = ()) -> None:
        self.said, self.word, self.known = said, word, known


def _resolve(data: Any, parts: Sequence[str]) -> Path | _Nowhere:
    """The path of a dotted key. Mappings on the way may be missing; they are made."""
    path: Path = ()
    here = data
    for at, part in enumerate(parts):
        if isinstance(here, list):
            named = {name: i for i, item in enumerate(here) for name in _names_of(item)}
            if part not in named:
                what = ".".join(map(str, parts[:at]))
                return _Nowhere(f"nothing in {what} has the name {part!r}", part, list(named))
            path, here = (*path, named[part]), here[named[part]]
        elif isinstance(here, dict) or here is None:
            if part in ("", KEY):
                return _Nowhere(f"{'.'.join(parts)!r} is no place in a plan", part)
            path, here = (*path, part), (here or {}).get(part)
        else:
            return _Nowhere(f"{'.'.join(map(str, parts[:at]))} is {_short(here)}, which has nothing inside", part)
    return path


def _names_of(item: Any) -> list[str]:
    return [str(item[key]) for key in _NAMES if key in item] if isinstance(item, dict) else []


def _put(varied: Document, place: Path, key: str, at: int, value: Any) -> None:
    """The value, and where it stands, at its place."""
    here = varied.data
    for depth, part in enumerate(place[:-1]):
        if isinstance(here, dict) and here.get(part) is None:
            here[part] = {}
            varied.keys[place[: depth + 1]] = varied.values[place[: depth + 1]] = varied.key((KEY, key))
        here = here[part]
    here[place[-1]] = copy.deepcopy(value)
    origin: Path = (KEY, key, at)
    for spans in (varied.values, varied.keys):
        for path in [path for path in spans if path[: len(place)] == place]:
            del spans[path]
        moved = {(*place, *path[3:]): span for path, span in spans.items() if path[:3] == origin}
        spans.update(moved)
    varied.keys[place] = varied.key((KEY, key))


def _labels(keys: Sequence[str]) -> dict[str, str]:
    """The end of each path, as long as it must be to tell them apart."""
    found = {}
    for key in keys:
        parts = key.split(".")
        ends = [".".join(parts[-n:]) for n in range(1, len(parts) + 1)]
        found[key] = next(e for e in ends if sum(k == e or k.endswith(f".{e}") for k in keys) == 1)
    return found


def _short(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ",".join(f"{k}:{_short(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "+".join(map(_short, value))
    return str(value).lower() if value is None or isinstance(value, bool) else str(value)
