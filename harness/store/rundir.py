"""What stands in a run's directory, written and read.

`run.json` (who, what, when, verdict) · `plan.yaml` · `topology.yaml` (if it was a file of the user's) ·
`schedule.jsonl` · `history.jsonl.gz` · `messages.jsonl.gz` (the taps) · `results.json` (all checkers) · `junit.xml` ·
`summary.md` · `report.html` · `trace.json` (for Perfetto) · `history.edn` (for Jepsen's tools) ·
`nodes/NODE/{stdout,stderr}.log` (what a node wrote there, if anything) · `minimal-CHECK-REASON.yaml` (the smallest
plan that fails like it, once it was looked for).

`run.json`, `plan.yaml` and `schedule.jsonl` are there from the start (with no verdict yet), so that a run whose harness
was killed can be read and replayed.
"""

from __future__ import annotations

import functools
import hashlib
import os
import platform
import sqlite3
import subprocess
from importlib import metadata
from pathlib import Path
from typing import Any

import msgspec

from harness import __version__
from harness.history import NOT_JSON, History, HistoryError, Tap, read_history, read_taps
from harness.schedule import Schedule, decode_schedule, encode_schedule, profile_name
from harness.store.index import IndexRow, write_atomically
from harness.verdict import CheckResult, Verdict

MINIMAL = "minimal-{check}-{reason}.yaml"  # the smallest plan that fails as the run did
_TOPOLOGY = "topology.yaml"
_VERSIONS_OF = ("websockets", "msgspec", "pydantic", "regex", "docker", "toxiproxy-python")


class RunRecord(msgspec.Struct, kw_only=True):
    """`run.json`. Times are UTC, ISO 8601; `verdict` is None while the run goes on (or when its harness was killed)."""

    id: str
    plan: str
    title: str
    seed: int
    runtime: str
    profile: str
    with_: list[str] = msgspec.field(default_factory=list, name="with")
    without: list[str] = msgspec.field(default_factory=list)
    verdict: Verdict | None = None
    as_expected: bool | None = None
    interrupted: bool = False
    started: str
    ended: str | None = None
    seconds: float = 0.0
    plan_sha256: str
    trace_hash: str | None = None
    argv: list[str]
    git_commit: str | None = None
    capabilities: list[str] = msgspec.field(default_factory=list)
    versions: dict[str, str] = msgspec.field(default_factory=dict)
    machine: dict[str, Any] = msgspec.field(default_factory=dict)
    phases: dict[str, float] = msgspec.field(default_factory=dict)
    ailments: list[str] = msgspec.field(default_factory=list)
    campaign: str | None = None


class StoredRun(msgspec.Struct, kw_only=True):
    """A run read back. `history` is None when the system never started."""

    directory: Path
    record: RunRecord
    schedule: Schedule
    results: list[CheckResult]
    history: History | None
    minimal: dict[str, str] = msgspec.field(default_factory=dict)  # file name → the smallest plan of one failure


def expectation(schedule: Schedule) -> dict[str, str] | None:
    """What the plan says this profile's verdict will be: `{"verdict": …, "check"?: …}`, or None."""
    system = schedule.system
    return schedule.expect.get(profile_name(system.profile, sorted(system.with_), sorted(system.without)))


def met(expected: dict[str, str], verdict: Verdict, results: list[CheckResult]) -> bool:
    """Whether a run is what its plan expected; with `check`, that checker must be the one that says so."""
    if "verdict" in expected and verdict != expected["verdict"]:
        return False
    return "check" not in expected or any(r.check == expected["check"] and r.verdict == verdict for r in results)


def index_row(record: RunRecord, results: list[CheckResult], directory: str | None) -> IndexRow:
    return IndexRow(
        id=record.id,
        plan=record.plan,
        seed=record.seed,
        runtime=record.runtime,
        profile=profile_name(record.profile, record.with_, record.without),
        verdict=str(record.verdict or Verdict.UNKNOWN),
        signatures=[s for r in results for s in r.signatures],
        started=record.started,
        seconds=record.seconds,
        trace_hash=record.trace_hash,
        directory=directory,
        campaign=record.campaign,
    )


# ---- writing --------------------------------------------------------------------------------------------------------


def write_start(
    directory: Path, record: RunRecord, schedule: Schedule, plan_text: str, topology_text: str | None = None
) -> None:
    """What is known before the run begins. Raises `StoreProblem`."""
    write_atomically(directory / "plan.yaml", plan_text)
    if topology_text is not None:
        write_atomically(directory / _TOPOLOGY, topology_text)
    write_atomically(directory / "schedule.jsonl", encode_schedule(schedule))
    write_record(directory, record)


