"""`pick: 2` plays only so many of a plan's faults in each seed, drawn anew: all pairs of a list of faults in one plan.

Few faults at a time find what many hide: the second one repairs what the first destroyed. A fault that begins after
another comes and goes with it. Every fault draws from a stream of its own name, so that taking one away from the plan
changes nothing between the others.

Source: A. Groce et al., "Swarm Testing" (ISSTA 2012).
"""

from __future__ import annotations

from collections.abc import Sequence

from faults import Timed
from harness.plan.order import fault_name
from harness.seeds import stream


def leaders(faults: Sequence[Timed]) -> list[str]:
    """Names of the faults that wait for no other."""
    return [fault_name(words) for words in faults if words.after is None]


def picked(faults: Sequence[Timed], count: int | None, seed: int) -> list[Timed]:
    """The faults of this seed, in the plan's order. `count` None is all of them."""
    if count is None:
        return list(faults)
    drawn = sorted(leaders(faults), key=lambda name: (stream(seed, f"pick:{name}").random(), name))
    chosen = set(drawn[:count])
    followers = [words for words in faults if words.after is not None]
    for _ in followers:  # a chain is no longer than this
        chosen |= {fault_name(words) for words in followers if words.after in chosen}
    return [words for words in faults if fault_name(words) in chosen]
