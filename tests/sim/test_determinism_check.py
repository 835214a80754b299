"""A run that does not come out twice alike is told, with the first event that differs."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest
from foreign_rig import QUIET, USERS

import targets.mobile.app
from harness import plan, registry
from harness.cli import main
from harness.cli.one import twice
from harness.cli.telling.exits import Refused
from harness.runs import determinism
from harness.runs.determinism import Event, Trail, difference
from harness.runs.run import execute
from harness.schedule import Schedule

SIM = registry.find("runtime", "sim")
real_urandom = os.urandom  # the machine's own: inside of a run it is replaced
SOURCE = """
import asyncio
from targets.foreign.small_relay import SmallRelay
class Relay(SmallRelay):
    async def serve_one(self, ws):
        # So fine that no two hash seeds agree by chance, and longer than the first frame is on its way.
        await asyncio.sleep(0.05 + hash("a string") % 10**6 / 1e8)
        await super().serve_one(ws)
async def main(argv, env):
    await Relay(env).run(env["RELAY_HOST"], int(env["RELAY_PORT"]))
"""


def quiet() -> Schedule:
    return plan.expand(plan.parse(QUIET.replace("own.yaml", "one-user")), 0, runtime_verbs=SIM.VERBS)


def test_a_run_played_twice_has_one_trail() -> None:
    first, second = determinism.trail(quiet(), SIM), determinism.trail(quiet(), SIM)
    assert len(first.events) > 50
    assert difference(first, second) is None
    assert first.trace_hash == second.trace_hash


def test_keeping_a_trail_changes_nothing() -> None:
    assert determinism.trail(quiet(), SIM).trace_hash == execute(quiet(), SIM).trace_hash


def test_real_entropy_in_a_component_is_found_where_it_first_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    real_run = targets.mobile.app.Mobile.run

    async def starts_when_it_likes(self: targets.mobile.app.Mobile) -> None:
        await asyncio.sleep(int.from_bytes(real_urandom(7), "big") / 2**56)
        await real_run(self)

    monkeypatch.setattr(targets.mobile.app.Mobile, "run", starts_when_it_likes)
    first, second = determinism.trail(quiet(), SIM), determinism.trail(quiet(), SIM)
    found = difference(first, second)
    assert found is not None
    assert first.events[: found.number] == second.events[: found.number]
    assert first.events[found.number] != second.events[found.number]
    assert "mobile-1" in found.first + found.second
    assert found.told()[0].startswith(f"not deterministic: event {found.number} ")
    assert first.trace_hash != second.trace_hash


@pytest.mark.parametrize("shared", [0, 3])
def test_the_first_event_that_differs_is_shown_with_the_byte_where_it_does(shared: int) -> None:
    same = [Event(number * 10**6, "data", "link:a->b:1:forth", b"x") for number in range(shared)]
    ours, theirs = (Event(10**9, "data", "link:a->b:1:forth", data) for data in (b"0123456789", b"01234-6789"))
    found = difference(Trail("1", [*same, ours], []), Trail("2", [*same, theirs], []))
    assert found is not None
    assert found.number == shared
    assert found.both == ("t=0.002000 s data link:a->b:1:forth, 1 bytes" if shared else "nothing")
    assert found.first == "t=1.000000 s data link:a->b:1:forth, 10 bytes, from byte 5 on “56789”"
    assert found.second.endswith("from byte 5 on “-6789”")


def test_a_run_that_ends_early_differs_where_it_ends() -> None:
    event = Event(1, "fin", "link:a->b:1:forth", b"")
    found = difference(Trail("1", [event, event], []), Trail("2", [event], []))
    assert found is not None
    assert (found.number, found.second) == (1, "had ended")


def test_the_op_of_the_history_that_differs_is_shown_too() -> None:
    found = difference(Trail("1", [], [b"{}", b'{"a": 1}']), Trail("2", [], [b"{}", b'{"a": 2}']))
    assert found is not None
    assert found.op == 'line 2: {"a": 1} | {"a": 2}'


# ---- on the command line --------------------------------------------------------------------------------------------


def run(*words: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main([*words, "--check-determinism", "--keep", "none"])
    assert isinstance(ended.value.code, int)
    return ended.value.code


def files(folder: Path, source: str) -> str:
    (folder / "mine.py").write_text(source)
    (folder / "own.yaml").write_text(f"{USERS}nodes: {{relay: {{kind: module, module: mine, path: .}}}}\n")
    (folder / "plan.yaml").write_text(QUIET)
    return str(folder / "plan.yaml")


@pytest.mark.parametrize("words", [("run",), ("hunt", "--seeds", "2", "--jobs", "1")])
def test_a_plan_whose_component_hashes_strings_is_caught_by_the_command(
    words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    code = run(words[0], files(tmp_path, SOURCE), *words[1:])
    said = capfd.readouterr().err
    assert code == 255
    assert "not deterministic" in said
    assert "  both    " in said
    assert "  second  t=" in said


@pytest.mark.parametrize("words", [("run",), ("hunt", "--seeds", "2", "--jobs", "1")])
def test_a_plan_that_comes_out_alike_passes(
    words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(words[0], files(tmp_path, SOURCE.replace('hash("a string")', "77")), *words[1:]) == 0
    assert "gave the same events" in capfd.readouterr().err


def test_a_runtime_on_real_time_is_refused() -> None:
    with pytest.raises(Refused, match="docker never plays a seed twice alike"):
        twice.require_repeatable(registry.find("runtime", "docker"))
