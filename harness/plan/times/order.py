"""Names of faults, and which of them begins after which.

A name decides its fault's random streams, so it depends on that fault's own words alone: taking one fault away renames
no other, and moves none of its draws.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from faults import Timed


def fault_name(words: Timed) -> str:
    """Its own name, or its action and what it is aimed at."""
    return words.name or f"{words.action} {_aim(words.words())}".strip()


def raw_name(said: object) -> str:
    """The same of a fault that may be wrong: as far as it can be told."""
    if not isinstance(said, Mapping):
        return ""
    return str(said.get("name") or f"{said.get('action', '')} {_aim(said)}".strip())


def _aim(said: Mapping[str, object]) -> str:
    groups = said.get("groups")
    if isinstance(groups, list):
        return " | ".join(" ".join(map(str, group)) if isinstance(group, list) else str(group) for group in groups)
    listed = next((said[key] for key in ("links", "clients", "nodes") if key in said), [])
    return ", ".join(map(str, listed)) if isinstance(listed, list) else str(listed)


class Loop(ValueError):
    """Faults that wait for each other. `at` is the place of one of them in the plan, `names` go around once."""

    def __init__(self, at: int, names: Sequence[str]) -> None:
        super().__init__(" -> ".join(names))
        self.at, self.names = at, tuple(names)


def leaders_first(faults: Sequence[Timed]) -> list[int]:
    """Places in the plan, ordered so that whoever is waited for stands before those who wait. Raises `Loop`.

    A leader that does not exist is nobody's concern here.
    """
    places = {fault_name(words): at for at, words in enumerate(faults)}
    found: dict[int, None] = {}
    for start in range(len(faults)):
        way: list[int] = []
        at: int | None = start
        while at is not None and at not in found:
            if at in way:
                around = [fault_name(faults[i]) for i in way[way.index(at) :]]
                raise Loop(at, [*around, around[0]])
            way.append(at)
            after = faults[at].after
            at = places.get(after) if after is not None else None
        found.update(dict.fromkeys(reversed(way)))
    return list(found)
