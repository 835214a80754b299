"""A plan put together by chance: system, workload, and so many troubles, each at its moment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from random import Random
from typing import Any

from harness import plan as plans
from harness.hunting.generate import moments, shapes
from harness.hunting.generate.cast import TOPOLOGIES, cast_of
from harness.hunting.generate.troubles import PLACES, TROUBLES, WEIGHTS

_SPEEDS = ({"timing": "fast"},) * 8 + ({"timing": {"scale": 10}}, {"timing": {"scale": 40}})
_SLOWLY = {"timing": {"scale": 2}}  # a second is far from what comes by itself, as heads do
_OPTIONS_SHARE = 0.35
_AFTER_S = 1.0  # the last trouble heals so long before the end


@dataclass(frozen=True)
class Draft:
    """`text` is the plan; `features` name what it is made of, for the atlas."""

    words: Mapping[str, Any]
    faults: Sequence[Mapping[str, Any]]
    features: tuple[str, ...]

    @cached_property
    def text(self) -> str:
        """Written when it is wanted: most drafts are not."""
        lines = ["version: 1", *(plans.on_one_line({key: value})[1:-1] for key, value in self.words.items())]
        listed = ["faults:", *(f"  - {plans.on_one_line(fault)}" for fault in self.faults)] if self.faults else []
        return "\n".join([*lines, *listed]) + "\n"


def draft(troubles: int, random: Random, topology: str | None = None) -> Draft:
    """A plan with so many troubles; 0 is peace."""
    kinds = _kinds(troubles, random)
    cast = cast_of(topology or _topology(kinds, random))
    name = _weighted({name: shape.weight for name, shape in shapes.SHAPES.items()}, random)
    shape, features = shapes.SHAPES[name], [f"topology {cast.topology}", f"shape {name}"]
    drawn = [(kind, TROUBLES[kind](cast, random)) for kind in kinds]
    longest_s = max((trouble.length_ms / 1000 for _, trouble in drawn), default=0.0)
    duration_s = max(shape.duration_s, 2.6 * longest_s + 2 * _AFTER_S) if drawn else shape.duration_s
    faults: list[dict[str, Any]] = []
    for kind, trouble in drawn:
        when = moments.drawn(trouble, cast, random)
        role, event = moments.role_of(trouble.near, cast), moments.event_of(when)
        features += [f"{trouble.kind} {role}", f"{trouble.kind} at {event}", f"{trouble.kind} in {name}"]
        for fault in moments.timed(kind, trouble, when, random, duration_s):
            faults.append({"name": f"{kind} {len(faults) + 1}", **fault})
    options = _options(random)
    features += [f"{option} in {name}" for option in options.get("policies", {})] or [f"no option in {name}"]
    users = {call: weight for _, trouble in drawn for call, weight in trouble.calls.items()}
    rate = max((trouble.rate for _, trouble in drawn if trouble.calls), key=lambda said: int(said[:-2]), default="")
    words: dict[str, Any] = {
        "title": f"{' and '.join(kinds) or 'peace'}, {name}, {cast.topology}",
        "duration": f"{round(duration_s * 1000)}ms",
        "topology": cast.topology,
        **(_SLOWLY if any(trouble.slowly for _, trouble in drawn) else random.choice(_SPEEDS)),
        **options,
        "workload": {
            **shapes.workload(shape, random, users, rate, peace=not faults),
            "script": [
                *(call for _, trouble in drawn for call in trouble.script),
                *shapes.odd(cast, random),
                *(shapes.wishing(cast) if "option.optimistic" in options.get("policies", {}) else ()),
                *shapes.ending(cast, duration_s),
            ],
        },
        "settle": {"quiesce": shape.quiesce},
    }
    return Draft(words, faults, (*features, f"troubles {len(kinds)}"))


def _kinds(count: int, random: Random) -> list[str]:
    left = {kind: WEIGHTS.get(kind, 1.0) for kind in TROUBLES}
    found = []
    for _ in range(count):
        found.append(_weighted(left, random))
        del left[found[-1]]
    return found


def _topology(kinds: Sequence[str], random: Random) -> str:
    """One that a kind of trouble needs, or any."""
    needed = [PLACES[kind] for kind in kinds if kind in PLACES]
    return needed[0] if needed else _weighted(TOPOLOGIES, random)


def _options(random: Random) -> dict[str, Any]:
    share, chosen = random.random(), random.choice(shapes.OPTIONS)
    return {"policies": dict(chosen)} if share < _OPTIONS_SHARE else {}


def _weighted(weights: Mapping[str, float], random: Random) -> str:
    return random.choices(list(weights), list(weights.values()))[0]
