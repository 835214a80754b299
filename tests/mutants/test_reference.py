"""The mutants of the reference that were judged equivalent: each still applies, and each says why."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.hunting.mutants import equivalents
from harness.hunting.mutants.drawing import mutants_of
from harness.hunting.mutants.equivalents import BadEquivalents, Equivalent

ROOT = Path(__file__).parents[2]
LISTS = sorted(Path(__file__).parent.glob("*.yaml"))
ENTRIES = equivalents.read(LISTS).entries


def test_there_are_lists_and_no_entry_twice() -> None:
    assert ENTRIES
    changes = [(one.file, one.function, one.removes.split(), one.puts.split()) for one in ENTRIES]
    assert [change for at, change in enumerate(changes) if change in changes[:at]] == []


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda one: f"{one.file} {one.function}")
def test_a_mutant_that_was_judged_still_applies(entry: Equivalent) -> None:
    data = (ROOT / entry.file).read_bytes()
    assert not entry.is_stale(data), f"{entry.removes!r} stands no more in {entry.function}: look again, or drop it"
    assert len(entry.reason.split()) >= 4


def test_an_entry_is_that_of_the_mutant_which_a_hunt_draws() -> None:
    """Of one file: what the list says is found again by what operators make."""
    file = ROOT / "targets" / "link.py"
    listed = equivalents.Equivalents(one for one in ENTRIES if one.file == "targets/link.py")
    data = file.read_bytes()
    reasons = {reason for mutant in mutants_of(file) if (reason := listed.reason(mutant, data)) is not None}
    assert reasons == {one.reason for one in listed.entries}


@pytest.mark.parametrize(
    "text", ["{}", "- {file: a.py}", "- file: [", "- {file: a, function: f, removes: x, puts: y, why: z}"]
)
def test_what_is_no_list_is_refused_with_its_name(tmp_path: Path, text: str) -> None:
    file = tmp_path / "own.yaml"
    file.write_text(text)
    with pytest.raises(BadEquivalents, match=r"own\.yaml: expected a list of mutants"):
        equivalents.read([file])
