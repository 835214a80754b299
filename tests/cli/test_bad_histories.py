"""Files that are no history, no run, or only the beginning of one: said in a line, and never VALID."""

from __future__ import annotations

import gzip
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from cli_rig import Harness, Said


@pytest.fixture(scope="module")
def a_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory of one finished run."""
    folder = tmp_path_factory.mktemp("stored")
    with pytest.MonkeyPatch.context() as patch:
        said = Harness(folder, patch, None).process("run", "quickstart", "--json")
    assert said.code == 0
    return folder / json.loads(said.out)["run"]


@pytest.fixture
def run(a_run: Path, tmp_path: Path) -> Path:
    """A copy of it that a test may damage."""
    copy = tmp_path / "run"
    shutil.copytree(a_run, copy)
    return copy


@pytest.fixture
def text(a_run: Path) -> bytes:
    return gzip.decompress((a_run / "history.jsonl.gz").read_bytes())


def _refused(said: Said, *parts: str) -> None:
    assert said.code == 254
    assert said.is_clean()
    assert not said.out
    for part in parts:
        assert part in said.err


def _undecided(said: Said) -> None:
    assert said.code == 2
    assert said.is_clean()
    assert "verdict  UNKNOWN" in said.out


_PLAIN: list[tuple[str, Callable[[bytes], bytes]]] = [("h.jsonl", lambda data: data), ("h.jsonl.gz", gzip.compress)]


@pytest.mark.parametrize(("name", "pack"), _PLAIN, ids=["plain", "gzip"])
@pytest.mark.parametrize(
    "content",
    [b"", b"\n", bytes(range(256)) * 9, b"{}\n", b"[1, 2\n", b'{"header": {"plan": 3}}\n', "é\n".encode("latin-1")],
    ids=["empty", "a blank line", "garbage", "no header", "half a list", "a wrong header", "not UTF-8"],
)
def test_what_is_no_history_is_refused_with_its_first_line(
    harness: Harness, name: str, pack: Callable[[bytes], bytes], content: bytes
) -> None:
    (harness.folder / name).write_bytes(pack(content))
    _refused(harness("check", name), f"{name}:1: ")


def test_garbage_that_calls_itself_gzip_is_refused(harness: Harness) -> None:
    (harness.folder / "h.jsonl.gz").write_bytes(b"\x1f\x8b" + bytes(range(256)) * 9)
    _refused(harness("check", "h.jsonl.gz"), "h.jsonl.gz")


BEYOND_ALL_TIME = b'{"index":1,"time_ns":1%s,"process":"p","type":"info","f":"x"}' % (b"0" * 400)


@pytest.mark.parametrize("line", [b'{"foo": 1}', BEYOND_ALL_TIME, b'{"index": "\xc9"}', b"[" * 5000], ids=range(4))
def test_a_line_in_the_middle_that_is_no_op_is_named(harness: Harness, text: bytes, line: bytes) -> None:
    lines = text.splitlines(keepends=True)
    (harness.folder / "h.jsonl").write_bytes(b"".join([*lines[:40], line + b"\n", *lines[40:]]))
    _refused(harness("check", "h.jsonl"), "h.jsonl:41: not an op")


@pytest.mark.parametrize(("name", "pack"), _PLAIN, ids=["plain", "gzip"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.999])
def test_a_history_cut_off_in_the_middle_is_judged_as_far_as_it_goes_and_is_unknown(
    harness: Harness, text: bytes, name: str, pack: Callable[[bytes], bytes], share: float
) -> None:
    (harness.folder / name).write_bytes(pack(text[: int(len(text) * share)]))
    said = harness("check", name)
    _undecided(said)
    assert f"warning: {name}: " in said.err


def test_a_gzip_cut_off_in_the_middle_is_judged_as_far_as_it_goes(harness: Harness, text: bytes) -> None:
    packed = gzip.compress(text)
    (harness.folder / "h.jsonl.gz").write_bytes(packed[: len(packed) // 2])
    _undecided(harness("check", "h.jsonl.gz"))


@pytest.mark.parametrize(("name", "pack"), _PLAIN, ids=["plain", "gzip"])
def test_a_header_alone_proves_nothing(
    harness: Harness, text: bytes, name: str, pack: Callable[[bytes], bytes]
) -> None:
    (harness.folder / name).write_bytes(pack(text.splitlines(keepends=True)[0]))
    _undecided(harness("check", name))


def test_the_whole_history_is_valid_in_both_forms(harness: Harness, text: bytes, run: Path) -> None:
    (harness.folder / "h.jsonl").write_bytes(text)
    assert harness("check", "h.jsonl").code == 0
    said = harness("check", str(run), "--json")
    assert said.code == 0
    found = json.loads(said.out)
    assert found["verdict"] == "VALID"
    assert set(found["checks"]["convergence"]) == {"verdict", "reason", "evidence"}


def test_only_the_checkers_asked_for_judge(harness: Harness, run: Path) -> None:
    said = harness("check", str(run), "--check", "monotonic", "--check", "evidence", "--json")
    assert set(json.loads(said.out)["checks"]) == {"monotonic", "evidence"}
    _refused(harness("check", str(run), "--check", "monotnic"), "did you mean monotonic?")


@pytest.mark.parametrize("command", ["report", "replay"])
@pytest.mark.parametrize("word", ["nowhere", "latest", "abcdef", "."])
def test_what_is_no_run_is_refused_with_what_to_name(harness: Harness, command: str, word: str) -> None:
    _refused(harness(command, word), f"{word}: ", "give a run directory, its short id, or `latest`")


def test_a_folder_without_a_history_is_no_history(harness: Harness) -> None:
    _refused(harness("check", "."), "there is no history here")
    _refused(harness("check", "nowhere"), "nowhere")


@pytest.mark.parametrize(
    ("command", "file", "content"),
    [
        ("report", "run.json", b"{}"),
        ("replay", "run.json", b"{}"),
        ("report", "run.json", b"\xff\xfe"),
        ("report", "results.json", b"{"),
        ("replay", "schedule.jsonl", b""),
        ("replay", "schedule.jsonl", b'{"plan": "x"'),
        ("report", "schedule.jsonl", b"[]\n"),
    ],
)
def test_a_damaged_run_is_refused_with_the_file(
    harness: Harness, run: Path, command: str, file: str, content: bytes
) -> None:
    (run / file).write_bytes(content)
    _refused(harness(command, str(run)), f"{run / file}: ")


@pytest.mark.parametrize("lost", ["history.jsonl.gz", "messages.jsonl.gz", "results.json", "plan.yaml"])
def test_a_run_that_lost_a_file_is_still_reported(harness: Harness, run: Path, lost: str) -> None:
    (run / lost).unlink()
    (run / "report.html").unlink()
    assert harness("report", str(run)).code == 0
    assert (run / "report.html").is_file()


def test_a_stored_run_is_replayed_bit_for_bit(harness: Harness, run: Path) -> None:
    said = harness("replay", str(run))
    assert said.code == 0
    assert "the same run, bit for bit" in said.err


def test_a_run_is_checked_by_the_names_that_replay_and_report_take(harness: Harness, a_run: Path) -> None:
    store = str(a_run.parents[1])
    for word in ("latest", a_run.name.rpartition("-")[2], str(a_run)):
        said = harness("check", word, "--store", store)
        assert (said.code, said.is_clean()) == (0, True), word
        assert harness("check", word, "--store", store, "--model", "job").code == 0


def test_a_run_that_is_not_there_is_refused_with_what_may_be_named(harness: Harness) -> None:
    _refused(harness("check", "latest"), "there is no such run", "`latest`")


@pytest.mark.parametrize("damage", [b"\xc9", b"[" * 5000, b"{}"], ids=["not UTF-8", "too deep", "another object"])
@pytest.mark.parametrize("command", ["report", "shrink", "replay"])
def test_a_record_that_is_none_is_named(harness: Harness, run: Path, command: str, damage: bytes) -> None:
    (run / "run.json").write_bytes(damage)
    said = harness(command, str(run))
    assert said.code in (0, 2, 254), said.err  # what needs no record does without
    assert said.is_clean() and "defect of the harness" not in said.err
    assert said.code != 254 or "run.json" in said.err


def test_a_schedule_whose_fault_makes_no_sense_is_refused(harness: Harness, run: Path) -> None:
    schedule = run / "schedule.jsonl"
    head, *lines = schedule.read_text().splitlines(keepends=True)
    damaged = [line.replace('"links":[', '"links":[3,') for line in lines]
    assert damaged != lines
    schedule.write_text("".join([head, *damaged]))
    _refused(harness("replay", str(run)), "schedule.jsonl: fault ", "links")
