"""Claims that are quantities: measured, and held against what is claimed."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from checkers.notation import read
from harness import measures, registry
from harness.audit import claims
from harness.audit.audited import Audited, Measured, in_words
from harness.audit.checklist import CHECKLIST, checked
from harness.audit.playing import Audit
from harness.plan import parse

PLAN = """\
version: 1
title: A stream
duration: 2s
topology: one-user
timing: {scale: 1}
claim:
  id: C99
  says: It is quick
  section: Nowhere
  quantities:
    - FIGURE
  broken: {with: [option.batching=batched]}
workload:
  script:
    - {at: 100ms, node: mobile-1, do: open}
    - {at: 300ms, node: desktop-1, do: create, job: draft}
    - {at: 400ms, node: desktop-1, do: status, job: draft, status: running}
    - {at: 500ms, node: desktop-1, do: chunk, job: draft, text: "words ", stream: {every: 10ms, for: 1s}}
settle: {quiesce: 300ms}
"""


def audited(figure: str, more: str = "") -> Audited:
    text = PLAN.replace("FIGURE", figure).replace("  broken:", f"{more}  broken:")
    words = parse(text, "p").words.claim
    assert words is not None
    (one,) = Audit([claims.Claim("p", text, words)], "hardened").play(2)
    return one


def test_a_figure_within_its_bounds_holds_and_one_beyond_them_refutes() -> None:
    one = audited("{figure: latency/hit_p99_ms, at_least: 1, at_most: 20}")
    assert (one.decision.status, one.broken.status, one.flips) == ("HOLDS", "REFUTED", True)
    assert one.broken.by == "quantity/latency/hit_p99_ms"
    (figure,) = one.broken.measured
    assert figure.value is not None and figure.value > 20 and f"{figure.value:.4g}" in one.broken.message
    assert audited("{figure: latency/hit_p99_ms, at_least: 20}").decision.status == "REFUTED"


def test_a_figure_that_a_run_has_not_decides_nothing() -> None:
    one = audited("{figure: wishes/shown_max_ms, at_most: 10}")
    assert (one.decision.status, one.decision.why) == ("UNDECIDED", "no wishes/shown_max_ms was measured")


def test_a_ratio_is_to_the_run_without_what_the_claim_is_about() -> None:
    batched = "  with: [option.batching=batched]\n"
    one = audited("{figure: traffic/events, at_most: 0.5, ratio: true}", batched)
    (figure,) = one.decision.measured
    assert one.decision.status == "HOLDS" and figure.value is not None and 0 < figure.value < 0.5
    other = "  with: [option.optimistic=overlay]\n"  # it changes nothing about events
    same = audited("{figure: traffic/events, at_most: 0.5, ratio: true}", other)
    assert [measured.value for measured in same.decision.measured] == [1.0]


def test_what_nobody_can_keep_is_refuted_everywhere() -> None:
    never = "{figure: latency/hit_p99_ms, at_most: 0.001}"
    assert not audited(never).flips
    assert audited(never, "  unkeepable: light takes its time\n").flips


@pytest.mark.parametrize(
    ("value", "at_least", "at_most", "holds"),
    [
        (0.0, None, 1.0, True),
        (0.0, 0.0, 0.0, True),
        (2.0, None, 1.0, False),
        (0.5, 1.0, None, False),
        (None, 0, 9, False),
    ],
)
def test_bounds_of_nothing_are_none(value: float, at_least: float, at_most: float, holds: bool) -> None:
    assert Measured(figure="f", value=value, at_least=at_least, at_most=at_most).holds is holds


def test_a_figure_is_told_beside_what_is_claimed() -> None:
    said = in_words(Measured(figure="traffic/events", value=0.25, at_most=0.2, ratio=True))
    assert said == "traffic/events is 0.25 of that without, claimed at most 0.2"


def test_the_growth_of_a_figure_is_its_exponent_over_the_plans_of_a_matrix() -> None:
    text = PLAN.split("workload:", maxsplit=1)[0].replace(
        "FIGURE", "{figure: traffic/events, growth: workload.jobs, at_most: 0.2}"
    )
    text += "workload: {jobs: 2, rate: 40/s}\nmatrix: {workload.jobs: [2, 8, 32]}\nsettle: {quiesce: 300ms}\n"
    words = parse(text, "p").words.claim
    assert words is not None
    audit = Audit([claims.Claim("p", text, words)], "hardened")
    (one,) = audit.play(2)
    (figure,) = one.decision.measured
    assert [at for at, _ in figure.points] == [2, 8, 32] and audit.runs == 8
    assert figure.value == measures.exponent(figure.points) and 0.2 < figure.value < 1.5
    assert one.decision.status == "REFUTED"
    assert in_words(figure).startswith(f"traffic/events grows as workload.jobs to the power of {figure.value:.4g} (")


def test_an_exponent_is_that_of_the_power_that_the_points_lie_on() -> None:
    assert measures.exponent([(x, 7.0 * x**1.5) for x in (3.0, 30.0, 100.0)]) == pytest.approx(1.5)
    assert measures.exponent([(x, 4.0) for x in (3.0, 30.0, 100.0)]) == pytest.approx(0.0)


def test_statements_of_mobiles_are_counted_while_they_are_watched_and_no_others() -> None:
    def traced(seen: dict[str, object]) -> None:
        exec(compile("a = 1\nb = 2\n", "/x/targets/mobile/board.py", "exec"))
        exec(compile("a = 1\n", "/x/targets/desktop/jobs.py", "exec"))

    before = sys.gettrace()
    with measures.watching(["steps/mobile_per_event", "traffic/events"]) as watched:
        traced(watched)
    assert {name: dict(counts) for name, counts in watched.items()} == {"steps": {"mobile": 2}}
    traced(watched)
    assert watched["steps"]["mobile"] == 2 and sys.gettrace() is before


def test_a_figure_that_nobody_measures_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, find = tmp_path / "wrong.yaml", registry.find
    monkeypatch.setattr(registry, "find", lambda kind, name: path if kind == "plan" else find(kind, name))
    path.write_text(PLAN.replace("FIGURE", "{figure: latency/no_such_ms, at_most: 1}"))
    with pytest.raises(claims.BadClaim, match=r"nothing measures latency/no_such_ms; there are: latency/hit_p1_ms"):
        claims._read("audit/wrong")


def test_every_figure_is_claimed_of_and_says_what_it_is() -> None:
    used = {quantity.figure for claim in claims.found() for quantity in claim.words.quantities}
    names = measures.names()
    assert all(said[0].islower() and not said.endswith(".") for said in names.values())
    assert used <= names.keys() and {name.partition("/")[0] for name in names} == {n.partition("/")[0] for n in used}


def test_every_item_of_the_checklist_is_decided_by_claims_that_there_are() -> None:
    known = {claim.id for claim in claims.found()}
    assert len(CHECKLIST) == 17 and all(known.issuperset(item.claims) for item in CHECKLIST)
    assert checked({}) == []


@pytest.mark.parametrize(
    ("values", "share", "found"),
    [
        ([1.0, 2.0], 0.5, 1.0),
        ([2.0, 1.0, 3.0], 0.5, 2.0),
        ([float(n) for n in range(1, 101)], 0.99, 99.0),
        ([7.0], 0.01, 7.0),
    ],
)
def test_a_quantile_is_of_nearest_rank(values: list[float], share: float, found: float) -> None:
    assert measures.quantile(values, share) == found


def test_what_the_relay_says_is_held_against_what_it_sent_to_all_devices() -> None:
    sent = "wire:r>m[type=job:x,msg=1] wire:r>d2[type=job:x,msg=1]"
    history = read(f"d2:up m:up {sent} r!deliver[event=job:x,msg=1,count=2] m:final")
    assert measures.measured(history, ["traffic/events", "traffic/said_of_sent"], {}) == {
        "traffic/events": 1,
        "traffic/said_of_sent": 1.0,
    }
