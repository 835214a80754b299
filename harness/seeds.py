"""One seed, several named random streams: a new draw in one place moves nothing elsewhere.

Names, never list indices: `schedule`, `workload:<client>`, `content:<job>`, `node:<n>`, `link:<l>:<conn>:<dir>`,
`fault:<name>`. Draw uniformly only: log-based draws depend on the platform's libm.
"""

from __future__ import annotations

import hashlib
import random


def stream(seed: int | str, name: str) -> random.Random:
    """The random stream `name` of `seed`; equal in every process and under every PYTHONHASHSEED."""
    digest = hashlib.blake2b(f"{seed}/{name}".encode(), digest_size=16).digest()
    return random.Random(int.from_bytes(digest, "big"))


def child_seed(seed: int | str, name: str) -> int:
    """A 63-bit seed for somebody else's generator, derived from `seed` by name."""
    digest = hashlib.blake2b(f"{seed}/{name}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 1
