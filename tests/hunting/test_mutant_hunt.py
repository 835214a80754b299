"""A hunt over the mutants of a small module of somebody else, in a system of its own."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from harness.hunting.campaign import Order, PlanText
from harness.hunting.mutants import drawing, matrix
from harness.hunting.mutants.equivalents import Equivalent, Equivalents
from harness.hunting.mutants.matrix import Fate
from harness.hunting.mutants.searching import CannotMeasure, MutantHunt, _Search
from harness.hunting.mutants.task import Mutant, Play, Played
from harness.hunting.pool import Died
from harness.verdict import Verdict

RELAY = """
import targets.relay


async def main(argv, env):
    where = dict(env)
    await targets.relay.main(argv, where)


def unused(a, b):
    return a + b
"""
TOPOLOGY = """
users: [{id: alice, desktops: [{id: desktop-1}], mobiles: [{id: mobile-1}]}]
timing: fast
nodes: {relay: {kind: module, module: own_relay, path: .}}
"""
PLAN = "version: 1\nduration: 2s\ntopology: own.yaml\nworkload: {jobs: 1, rate: 5/s}\nsettle: {converge: 6s}\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "own_relay.py").write_text(textwrap.dedent(RELAY))
    (tmp_path / "own.yaml").write_text(TOPOLOGY)
    return tmp_path


def hunt(folder: Path, *files: str, seeds: int = 2) -> MutantHunt:
    order = Order(runtime="sim", store=folder / "store", keep="none", campaign="test", limit_s=120.0)
    text = PlanText(name="own", text=PLAN, folder=folder)
    return MutantHunt([folder / file for file in files or ["own_relay.py"]], [text], range(seeds), order, folder)


def played(folder: Path, jobs: int = 1, sample: int | None = None) -> MutantHunt:
    found = hunt(folder)
    assert list(found.survey(jobs)) == [1, 2]
    found.draw(sample, Equivalents())
    for _ in found.play(jobs):
        pass
    return found


def told(hunt: MutantHunt) -> dict[str, str]:
    return {fate.diff.split("\n+", 1)[1].split("\n")[0].strip(): fate.outcome for fate in hunt.fates}


def test_it_says_of_every_mutant_what_became_of_it(folder: Path) -> None:
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    one = played(folder, sample=4)
    by_change = told(one)
    assert by_change["where = env"] == "survived"  # a copy that nobody needs
    assert by_change["targets.relay.main(argv, where)"] in ("crash", "does-not-start")
    assert {fate.outcome for fate in one.fates} <= {"survived", "crash", "does-not-start", "found"}
    assert one.never_reached == 1, "what is in `unused`"
    survivor = next(fate for fate in one.fates if fate.outcome == "survived")
    assert (survivor.tries, survivor.reaching, survivor.differing) == (2, 2, 0)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before

    two = played(folder, jobs=2, sample=3)  # whatever the number of workers
    assert [_timeless(fate) for fate in two.fates] == [_timeless(fate) for fate in one.fates[:3]]


def _timeless(fate: Fate) -> Fate:
    return msgspec.structs.replace(fate, seconds=0.0)


def test_what_was_judged_equivalent_is_left_out(folder: Path) -> None:
    copy = Equivalent(
        file="own_relay.py", function="main", removes="where = dict(env)", puts="where = env", reason="it is only read"
    )
    found = hunt(folder, seeds=1)
    list(found.survey(1))
    found.draw(None, Equivalents([copy]))
    assert told(found)["where = env"] == "equivalent"
    assert matrix.summary(found.fates).equivalent == 1


def test_files_that_no_run_imports_are_refused(folder: Path) -> None:
    (folder / "other.py").write_text("def f(a):\n    return a + 1\n")
    with pytest.raises(CannotMeasure, match=r"no run imports .*other\.py"):
        list(hunt(folder, "other.py").survey(1))


def test_a_system_that_does_not_run_is_no_measure(folder: Path) -> None:
    (folder / "own_relay.py").write_text("async def main(argv, env):\n    raise ValueError('as it is')\n")
    with pytest.raises(CannotMeasure, match=r"(?s)own seed 0 cannot be run as it is.*ValueError: as it is"):
        list(hunt(folder).survey(1))


# ---- without a run --------------------------------------------------------------------------------------------------

MUTANT = Mutant(file="x.py", kind="k", function="f", line=1, edits=((0, 1, "b"),))
TASK = Play(number=7, runtime="sim", name="plan", text="", folder=None, seed=3, mutant=MUTANT)
CALM = Played(verdict=Verdict.VALID, trace="as it is")
NEWS = ("convergence", "missing-job")


@pytest.mark.parametrize(
    ("played", "base", "outcome"),
    [
        pytest.param(Played(verdict=Verdict.INVALID, signatures=[NEWS]), CALM, "found", id="a checker speaks"),
        pytest.param(
            Played(verdict=Verdict.INVALID, signatures=[NEWS]),
            Played(verdict=Verdict.INVALID, signatures=[NEWS]),
            "survived",
            id="it says so of the original as well",
        ),
        pytest.param(Played(stalled="livelock"), CALM, "stall", id="it never ends in virtual time"),
        pytest.param(Died("overdue", "it was still running"), CALM, "stall", id="it never ends in real time"),
        pytest.param(Died("died", "signal SIGSEGV"), CALM, "crash", id="the worker dies of it"),
        pytest.param(Played(ailments=["relay crashed:\nKeyError: 1"]), CALM, "crash", id="a component breaks"),
        pytest.param(Played(refused="relay does not start"), CALM, "does-not-start", id="at once"),
        pytest.param(Played(verdict=Verdict.UNKNOWN, trace="other"), CALM, "survived", id="a doubt is no find"),
    ],
)
def test_what_a_run_says_of_a_mutant(played: Played | Died, base: Played, outcome: matrix.Outcome) -> None:
    search = _Search(MUTANT, [7], b"a\n")
    search.add(TASK, played, base)
    assert search.fate.outcome == outcome
    place = (search.fate.plan, search.fate.seed, search.fate.run)
    assert place == ((None, None, None) if outcome == "survived" else ("plan", 3, 8))


def test_a_mutant_that_once_started_is_not_told_to_be_unable_to() -> None:
    search = _Search(MUTANT, [6, 7], b"a\n")
    search.add(TASK, CALM, CALM)
    search.add(TASK, Played(refused="it did not come up again"), CALM)
    assert (search.fate.outcome, search.fate.tries) == ("survived", 2)


def test_survivors_say_whether_anything_was_otherwise() -> None:
    search = _Search(MUTANT, [6, 7, 8], b"a\n")
    for trace in ("as it is", "other", "as it is"):
        search.add(TASK, Played(verdict=Verdict.VALID, trace=trace), CALM)
    assert (search.fate.tries, search.fate.differing) == (3, 1)


def fates(*outcomes: tuple[matrix.Outcome, int]) -> list[Fate]:
    return [Fate(mutant=MUTANT, diff="", outcome=outcome, tries=tries) for outcome, tries in outcomes]


def test_equivalents_and_what_does_not_start_are_no_part_of_the_measure() -> None:
    total = matrix.summary(
        fates(("found", 1), ("crash", 3), ("stall", 20), ("survived", 250), ("equivalent", 0), ("does-not-start", 1))
    )
    assert (total.judged, total.percent, total.median_try) == (4, 75.0, 3)
    assert (total.equivalent, total.not_starting) == (1, 1)
    assert matrix.summary([]).median_try is None


def _mutants(*kinds: str) -> list[Mutant]:
    return [msgspec.structs.replace(MUTANT, kind=kind, line=line) for line, kind in enumerate(kinds)]


def test_kinds_take_turns_and_a_larger_sample_begins_with_the_smaller_one() -> None:
    drawn = list(drawing.in_turns(_mutants(*"aaaaabc"), Path("/")))
    assert [mutant.kind for mutant in drawn] == ["a", "b", "c", "a", "a", "a", "a"]
    assert drawn == list(drawing.in_turns(_mutants(*"aaaaabc")[::-1], Path("/")))


@pytest.mark.parametrize(
    ("edit", "is_new"),
    [((13, 14, "b"), True), ((13, 14, "a  # the same"), False), ((13, 14, "(a)"), False), ((13, 14, "("), False)],
)
def test_the_same_code_is_no_mutant(tmp_path: Path, edit: tuple[int, int, str], is_new: bool) -> None:
    file = tmp_path / "x.py"
    file.write_text("def f(a, b=1):\n    return a\n")
    at = file.read_bytes().index(b"return a") + 7
    mutant = msgspec.structs.replace(MUTANT, file=str(file), edits=((at, at + 1, edit[2]),))
    novelty = drawing.Novelty()
    assert novelty.is_new(mutant) is is_new
    assert novelty.is_new(mutant) is False, "nor is the same mutant again"


def test_paths_are_files_and_folders(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("")
    inside = tmp_path / "b" / "c.py"
    inside.parent.mkdir()
    inside.write_text("")
    assert drawing.files_of([tmp_path, inside]) == [tmp_path / "a.py", inside]
    with pytest.raises(drawing.NotPython, match="no Python file"):
        drawing.files_of([_empty(tmp_path)])


def _empty(folder: Path) -> Path:
    (folder / "empty").mkdir()
    return folder / "empty"


Change = Callable[[bytes], bytes]
ENTRY = Equivalent(file="b/c.py", function="f", removes="  x = 1\n  y = 2\n", puts="x = 2", reason="so it is")


@pytest.mark.parametrize(
    ("source", "stale"),
    [
        (b"def f():\n    x = 1\n    z = 3\n    y = 2\n", True),
        (b"\n\n\ndef f():\n        x = 1\n\n        y = 2\n        z = 3\n", False),
        (b"def g():\n    x = 1\n    y = 2\n", True),
        (b"def f():\n    x = 1\n    y = 3\n", True),
    ],
)
def test_an_equivalent_whose_lines_are_gone_is_stale(source: bytes, stale: bool) -> None:
    assert ENTRY.is_stale(source) is stale


def test_an_equivalent_is_of_one_file() -> None:
    assert ENTRY.is_of("/a/b/c.py")
    assert not ENTRY.is_of("/a/xb/c.py")
