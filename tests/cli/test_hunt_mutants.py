"""`harness hunt --mutants`: what it prints, what it refuses, and what is left after Ctrl-C."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from cli_rig import Harness

from harness.hunting.mutants import drawing
from harness.hunting.mutants.operators import all_operators

RELAY = """import targets.relay


async def main(argv, env):
    where = dict(env)
    await targets.relay.main(argv, where)
"""
TOPOLOGY = """
users: [{id: alice, desktops: [{id: desktop-1}], mobiles: [{id: mobile-1}]}]
timing: fast
nodes: {relay: {kind: module, module: own_relay, path: .}}
"""
PLAN = "version: 1\nduration: 2s\ntopology: own.yaml\nworkload: {jobs: 1, rate: 5/s}\nsettle: {converge: 6s}\n"
WORDS = ("hunt", "own.yml", "--seeds", "1", "--jobs", "1", "--mutants", "own_relay.py")


@pytest.fixture
def own(harness: Harness) -> Path:
    (harness.folder / "own_relay.py").write_text(RELAY)
    (harness.folder / "own.yaml").write_text(TOPOLOGY)
    (harness.folder / "own.yml").write_text(PLAN)
    return harness.folder


def test_the_matrix_as_lines_and_as_json(harness: Harness, own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of two: a copy that nobody needs, and an await that is missing."""
    kinds = ("await-dropped", "copy-forgotten")
    monkeypatch.setattr(
        drawing, "mutants_of", lambda file, all_=drawing.mutants_of: [m for m in all_(file) if m.kind in kinds]
    )
    said = harness(*WORDS, "--out", "matrix.json")
    assert (said.code, said.is_clean()) == (0, True)
    assert "own_relay.py:6 main await-dropped" in said.out
    assert "own_relay.py:5 main copy-forgotten  survived 1 run that came to it; nothing was otherwise" in said.out
    assert "-    where = dict(env)\n+    where = env" in said.out
    found = json.loads((own / "matrix.json").read_text())
    survivor = next(one for one in found["mutants"] if one["outcome"] == "survived")
    assert (survivor["file"], survivor["line"], survivor["tries"]) == ("own_relay.py", 5, 1)
    assert found["summary"]["survived"] == 1
    assert not found["interrupted"]
    assert (own / "own_relay.py").read_text() == RELAY


def test_without_a_plan_every_seed_is_one_of_its_own(
    harness: Harness, own: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        drawing,
        "mutants_of",
        lambda file, all_=drawing.mutants_of: [m for m in all_(file) if m.kind == "await-dropped"],
    )
    words = ("hunt", "--topology", "own.yaml", "--seeds", "3", "--jobs", "1", "--mutants", "own_relay.py")
    found = json.loads(harness(*words, "--json").out)
    assert found["mutants"][0]["plan"].startswith("generated-")


def test_ctrl_c_keeps_what_was_found(harness: Harness, own: Path) -> None:
    out = own / "matrix.json"
    said = harness.interrupted(
        *WORDS, "--out", str(out), when=lambda: out.exists() and '"unfinished"' in out.read_text()
    )
    assert said.code in (0, 130), "it may have come to its end"
    found = json.loads(out.read_text())
    assert found["interrupted"] is (said.code == 130)
    assert any(one["outcome"] != "unfinished" for one in found["mutants"])


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("hunt", "quickstart", "--sample", "3"), "belong to --mutants"),
        (("hunt", "quickstart", "--mutants", "own.yaml"), "own.yaml"),
        ((*WORDS, "--equivalent", "own.yaml"), "expected a list of mutants"),
        ((*WORDS, "--equivalent", "absent.yaml"), "absent.yaml"),
    ],
)
def test_what_cannot_be_measured_is_refused(harness: Harness, own: Path, words: tuple[str, ...], message: str) -> None:
    said = harness(*words)
    assert (said.code, said.is_clean()) == (254, True)
    assert message in said.err


def test_without_the_library_it_says_what_to_install(
    harness: Harness, own: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    all_operators.cache_clear()
    monkeypatch.delitem(sys.modules, "harness.hunting.mutants.operators.cosmic", raising=False)
    monkeypatch.setitem(sys.modules, "cosmic_ray.ast", None)
    said = harness(*WORDS)
    monkeypatch.undo()
    all_operators.cache_clear()
    assert said.code == 255
    assert "jobsync-harness[mutants]" in said.err
