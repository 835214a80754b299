"""Trace hashes of the quickstart, recorded: the same on every machine, as long as nothing that makes a run changes.

    python tests/sim/recording.py        records them anew (`make hashes`)

They are keyed by the lock file (the libraries). With an equal key a hash that differs is a run that is not
reproducible, or one that somebody changed.
"""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path
from typing import Any

from harness import plan, registry
from harness.runs.run import execute

ROOT = Path(__file__).parent.parent.parent
FILE = Path(__file__).parent / "recorded_hashes.json"
SEEDS = range(10)


def lock() -> str:
    return hashlib.sha256((ROOT / "requirements.lock").read_bytes()).hexdigest()[:16]


def hash_of(seed: int) -> str | None:
    sim = registry.find("runtime", "sim")
    return execute(plan.expand(plan.load("quickstart"), seed, runtime_verbs=sim.VERBS), sim).trace_hash


def recorded() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(FILE.read_text())
    return found


def record() -> None:
    hashes = {str(seed): hash_of(seed) for seed in SEEDS}
    FILE.write_text(json.dumps({"lock": lock(), "quickstart": hashes}, indent=2) + "\n")


if __name__ == "__main__":
    record()
    sys.stdout.write(f"{FILE.relative_to(ROOT)}: {len(SEEDS)} hashes\n")