def write_record(directory: Path, record: RunRecord) -> None:
    write_atomically(directory / "run.json", _pretty(record))


def write_results(directory: Path, results: list[CheckResult]) -> None:
    write_atomically(directory / "results.json", _pretty(results))


def _pretty(value: Any) -> bytes:
    return msgspec.json.format(msgspec.json.encode(value, enc_hook=str), indent=2) + b"\n"


# ---- reading --------------------------------------------------------------------------------------------------------


def read_run(directory: Path) -> StoredRun:
    """Read a run directory, also one whose harness was killed. Raises `HistoryError` for files that are damaged."""
    record, schedule = read_record(directory), read_schedule(directory)
    return StoredRun(
        directory=directory,
        record=record,
        schedule=schedule,
        results=read_results(directory),
        history=_history(directory),
        minimal={file.name: _text(file) for file in sorted(directory.glob(MINIMAL.format(check="*", reason="*")))},
    )


def read_record(directory: Path) -> RunRecord:
    """Raises `HistoryError`."""
    record: RunRecord = _decode(directory / "run.json", RunRecord)
    return record


def read_results(directory: Path) -> list[CheckResult]:
    """Nothing where nobody judged, or the file is gone. Raises `HistoryError`."""
    file = directory / "results.json"
    results: list[CheckResult] = _decode(file, list[CheckResult]) if file.exists() else []
    return results


def read_schedule(directory: Path) -> Schedule:
    """Raises `HistoryError`."""
    try:
        return decode_schedule(_read(directory / "schedule.jsonl"))
    except ValueError as exc:
        raise HistoryError(f"{directory / 'schedule.jsonl'}: {exc}") from exc


def read_plan_text(directory: Path) -> str:
    """Raises `HistoryError`."""
    return _text(directory / "plan.yaml")


def kept_topology(directory: Path) -> Path | None:
    """The file of the topology that was used; None when it is one that is shipped."""
    file = directory / _TOPOLOGY
    return file if file.is_file() else None


def read_topology_text(directory: Path) -> str | None:
    """Raises `HistoryError`."""
    file = kept_topology(directory)
    return None if file is None else _text(file)


def _text(path: Path) -> str:
    try:
        return _read(path).decode("utf-8")
    except UnicodeDecodeError as exc:
        raise HistoryError(f"{path}: not UTF-8 text") from exc


def history_path(directory: Path) -> Path | None:
    """The history of a run directory: closed, or as far as a killed harness got."""
    names = ("history.jsonl.gz", "history.jsonl")
    return next((directory / name for name in names if (directory / name).exists()), None)


def _history(directory: Path) -> History | None:
    path = history_path(directory)
    return read_with_taps(path) if path is not None else None


def read_with_taps(path: Path) -> History:
    """A history and the taps that stand beside it. Raises `HistoryError`."""
    history = read_history(path)
    history.taps = read_messages(path.parent)
    return history


def read_messages(directory: Path) -> list[Tap]:
    """What passed on the links, in the order of time; nothing where nobody kept it. Raises `HistoryError`."""
    taps = directory / "messages.jsonl.gz"
    return sorted(read_taps(taps), key=lambda tap: tap.time_ns) if taps.exists() else []


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as exc:
        raise HistoryError(f"{path}: cannot be read: {exc.strerror or exc}") from exc


def _decode(path: Path, type_: Any) -> Any:
    try:
        return msgspec.json.decode(_read(path), type=type_)
    except NOT_JSON as exc:
        raise HistoryError(f"{path}: not what `harness run` writes: {exc}") from exc


# ---- the environment of a run ---------------------------------------------------------------------------------------


def plan_sha256(plan_text: str) -> str:
    return hashlib.sha256(plan_text.encode("utf-8", "surrogatepass")).hexdigest()


@functools.cache
def versions() -> dict[str, str]:
    """Versions of everything that can change a run."""
    found = {"harness": __version__, "python": platform.python_version(), "sqlite": sqlite3.sqlite_version}
    for name in _VERSIONS_OF:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


@functools.cache
def machine() -> dict[str, Any]:
    return {
        "system": platform.system(),
        "release": platform.release(),
        "architecture": platform.machine(),
        "implementation": platform.python_implementation(),
        "cpus": os.cpu_count(),
    }


@functools.cache
def git_commit() -> str | None:
    """The commit of the harness's own checkout (`-dirty` with changes); None for an installed wheel."""
    root = Path(__file__).resolve().parents[2]
    if not (root / ".git").exists():
        return None
    command = ["git", "-C", str(root), "describe", "--always", "--abbrev=40", "--dirty", "--exclude=*"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip() or None
