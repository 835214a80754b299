"""One seed, several named random streams: a new draw in one place moves nothing elsewhere.

Names, never list indices: `schedule`, `workload:<client>`, `content:<job>`, `node:<n>`, `link:<l>:<conn>:<dir>`,
`fault:<name>`. Draw uniformly only: log-based draws depend on the platform's libm.

The root of all streams of a run is its plan's draws and its seed (`root_of`): two plans never play the same round.
What is rare is not left to chance from seed to seed: `spread` draws it evenly.

`parse_seeds` reads which seeds somebody asks for.
"""

from __future__ import annotations

import hashlib
import random
from dataclasses import dataclass

SEEDS_END = 2**63  # as a plan's own `seed`: the index of a store holds no larger number


def parse_seeds(text: str) -> range:
    """`N` is 0 to N-1, `A..B` excludes B. Raises `ValueError` for anything else, and when that is no seed at all."""
    first, dots, last = text.partition("..")
    try:
        seeds = range(int(first), int(last)) if dots else range(int(first))
    except ValueError:
        raise ValueError(f"{text!r}: expected a number of seeds (100) or a range (0..100)") from None
    if not seeds:
        raise ValueError(f"{text!r} is no seed at all")
    if seeds[0] < 0 or seeds[-1] >= SEEDS_END:
        raise ValueError(f"{text!r}: expected seeds from 0 to 2**63 - 1")
    return seeds


def stream(seed: int | str, name: str) -> random.Random:
    """The random stream `name` of `seed`; equal in every process and under every PYTHONHASHSEED."""
    digest = hashlib.blake2b(f"{seed}/{name}".encode(), digest_size=16).digest()
    return random.Random(int.from_bytes(digest, "big"))


@dataclass(frozen=True)
class Dice:
    """The draws of a plan with one seed: named streams, and shares that are spread over the seeds."""

    draws: str
    seed: int

    def stream(self, name: str) -> random.Random:
        return stream(root_of(self.draws, self.seed), name)

    def spread(self, name: str, index: int = 0, of: int = 1) -> float:
        """The draw of this seed; or of the thing number `index`, of which each seed has `of`."""
        return spread(self.draws, name, self.seed * of + index)


def root_of(draws: str, seed: int) -> int:
    """The root of the random streams of a run of the plan with these draws. Without any, the seed itself."""
    return child_seed(seed, f"plan:{draws}") if draws else seed


_LEVELS = 24  # 16 million seeds; beyond them the sequence begins anew


def spread(draws: str, name: str, index: int) -> float:
    """The draw number `index` (a seed, from 0 on) of a sequence that covers [0, 1) evenly: among the first 2^k, as
    among any other aligned 2^k, each interval of length 2^-k has exactly one. So a share of a quarter comes once in
    four seeds. Sequences of different names are independent of each other.

    Source: J. van der Corput, "Verteilungsfunktionen" (1935), with the nested scrambling of A. B. Owen, "Randomly
    permuted (t,m,s)-nets" (1995).
    """
    value, path = 0.0, ""
    for level in range(1, _LEVELS + 1):
        index, bit = divmod(index, 2)
        flip = hashlib.blake2b(f"{draws}/{name}/{level}/{path}".encode(), digest_size=1).digest()[0] & 1
        path += str(bit)
        value += (bit ^ flip) / 2**level
    return value


def child_seed(seed: int | str, name: str) -> int:
    """A 63-bit seed for somebody else's generator, derived from `seed` by name."""
    digest = hashlib.blake2b(f"{seed}/{name}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 1
