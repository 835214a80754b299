"""The linearizability checker against Porcupine (Go), both on histories already parsed, in the same minute.

Either side begins with its own objects for operations and events in memory and ends with its verdict; taking keys apart
counts. Either stops at the first key that fails, which ours has explained by then. HARNESS_PURE=1 measures the Python
engine.

    python tests/bench/linearizability.py [--histories DIR]

Porcupine comes through its Go module, with its own test data (102 logs of Jepsen's etcd test, key-value histories of 1,
10 and 50 clients), unless DIR holds `etcd/*.log` and `kv/*.txt`. Without a Go tool-chain only our times are printed.
In the case named WHOLE Porcupine is given no partition, so that its one state is the whole store. Ours is given the
same events but goes by key all the same, as its `kv` model always does: the ratio says what that saves, not which of
two searches of the whole store is faster.
Each figure is the median of five; a ratio below 1 means that we are faster.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import msgspec

from checkers.linearizability import Linearizable, Model, Operation, Trial, engine, single_writer
from checkers.linearizability.decide import MODELS, decide
from harness import interchange
from harness.interchange import jsonl

HERE = Path(__file__).parent / "porcupine"
MODULE = "github.com/anishathalye/porcupine"
ROUNDS = 5
WHOLE = "c10-ok, Porcupine not told to go by keys"


@dataclass(frozen=True)
class Case:
    """`kv-whole`: Porcupine is given no partition, so that one state holds all keys; ours goes by key in any case."""

    name: str
    model: str
    trial: Trial

    @property
    def our_model(self) -> Model:
        return MODELS[self.model.removesuffix("-whole")]


def cases(etcd: Path, kv: Path) -> Iterator[Case]:
    for path in sorted(etcd.glob("*.log")):
        if path.stat().st_size:  # one of Porcupine's is empty
            yield Case(path.stem, "cas-register", interchange.read(path)[1])
    for path in sorted(kv.glob("*.txt")):
        yield Case(path.stem, "kv", interchange.read(path)[1])
    whole = kv / "c10-ok.txt"
    if whole.exists():
        yield Case(WHOLE, "kv-whole", interchange.read(whole)[1])
    yield Case("single writer, 100,000 operations", "register", single_writer_trial(100_000))


def single_writer_trial(count: int, readers: int = 4) -> Trial:
    """One writer counts up; readers read what is there, all overlapping."""
    draws = random.Random(1)
    operations, events, open_, written = [], [], {}, 0
    while len(operations) < count or open_:
        process = draws.randrange(readers + 1)
        if process in open_:
            number = open_.pop(process)
            if process:
                operations[number] = Operation(f="read", result=written or None)
            events.append(~number)
        elif len(operations) < count:
            open_[process] = len(operations)
            events.append(len(operations))
            if process == 0:
                written += 1
            operations.append(Operation(f="read") if process else Operation(f="write", value=written))
    return Trial(operations, events)


# ---- the two sides -------------------------------------------------------------------------------------------------


def ours_ns(case: Case) -> tuple[int, bool]:
    times, fine = [], False
    for _ in range(ROUNDS):
        began = time.perf_counter_ns()
        fine = all(isinstance(j.answer, Linearizable) for j in decide(case.trial, case.our_model))
        times.append(time.perf_counter_ns() - began)
    return round(median(times)), fine


def porcupine_ns(found: list[Case], limit_s: int) -> dict[str, tuple[int, str]]:
    """Name → (ns, Ok | Illegal | Unknown)."""
    program = Path(tempfile.mkdtemp()) / "porcupine"
    subprocess.run(["go", "build", "-o", program, "."], cwd=HERE, check=True, env={**os.environ, "CGO_ENABLED": "0"})
    text = "\n".join(json.dumps(_for_porcupine(case)) for case in found)
    command = [str(program), "-rounds", str(ROUNDS), "-limit", f"{limit_s}s"]
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=True)
    told = [json.loads(line) for line in done.stdout.splitlines()]
    return {one["name"]: (one["ns"], one["result"]) for one in told}


def _for_porcupine(case: Case) -> dict[str, Any]:
    """What never returned returns at the end, with any answer, as Porcupine's own tests have it."""
    operations, events = case.trial.operations, list(case.trial.events)
    returned = {~e for e in events if e < 0}
    unknown = [n not in returned for n in range(len(operations))]
    events += [~n for n, lost in enumerate(unknown) if lost]
    return {
        "name": case.name,
        "model": case.model,
        "events": events,
        "unknown": unknown,
        "ops": [_op(case.model, o) for o in operations],
    }


def _op(model: str, o: Operation) -> list[Any]:
    def said(value: Any) -> str:
        return value if isinstance(value, str) else "" if value is None and model.startswith("kv") else _number(value)

    if o.f == "cas":
        return [o.f, "", said(o.value[0]), said(o.value[1]), o.outcome == "ok"]
    return [o.f, str(o.key or ""), said(o.result if o.f in ("read", "get") else o.value), "", o.outcome != "fail"]


