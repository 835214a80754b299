"""`pick: 2` plays only so many of a plan's faults in each seed, drawn anew: all pairs of a list of faults in one plan.

Few faults at a time find what many hide: the second one repairs what the first destroyed. A fault that begins after
another comes and goes with it. The seeds take turns: rounds of all faults in a drawn order are dealt out one after the
other, so that each fault comes equally often, in whatever few seeds there are.

Source: A. Groce et al., "Swarm Testing" (ISSTA 2012).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

from faults import Timed
from harness.plan.times.order import fault_name
from harness.seeds import Dice, stream


def leaders(faults: Sequence[Timed]) -> list[str]:
    """Names of the faults that wait for no other."""
    return [fault_name(words) for words in faults if words.after is None]


def picked(faults: Sequence[Timed], count: int | None, dice: Dice) -> list[Timed]:
    """The faults of this seed, in the plan's order. `count` None is all of them."""
    if count is None:
        return list(faults)
    chosen = set(_dealt(leaders(faults), count, dice))
    followers = [words for words in faults if words.after is not None]
    for _ in followers:  # a chain is no longer than this
        chosen |= {fault_name(words) for words in followers if words.after in chosen}
    return [words for words in faults if fault_name(words) in chosen]


def _dealt(names: list[str], count: int, dice: Dice) -> list[str]:
    """The seed's hand from a deck that is shuffled anew when it is used up: no name twice, none left over for long."""
    count = min(count, len(names))
    block, place = divmod(dice.seed, math.lcm(len(names), count) // count)  # after so many hands no card is left
    deck: list[str] = []
    hand: list[str] = []
    turns = itertools.count()
    for _ in range(place + 1):
        hand = []
        while len(hand) < count:
            fits = next((name for name in deck if name not in hand), None)
            if fits is None:
                deck += _shuffled(names, f"pick:{block}:{next(turns)}", dice.draws)
            else:
                deck.remove(fits)
                hand.append(fits)
    return hand


def _shuffled(names: list[str], turn: str, draws: str) -> list[str]:
    return sorted(names, key=lambda name: (stream(draws, f"{turn}:{name}").random(), name))
