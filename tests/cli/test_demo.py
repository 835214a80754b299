"""The first minute shows what it promises, or fails."""

from __future__ import annotations

import time

import pytest
from cli_rig import Harness

from harness import registry
from harness.cli.one import first_bug as demo

LIMIT_S = 15.0  # promised to the newcomer; two runs in the simulator take about half a second


def test_the_demo_shows_the_doubled_text_beside_the_right_one_and_then_silence(harness: Harness) -> None:
    began_s = time.monotonic()
    said = harness.process("demo")
    assert time.monotonic() - began_s < LIMIT_S
    assert said.code == 0
    documented, _, hardened = said.out.partition("\nhardened ")
    assert "documented  INVALID" in documented
    assert "twice" in documented
    [written] = [line for line in documented.splitlines() if line.strip().startswith("written")]
    [shown] = [line for line in documented.splitlines() if line.strip().startswith("shown")]
    assert "Привет" in written and "ПриветПривет" not in _plain(written)
    assert "ПриветПривет" in _plain(shown)
    assert hardened.split()[0] == "VALID"
    [report] = [line.split()[1] for line in said.out.splitlines() if line.startswith("report")]
    assert (harness.folder / report).is_file()
    assert "\ntry next  " in said.out


def _plain(line: str) -> str:
    return line.replace("⟦", "").replace("⟧", "")


def test_a_demo_whose_defect_is_gone_fails(harness: Harness, monkeypatch: pytest.MonkeyPatch) -> None:
    """The demo's plan with a text whose letters are bytes: `documented` has nothing to stumble over."""
    plain = harness.folder / "plain.yaml"
    plain.write_text(registry.find("plan", demo.PLAN).read_text().replace("text: Привет", "text: Hello"))
    monkeypatch.setattr(demo, "PLAN", str(plain))
    said = harness("demo")
    assert said.code == 255
    assert "documented  VALID" in said.out
    assert "not what the demo should show" in said.err
    assert "try next" not in said.out


def test_a_demo_whose_hardened_half_fails_fails(harness: Harness, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo, "EXPECTED", dict.fromkeys(demo.EXPECTED, demo.EXPECTED["documented"]))
    said = harness("demo")
    assert said.code == 255
    assert "not what the demo should show" in said.err
