"""No run directory, however damaged, makes a command do anything but say so."""

from __future__ import annotations

import contextlib
import gzip
import json
import random
import shutil
from pathlib import Path

import pytest
from bounds import bounded
from mutations import TIMES, of_bytes, of_value

from harness import cli

FILES = ["run.json", "results.json", "schedule.jsonl", "plan.yaml", "history.jsonl.gz", "messages.jsonl.gz"]
PLAN = """version: 1
duration: 1s
topology: one-user
workload: {jobs: 2, rate: 8/s, ends_in_fault: 0%}
faults: [{action: loss, links: ["relay->mobile-1"], chance: 50%, at: 200ms, for: 400ms}]
"""
ALLOWED = {0, 1, 2, 254, 255}
COMMANDS = {
    "check": ["check"],
    "check --json": ["check", "--json"],
    "check --model job": ["check", "--model", "job"],
    "report": ["report"],
}
PLAYED = {"replay": ["replay", "--keep", "none"], "shrink": ["shrink", "--runs", "3"]}


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that failed, so that there is something to shrink."""
    folder = tmp_path_factory.mktemp("kept")
    (folder / "p.yaml").write_text(PLAN)
    for seed in range(9):
        with pytest.raises(SystemExit) as ended:
            words = ["run", str(folder / "p.yaml"), "--profile", "documented", "--seed", str(seed)]
            cli.main([*words, "--store", str(folder / "store"), "--keep", "all"])
        if ended.value.code == 1:
            break
    return next(path.parent for path in sorted(folder.glob("store/**/run.json"), reverse=True))


def damage(source: Path, target: Path, draws: random.Random) -> str:
    """A copy in which one or two files are not what they were; says which."""
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    for file in FILES:
        shutil.copy(source / file, target / file)
    names = draws.sample(FILES, draws.choice([1, 1, 2]))
    for name in names:
        data = (source / name).read_bytes()
        match draws.randrange(8):
            case 0:
                (target / name).unlink()
            case 1:
                (target / name).unlink()
                (target / name).mkdir()
            case 2:
                (target / name).write_bytes(of_bytes(data, draws))
            case _ if name == "plan.yaml":
                (target / name).write_bytes(of_bytes(data, draws))
            case _:
                (target / name).write_bytes(_values(name, data, draws))
    return ", ".join(names)


def _values(name: str, data: bytes, draws: random.Random) -> bytes:
    """Some of a file's JSON values are other ones."""
    plain = gzip.decompress(data) if name.endswith(".gz") else data
    lines = plain.split(b"\n") if ".jsonl" in name else [plain]
    for _ in range(draws.randint(1, 4)):
        at = draws.choice([at for at, line in enumerate(lines) if line.startswith((b"{", b"["))] or [0])
        with contextlib.suppress(ValueError):  # it was changed before
            lines[at] = json.dumps(of_value(json.loads(lines[at]), draws)).encode()
    told = b"\n".join(lines)
    return gzip.compress(told) if name.endswith(".gz") else told


def play(words: list[str], folder: Path, what: str, capfd: pytest.CaptureFixture[str]) -> None:
    with bounded((words[0], what)), pytest.raises(SystemExit) as ended:
        cli.main([words[0], str(folder), *words[1:], "--store", str(folder.parent / "store")])
    out, err = capfd.readouterr()
    assert ended.value.code in ALLOWED, (ended.value.code, what)
    assert "Traceback" not in out + err, (what, err)
    assert "defect of the harness" not in err, (what, err)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_damaged_run_is_told_or_judged(
    command: str, kept: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    draws = random.Random(command)
    for _ in range(30 * TIMES):
        what = damage(kept, tmp_path / "run", draws)
        play(COMMANDS[command], tmp_path / "run", what, capfd)


@pytest.mark.parametrize("command", PLAYED)
def test_a_damaged_run_is_played_or_refused(
    command: str, kept: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    draws = random.Random(command)
    for _ in range(4 * TIMES):
        what = damage(kept, tmp_path / "run", draws)
        play(PLAYED[command], tmp_path / "run", what, capfd)
