"""Run directories without a run: a history in the tiny language, judged and filed as a real one is."""

from __future__ import annotations

from pathlib import Path

from checkers import notation
from harness.history import encode_end, encode_header, encode_op, encode_tap, gzip_deterministic
from harness.judging.checking import check, overall
from harness.schedule import CheckSpec, Node, Schedule, System
from harness.store import rundir
from harness.store.rundir import RunRecord, StoredRun

PLAN = "version: 1\ntitle: A plan\n"
NODES = [Node(name="relay", role="relay"), Node(name="desktop-1", role="desktop"), Node(name="mobile-1", role="mobile")]
LINKS = [("desktop-1", "relay"), ("mobile-1", "relay")]


def file_run(directory: Path, line: str, checks: tuple[str | CheckSpec, ...] = (), title: str = "A plan") -> StoredRun:
    """Write the directory of a run whose history is `line`, and read it back. Forms of the report are not written."""
    history = notation.read(line)
    system = System(nodes=NODES, links=LINKS, profile=history.header.profile)
    history.header.links = system.directions
    history.header.nodes["relay"] = {"role": "relay"}
    schedule = Schedule(
        plan="a-plan",
        title=title,
        seed=7,
        duration_ns=10**9,
        quiesce_ns=10**9,
        converge_ns=10**9,
        system=system,
        steps=[],
        faults=[],
        checks=[CheckSpec(check=asked) if isinstance(asked, str) else asked for asked in checks],
    )
    results = check(history, schedule.checks or None)
    record = RunRecord(
        id="abc123",
        plan="a-plan",
        title=title,
        seed=7,
        runtime="sim",
        profile=history.header.profile,
        verdict=overall(results),
        started="2026-01-01T00:00:00.000Z",
        ended="2026-01-01T00:00:01.000Z",
        seconds=1.0,
        plan_sha256=rundir.plan_sha256(PLAN),
        argv=["run", "a-plan"],
        versions=rundir.versions(),
        machine=rundir.machine(),
    )
    directory.mkdir(parents=True, exist_ok=True)
    rundir.write_start(directory, record, schedule, PLAN)
    rundir.write_results(directory, results)
    lines = [encode_header(history.header), *map(encode_op, history.ops), encode_end(len(history.ops))]
    (directory / "history.jsonl.gz").write_bytes(gzip_deterministic(b"".join(lines)))
    (directory / "messages.jsonl.gz").write_bytes(gzip_deterministic(b"".join(map(encode_tap, history.taps))))
    return rundir.read_run(directory)
