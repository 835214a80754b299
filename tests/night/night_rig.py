"""Small nights, played whole or made up."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Any

from harness.hunting.tally import RunSummary
from harness.night.items import Shard
from harness.night.ledger import About, Least, Ledger
from harness.night.work import Outcome, Packed
from harness.store.index import IndexRow, Store
from harness.verdict import Verdict

SMALL = """\
version: 1
title: A small night
again: 50%
parts:
  - {name: written, plans: [edge/missing-jobs, edge/duplicate-events], seeds: 2}
  - {name: broken, plans: [edge/duplicate-events], seeds: 1, profile: documented}
  - {name: drawn, generated: true, seeds: 3}
"""


def runs_of(store: Path) -> list[tuple[Any, ...]]:
    """What the index says of all runs, but for when they were and what they are called."""
    with closing(sqlite3.connect(store / "index.db")) as db:
        columns = "plan, seed, runtime, profile, verdict, signatures, trace_hash, campaign, directory IS NOT NULL"
        return db.execute(f"SELECT {columns} FROM runs ORDER BY plan, seed, profile").fetchall()


def files_of(store: Path) -> list[str]:
    """Kept runs: plan and seed of each, and what is in it."""
    found = []
    for directory in sorted(store.glob("*/*/run.json")):
        names = ",".join(sorted(file.name for file in directory.parent.iterdir()))
        found.append(f"{directory.parent.parent.name} {directory.parent.name.split('-')[1]} {names}")
    return sorted(found)


def wait_for_runs(store: Path, count: int, night: str = "n") -> None:
    """Until so many items of a night that goes on elsewhere are done."""
    until_s = time.monotonic() + 120
    while time.monotonic() < until_s:
        if (store / "index.db").exists() and len(Ledger(Store(store)).done(night)) >= count:
            return
        time.sleep(0.02)
    raise AssertionError(f"{count} runs were not done in two minutes")


def made_up(
    store: Path, night: str, runs: list[RunSummary], kinds: list[Least] | None = None, *, begun: str, text: str = SMALL
) -> Ledger:
    """A night whose runs were played by nobody. Run number N has the id `run-N`."""
    ledger = Ledger(Store(store))
    about = About(words=text, file=str(store / "night.yaml"), number=0, planned=len(runs), ended=begun)
    ledger.begin(night, Shard(), begun, about)
    for run in runs:
        row = IndexRow(
            id=f"{night}-run-{run.number}",
            plan=run.plan,
            seed=run.seed,
            runtime="sim",
            profile="hardened",
            verdict=str(run.verdict),
            signatures=run.signatures,
            started=begun,
            seconds=0.1,
            campaign=night,
        )
        ledger.add(night, Packed(outcome=Outcome(number=run.number, part="written", kind="run", run=run), row=row))
    for kind in kinds or []:
        ledger.add_kind(night, kind)
    return ledger


def summary(number: int, *signatures: tuple[str, str], **more: Any) -> RunSummary:
    verdict = Verdict.INVALID if signatures else more.pop("verdict", Verdict.VALID)
    said = {"plan": "edge/missing-jobs", "seed": number, "judged": ["convergence"], "message": "it differs"}
    return RunSummary(number=number, verdict=verdict, signatures=list(signatures), **{**said, **more})


def least(night: str, number: int, shape: str | None, check: str = "convergence", reason: str = "wrong-text") -> Least:
    run = f"{night}-run-{number}"
    plan = "version: 1\n" if shape is not None else ""
    said: dict[str, Any] = {"message": "it differs", "story": ["one", "two"]}
    return Least(check=check, reason=reason, run=run, shape=shape, plan=plan, **said)
