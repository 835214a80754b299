"""The file of a night, and that of known failures: what they say, and where they are wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.night import known, words
from harness.night.ledger import Least
from harness.plan import PlanErrors
from harness.registry import configs_dir, names

PART = "  - {name: a, plans: [edge]}\n"


def test_the_night_that_is_shipped_is_one_and_is_no_plan() -> None:
    night = words.read(configs_dir() / "nightly.yaml")
    assert {part.runtime for part in night.words.parts} == {"sim", "process", "docker"}
    assert any(part.ablations for part in night.words.parts) and any(part.generated for part in night.words.parts)
    assert known.read(configs_dir() / str(night.words.known)).failures == ()
    assert not {"nightly", "known-failures"} & set(names("plan"))


@pytest.mark.parametrize(
    ("text", "place", "said"),
    [
        ("parts:\n  - {name: a, plans: [edgy]}\n", "3:23", "unknown plan 'edgy'"),
        ("parts:\n  - {name: a, plans: [edge], runtime: dokcer}\n", "3:39", "unknown runtime 'dokcer'"),
        ("parts:\n  - {name: a, plans: [edge], profile: hard}\n", "3:39", "unknown profile 'hard'"),
        ("parts:\n  - {name: a, plans: [edge], without: [length.byte]}\n", "3:40", "unknown policy 'length.byte'"),
        ("parts:\n  - {name: a, plans: [edge], generated: true}\n", "3:5", "a part has `plans`, or is `generated`"),
        ("parts:\n  - {name: a}\n", "3:5", "a part has `plans`, or is `generated`"),
        ("parts:\n" + PART + PART, "4:12", "two parts are called 'a'"),
        ("budgt: 1h\nparts:\n" + PART, "2:1", "unknown key 'budgt'"),
        ("keep: {most: 3 apples}\nparts:\n" + PART, "2:14", "expected a size such as 500MB or 2GB"),
        ("parts:\n  - {name: a, generated: true, ablations: true}\n", "3:32", "safeguards are taken out of written"),
    ],
)
def test_what_is_wrong_is_told_at_its_place(text: str, place: str, said: str) -> None:
    with pytest.raises(PlanErrors) as caught:
        words.parse(f"version: 1\n{text}", Path("n.yaml"))
    assert str(caught.value.errors[0]).startswith(f"n.yaml:{place}: error: {said}")


@pytest.mark.parametrize(("said", "size"), [("5GB", 5 * 10**9), ("1.5MB", 1_500_000), ("20", 20)])
def test_a_size_is_in_bytes(said: str, size: int) -> None:
    text = f"version: 1\nkeep: {{most: {said}}}\nparts:\n{PART}"
    assert words.parse(text, Path("n.yaml")).words.keep.most == size


FAILURE = """\
version: 1
failures:
  - check: convergence
    reason: wrong-text
    shape: "open create"
    plan: nightly/*
    why: it is hard
    owner: somebody
    until: 2027-01-31
"""


def test_a_known_failure_is_told_by_its_shape_and_its_plan(tmp_path: Path) -> None:
    file = tmp_path / "known.yaml"
    file.write_text(FAILURE)
    found = known.read(file)

    def is_known(shape: str | None, plan: str = "nightly/loss", reason: str = "wrong-text") -> bool:
        return found.of(Least(check="convergence", reason=reason, run="r", shape=shape), plan) is not None

    assert is_known("open create")
    assert not is_known("open create delete"), "another bug with the same reason"
    assert not is_known(None), "nobody could say whether it is this one"
    assert not is_known("open create", plan="edge/burst")
    assert not is_known("open create", reason="missing-job")


@pytest.mark.parametrize(
    ("wrong", "place", "said"),
    [
        (("convergence", "convergance"), "3:12", "unknown checker 'convergance'"),
        (("wrong-text", "wrong-test"), "4:13", "convergence has no reason 'wrong-test'"),
        (("2027-01-31", "soon"), "9:12", "expected a day such as 2027-01-31"),
        (("    owner: somebody\n", ""), "3:5", "the key 'owner' is missing here"),
    ],
)
def test_a_known_failure_that_makes_no_sense_is_told_at_its_place(
    tmp_path: Path, wrong: tuple[str, str], place: str, said: str
) -> None:
    file = tmp_path / "known.yaml"
    file.write_text(FAILURE.replace(*wrong))
    with pytest.raises(PlanErrors) as caught:
        known.read(file)
    assert str(caught.value.errors[0]).startswith(f"{file}:{place}: error: {said}")


def test_the_entry_that_is_offered_is_one_once_it_is_filled_in(tmp_path: Path) -> None:
    offered = known.entry(
        Least(check="convergence", reason="wrong-text", run="r", shape='open / loss "x"'), "edge/burst"
    )
    filled = offered.replace("…", "x").replace("YYYY-MM-DD", "2027-01-31")
    file = tmp_path / "known.yaml"
    file.write_text("version: 1\nfailures:\n" + "".join(f"  {line}\n" for line in filled.splitlines()))
    (one,) = known.read(file).failures
    assert (one.check, one.shape, one.plan) == ("convergence", 'open / loss "x"', "edge/burst")
