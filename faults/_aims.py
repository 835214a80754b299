"""What a fault is aimed at: names and patterns of a plan → directions and nodes of a topology."""

from __future__ import annotations

import fnmatch
from collections.abc import Collection, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Targets:
    directions: tuple[str, ...] = ()
    nodes: tuple[str, ...] = ()

    @property
    def candidates(self) -> tuple[str, ...]:
        """What `mode` counts: nodes, or links (a link and not each of its directions), by their names."""
        return self.nodes or tuple(dict.fromkeys(_link_of(d) for d in self.directions))

    def only(self, chosen: Collection[str]) -> Targets:
        """Those of them that are among the `chosen` candidates."""
        directions = tuple(d for d in self.directions if _link_of(d) in chosen)
        return Targets(directions, tuple(n for n in self.nodes if n in chosen))


def _link_of(direction: str) -> str:
    """The same for both directions of a link."""
    return "<->".join(sorted(direction.split("->")))


class TargetError(ValueError):
    """A fault names a node or link that the topology does not have. `word` is the offending text."""

    def __init__(self, word: str, message: str, known: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.word = word
        self.known = tuple(known)


def match_directions(patterns: Sequence[str], directions: Sequence[str]) -> tuple[str, ...]:
    """Directions named by `patterns`: `a->b`, `a<->b` (both ways), `*` for any node; in the order of `directions`.

    Raises `TargetError` for a pattern that matches nothing or is not one.
    """
    chosen: set[str] = set()
    for pattern in patterns:
        chosen.update(_match_one(pattern, directions))
    return tuple(d for d in directions if d in chosen)


def _match_one(pattern: str, directions: Sequence[str]) -> list[str]:
    arrow = "<->" if "<->" in pattern else "->"
    left, found, right = (part.strip() for part in pattern.partition(arrow))
    if not found or not left or not right:
        raise TargetError(
            pattern,
            f"expected a link such as mobile-1->relay or mobile-1<->relay, not {pattern!r}",
            directions,
        )
    ways = [(left, right), (right, left)] if arrow == "<->" else [(left, right)]
    hits = [d for d in directions if any(_way_matches(d, a, b) for a, b in ways)]
    if not hits:
        raise TargetError(pattern, f"no link matches {pattern!r} in this topology", directions)
    return hits


def _way_matches(direction: str, a: str, b: str) -> bool:
    source, _, target = direction.partition("->")
    return a in ("*", source) and b in ("*", target)


def match_nodes(patterns: Sequence[str], nodes: Sequence[str]) -> tuple[str, ...]:
    """Nodes named by `patterns`, `*` for anything, in the order of `nodes`.

    Raises `TargetError` for a pattern that matches nothing.
    """
    chosen: set[str] = set()
    for pattern in patterns:
        hits = [node for node in nodes if fnmatch.fnmatchcase(node, pattern)]
        if not hits:
            raise TargetError(pattern, f"no node {pattern!r} in this topology", nodes)
        chosen.update(hits)
    return tuple(node for node in nodes if node in chosen)