def _number(value: Any) -> str:
    return "nil" if value is None else str(value)


# ---- reports -------------------------------------------------------------------------------------------------------


def module_data() -> tuple[Path, Path]:
    where = subprocess.run(
        ["go", "list", "-m", "-f", "{{.Dir}}", MODULE], cwd=HERE, capture_output=True, text=True, check=True
    )
    data = Path(where.stdout.strip()) / "test_data"
    return data / "jepsen", data / "kv"


def compare(found: list[Case], limit_s: int, with_go: bool) -> None:
    ours = {case.name: ours_ns(case) for case in found}
    theirs = porcupine_ns(found, limit_s) if with_go else {}
    etcd = [case.name for case in found if case.model == "cas-register"]
    wrong = [n for n in theirs if theirs[n][1] != "Unknown" and (theirs[n][1] == "Ok") != ours[n][1]]
    print(f"engine: {engine.TOLD}")
    print(f"verdicts that differ: {', '.join(wrong) or 'none'}")
    mine = sum(ours[n][0] for n in etcd) / 1e6
    if theirs and etcd:
        other = sum(theirs[n][0] for n in etcd) / 1e6
        ratios = sorted((ours[n][0] / theirs[n][0], n) for n in etcd)
        print(f"{len(etcd)} etcd logs: {mine:.1f} ms, Porcupine {other:.0f} ms: ratio {mine / other:.4f}")
        slower = sum(ratio > 1.5 for ratio, _ in ratios)
        print(f"  a file: median ratio {ratios[len(ratios) // 2][0]:.2f}, worst {ratios[-1][0]:.2f} ({ratios[-1][1]})")
        print(f"  files slower than 1.5 times Porcupine: {slower}")
    elif etcd:
        print(f"{len(etcd)} etcd logs: {mine:.1f} ms")
    for case in found:
        if case.name not in etcd:
            _line(case.name, ours[case.name], theirs.get(case.name), limit_s)
        if case.name == WHOLE:
            print("  (ours goes by key all the same: one search a key here, one of the whole store there)")


def _line(name: str, ours: tuple[int, bool], theirs: tuple[int, str] | None, limit_s: int) -> None:
    mine = ours[0] / 1e6
    said = f"{name}: {mine:.2f} ms, {'linearizable' if ours[1] else 'not linearizable'}"
    if theirs is not None:
        other = theirs[0] / 1e6
        gave_up = f" (gave up after {limit_s} s)" if theirs[1] == "Unknown" else ""
        said += f"; Porcupine {other:.2f} ms{gave_up}: ratio {mine / other:.4f}"
    print(said)


def million() -> None:
    """A file of a single writer: verdict against the mere decoding of the file."""
    trial = single_writer_trial(1_000_000)
    process = {n: f"p{n % 5}" for n in range(5)}
    path = Path(tempfile.mkdtemp()) / "million.jsonl"
    with path.open("wb") as file:
        slots: dict[int, str] = {}
        free = sorted(process.values())
        for event in trial.events:
            number = event if event >= 0 else ~event
            operation = trial.operations[number]
            if event >= 0:
                slots[number] = "w" if operation.f == "write" else free.pop()
            name = slots[number]
            asked = operation.value if operation.f == "write" else (operation.result if event < 0 else None)
            line = {"process": name, "type": "invoke" if event >= 0 else "ok", "f": operation.f, "value": asked}
            file.write(msgspec.json.encode(line) + b"\n")
            if event < 0 and name != "w":
                free.append(slots.pop(number))
    decoded, whole = [], []
    for _ in range(3):
        began = time.perf_counter()
        raw = path.read_bytes()
        jsonl.decode(raw)
        decoded.append(time.perf_counter() - began)
        began = time.perf_counter()
        fine = single_writer.explains(line for line in jsonl.decode(path.read_bytes())) is None
        whole.append(time.perf_counter() - began)
        assert fine
    print(
        f"1,000,000 operations of a single writer ({path.stat().st_size / 1e6:.0f} MB), from file to verdict: "
        f"{min(whole):.2f} s; mere decoding {min(decoded):.2f} s: ratio {min(whole) / min(decoded):.2f}"
    )
    shutil.rmtree(path.parent)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--histories", type=Path, help="a folder with etcd/*.log and kv/*.txt")
    parser.add_argument("--limit-s", type=int, default=20, help="the longest that Porcupine may take for one")
    options = parser.parse_args()
    with_go = shutil.which("go") is not None
    if options.histories is not None:
        etcd, kv = options.histories / "etcd", options.histories / "kv"
    elif with_go:
        subprocess.run(["go", "mod", "download"], cwd=HERE, check=True)
        etcd, kv = module_data()
    else:
        print("no Go tool-chain and no --histories: only histories made here")
        etcd = kv = HERE / "absent"
    compare(list(cases(etcd, kv)), options.limit_s, with_go)
    million()


if __name__ == "__main__":
    main()
