"""The first pass over a plan that is wrong somewhere: every error, and what is left when the wrong words are gone.

The second pass looks at what is left, so that a person sees the errors of both at once. What it says about words that
depend on a lost one (when a fault ends in a plan whose `duration` is no duration) is nobody's mistake: `Lost.heeded`.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ValidationError

from harness.plan.text.errors import PlanError, Span
from harness.plan.text.source import Document, Path
from harness.plan.text.validate import complaint, place_of
from harness.plan.times.order import raw_name

M = TypeVar("M", bound=BaseModel)
_ROUNDS = 20  # what is taken away may leave its surroundings without something that they need
_WHEN = frozenset(("at", "for", "every", "after", "downtime", "restart"))
_WHERE = frozenset(("links", "nodes", "clients", "groups", "value", "mode"))


class Lost:
    """What was taken away: paths in the document that is left, and names of faults that are gone."""

    def __init__(self) -> None:
        self.paths: set[Path] = set()
        self.faults: set[str] = set()

    def __bool__(self) -> bool:
        return bool(self.paths or self.faults)

    def heeded(self, errors: Iterable[PlanError], document: Document) -> list[PlanError]:
        """Those errors of the second pass that would be there without the loss as well."""
        if not self:
            return list(errors)
        places = {span: path for spans in (document.keys, document.values) for path, span in spans.items()}
        return [
            error
            for error in errors
            if error.severity == "error"
            and not (isinstance(error.where, Span) and self._spoils(places.get(error.where, ()), document))
        ]

    def _spoils(self, path: Path, document: Document) -> bool:
        if not path:
            return False
        root = path[0]
        if root == "faults" and len(path) > 1:
            return self._spoils_fault(path, document)
        if root in ("workload", "settle", "expect", "policies"):
            return self._lost(root) or (root in ("workload", "settle") and self._lost("topology", "timing", "duration"))
        return root == "pick" and bool(self.faults)

    def _spoils_fault(self, path: Path, document: Document) -> bool:
        words = set(map(str, path[2:3]))
        own = {str(lost[2]) for lost in self.paths if lost[:2] == path[:2] and len(lost) > 2}
        if not words:
            return bool(own) or self._lost("topology")
        waits_for = document.at((*path[:2], "after"))
        if words & _WHEN and (self._lost("duration") or own & _WHEN or waits_for in self.faults):
            return True
        return bool(words & _WHERE and (own & _WHERE or self._lost("topology")))

    def _lost(self, *roots: object) -> bool:
        return any(path[:1] == (root,) for root in roots for path in self.paths)


class Salvaged(Generic[M]):
    """`words` of what is left of a document, which is `document`; None when too little is."""

    def __init__(self, document: Document) -> None:
        self.words: M | None = None
        self.errors: list[PlanError] = []
        self.document, self.lost = document, Lost()


def salvage(document: Document, model: type[M]) -> Salvaged[M]:
    """All that the first pass has to say, and everything of the document that is well said."""
    found: Salvaged[M] = Salvaged(document)
    for number in range(_ROUNDS):
        try:
            found.words = model.model_validate(found.document.data)
            break
        except ValidationError as exc:
            details = exc.errors()
        if not number:
            found.errors = [complaint(document, model, one) for one in details]
        places = {place_of(found.document, one["loc"]) for one in details}
        if () in places:
            if found.document.data.get("version") == 1 or not isinstance(found.document.data, dict):
                break
            found.document = _with_version(found.document)
            places.discard(())
        found.document = _without(found.document, places, found.lost)
    return found


def _with_version(document: Document) -> Document:
    """Something is missing at the top; only the version can be."""
    return Document(document.source, {**document.data, "version": 1}, document.values, document.keys)


def _without(document: Document, places: set[Path], lost: Lost) -> Document:
    """The document without what stands at these places; the later things of a list move up."""
    found = Document(document.source, copy.deepcopy(document.data), dict(document.values), dict(document.keys))
    for place in sorted(places, key=_last_first, reverse=True):
        if not found.has(place):
            continue
        around, last = found.at(place[:-1]), place[-1]
        if place[:1] == ("faults",) and len(place) == 2:
            lost.faults.add(raw_name(around[place[1]]))
        if isinstance(around, list) and isinstance(last, int):
            del around[last]
            found.values, found.keys = (dict(_moved(spans, place)) for spans in (found.values, found.keys))
            lost.paths = {path for path, _ in _moved(dict.fromkeys(lost.paths, None), place)}
            lost.paths.add(place[:-1])
        else:
            del around[last]
            lost.paths.add(place)
    return found


def _last_first(place: Path) -> list[tuple[bool, str, int]]:
    return [
        (isinstance(part, int), str(part) if isinstance(part, str) else "", part if isinstance(part, int) else 0)
        for part in place
    ]


def _moved(spans: dict[Path, Any], gone: Path) -> Iterator[tuple[Path, Any]]:
    """Everything that is not inside `gone`; what stands after it in its list, one place further to the front."""
    depth, at = len(gone) - 1, gone[-1]
    for path, span in spans.items():
        if path[:depth] != gone[:-1] or len(path) <= depth:
            yield path, span
            continue
        here = path[depth]
        if here == at:
            continue
        shifted = isinstance(here, int) and isinstance(at, int) and here > at
        yield ((*path[:depth], here - 1, *path[depth + 1 :]) if shifted and isinstance(here, int) else path), span
