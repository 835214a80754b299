"""What a finding tells of itself saves most of the search, and what one search saw the next one knows."""

from __future__ import annotations

import msgspec
import pytest

from harness import plan, registry
from harness.runs.run import RunResult, execute
from harness.schedule import Schedule
from harness.shrink import Clue, Tries, Wanted, clues, smallest
from harness.shrink.explicit import explicit
from harness.shrink.narrow import less
from harness.shrink.search import Search
from harness.shrink.times import evenly, tidy, until

SIM = registry.find("runtime", "sim")
TEXT = plan.find("quickstart").read_text(encoding="utf-8")
DOUBLED, LEAK = Wanted("stream-integrity", "double-append"), Wanted("resources", "leak")
S = 10**9


def schedule(text: str = TEXT, profile: str = "documented") -> Schedule:
    return plan.expand(plan.parse(text, "p"), 0, profile=profile, runtime_verbs=SIM.VERBS)


@pytest.fixture(scope="module")
def run() -> RunResult:
    return execute(schedule(), SIM)


def of(run: RunResult, wanted: Wanted) -> Clue:
    return clues(run.results, run.history)[wanted.check, wanted.reason]


def test_a_finding_tells_when_it_had_been_seen_and_what_it_is_about(run: RunResult) -> None:
    doubled, leak = of(run, DOUBLED), of(run, LEAK)
    assert doubled.until_ns is not None and doubled.until_ns < schedule().duration_ns
    assert len(doubled.jobs) == 1
    assert "mobile-1" in doubled.nodes
    assert leak.until_ns is None, "only the end tells of it"


def test_each_signature_of_a_run_has_its_clue(run: RunResult) -> None:
    assert set(clues(run.results, run.history)) == set(run.signatures)
    assert clues(run.results, None).keys() == clues(run.results, run.history).keys()


def test_the_first_guess_is_the_boldest_and_none_is_the_whole(run: RunResult) -> None:
    whole = explicit(schedule())
    for wanted in (DOUBLED, LEAK):
        guesses = list(less(whole, of(run, wanted)))
        assert guesses and whole not in guesses
        assert len(guesses[0].steps) == min(len(guess.steps) for guess in guesses)
        assert all(guess.duration_ns <= whole.duration_ns for guess in guesses)


def test_who_knows_what_it_is_about_never_plays_the_whole_again(
    run: RunResult, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, takes, tried = schedule(), Search.takes, []
    monkeypatch.setattr(Search, "takes", lambda self, one: tried.append(len(one.steps)) or takes(self, one))
    found = smallest(whole, TEXT, DOUBLED, SIM, clue=of(run, DOUBLED))
    assert max(tried) < len(whole.steps) / 2
    assert (found.calls, found.faults) == (3, 1)


def test_kinds_of_one_run_share_their_tries() -> None:
    text = plan.find("nightly/all-sockets").read_text(encoding="utf-8")
    whole, first, second = schedule(text), Wanted("convergence", "wrong-text"), Wanted("convergence", "missing-job")
    tries = Tries([first, second])
    smallest(whole, text, first, SIM, tries=tries)
    least = tries.least(second)
    assert least is not None and least.duration_ns < whole.duration_ns
    shared, alone = smallest(whole, text, second, SIM, tries=tries), smallest(whole, text, second, SIM)
    assert shared.runs < alone.runs
    assert shared.complete


def test_whoever_is_not_looked_for_does_not_judge() -> None:
    tries = Tries([DOUBLED, LEAK])
    assert tries.judges(DOUBLED) == ["resources", "stream-integrity"]
    tries.done(DOUBLED)
    assert tries.judges(LEAK) == ["resources"]
    assert Tries().judges(DOUBLED) == ["stream-integrity"]


def test_what_lasts_beyond_the_end_ends_there() -> None:
    whole = explicit(schedule())
    middle = max(f.at_ns + f.for_ns for f in whole.faults) - 1
    cut = until(whole, middle)
    assert cut.duration_ns == middle
    assert cut.faults and max(f.at_ns + f.for_ns for f in cut.faults) == middle
    assert max(s.at_ns for s in cut.steps) <= middle


WAITS = """
version: 1
duration: 3s
topology: one-user
timing: fast
workload:
  script:
    - {at: 300ms, node: mobile-1, do: open}
    - {at: 700ms, node: desktop-1, do: create, job: x}
    - {at: 1300ms, node: desktop-1, do: chunk, job: x, text: "Привет"}
faults:
  - {name: waits, action: duplicate, links: [relay->mobile-1], match: {type: "job:response-appended"}, chance: 100%, delay: 250ms, for: 1s, at: {after: create, node: desktop-1}}
settle: {quiesce: 500ms}
"""  # noqa: E501


def test_a_fault_that_waits_for_an_event_waits_for_it_in_the_smallest_plan() -> None:
    found = smallest(schedule(WAITS), WAITS, DOUBLED, SIM)
    (fault,) = plan.parse(found.plan).words.faults
    assert fault.moment is not None and fault.moment.after == "create"
    assert found.calls == 3


def test_what_waits_keeps_its_length_when_the_rest_moves() -> None:
    whole = explicit(schedule(WAITS))
    moved = evenly(whole)
    assert moved.faults == whole.faults
    assert moved.steps != whole.steps


def test_tidying_moves_nothing_that_waits() -> None:
    search = Search(explicit(schedule(WAITS)), DOUBLED, SIM)
    assert search.takes(search.best)
    tidy(search)
    (before,), (after,) = explicit(schedule(WAITS)).faults, search.best.faults
    assert msgspec.structs.replace(after, for_ns=before.for_ns) == before
    assert search.best.duration_ns < 3 * S
