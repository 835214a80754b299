"""`--plugin-path`: plug-ins of one's own, and what is said of those that are none."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from cli_rig import Harness

from harness import plugins

ROOT = Path(__file__).resolve().parents[2]
DIALECT = """
from harness.wire.dialects.renaming import Renamed
DIALECT = Renamed("loud-words", "louder", types={"event": "EVENT"})
"""

FAULT = """
from faults.loss import FAULT as LOSS

class Vanish(type(LOSS)):
    ACTION = "vanish"
    EXAMPLE = LOSS.EXAMPLE.replace("loss", "vanish")

FAULT = Vanish()
"""


def test_a_file_and_a_folder_bring_dialects(harness: Harness) -> None:
    (harness.folder / "mine").mkdir()
    (harness.folder / "mine" / "loud_words.py").write_text(DIALECT)
    (harness.folder / "mine" / "_helper.py").write_text("raise RuntimeError\n")
    for place in ("mine", "mine/loud_words.py"):
        said = harness("list", "dialects", "--plugin-path", place)
        assert (said.code, [line.split()[0] for line in said.out.splitlines()]) == (0, ["jobsync", "loud-words"])
    assert "louder" in harness("explain", "loud-words", "--plugin-path=mine").out
    assert "loud-words" not in harness("list", "dialects").out, "only the command that names it knows it"
    assert plugins.VARIABLE not in os.environ


def test_the_next_command_is_told_with_the_plug_ins_of_this_one(harness: Harness) -> None:
    (harness.folder / "loud_words.py").write_text(DIALECT)
    said = harness("run", "quickstart", "--profile", "documented", "--plugin-path", "loud_words.py")
    [replay] = [line for line in said.out.splitlines() if " replay " in line]
    assert replay.endswith(f"--plugin-path {(harness.folder / 'loud_words.py').resolve()}")


@pytest.mark.parametrize(
    ("file", "source", "words"),
    [
        ("broken.py", "1 / 0", "ZeroDivisionError"),
        ("jobsync.py", DIALECT, "two plug-ins are called dialect 'jobsync'"),
        ("words.txt", "", "expected a folder, or a file NAME.py"),
        ("empty.py", "FAULTY = 1", "defines none of"),
    ],
)
def test_a_plug_in_that_is_none_is_refused(harness: Harness, file: str, source: str, words: str) -> None:
    (harness.folder / file).write_text(source)
    said = harness("list", "dialects", "--plugin-path", file)
    assert said.code == 254 and said.is_clean()
    assert words in said.err


def test_a_path_that_is_not_there_is_refused(harness: Harness) -> None:
    said = harness("list", "dialects", "--plugin-path", "nowhere")
    assert said.code == 254 and "nowhere" in said.err and said.is_clean()


def test_a_fault_of_ones_own_is_a_word_of_plans(harness: Harness) -> None:
    (harness.folder / "vanish.py").write_text(FAULT)
    asked = ["run", "--fault", "vanish links=relay->mobile-1 chance=50% at=1s for=5s", "--plugin-path", "vanish.py"]
    said = harness.process(*asked)
    assert said.code == 0, said.err + said.out
    (harness.folder / "vanish.py").write_text("1 / 0")
    said = harness.process(*asked)
    assert said.code == 254 and said.is_clean() and "ZeroDivisionError" in said.err


def test_an_installed_package_brings_what_it_names(harness: Harness) -> None:
    site = harness.folder / "site"
    info = site / "loud-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: loud\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[{plugins.GROUP}]\nloud_words = loud.words\nvanish = loud.vanish\n")
    (site / "loud").mkdir()
    for name, source in (("__init__", ""), ("words", DIALECT), ("vanish", FAULT)):
        (site / "loud" / f"{name}.py").write_text(source)
    env = {"PYTHONPATH": os.pathsep.join([str(site), str(ROOT)])}
    assert "loud-words" in harness.process("list", "dialects", env=env).out
    assert "vanish" in harness.process("list", "faults", env=env).out
    (site / "loud" / "words.py").write_text("1 / 0\n")
    said = harness.process("list", "dialects", env=env)
    assert (said.code, said.is_clean(), "the plug-in loud.words cannot be imported" in said.err) == (254, True, True)
