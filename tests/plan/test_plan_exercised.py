"""A fault that met nothing was not survived: at a fixed time the run is UNKNOWN, drawn it is inert."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness import plan, registry
from harness.cli import main
from harness.hunting.campaign import Campaign, CampaignResult, Order, PlanText
from harness.runs.run import RunResult, execute
from harness.verdict import CheckResult, Verdict

SIM = registry.find("runtime", "sim")
HEAD = "version: 1\nduration: 3s\nworkload: {jobs: 2, rate: 8/s, ends_in_fault: 0}\n"
NOTHING = "name: x, action: duplicate, links: [relay->mobile-1], chance: 100%, match: {type: 'no-such:*'}"
MEETS = NOTHING.replace("no-such:*", "job:*").replace("name: x", "name: y")


def text_of(*faults: str) -> str:
    return HEAD + "faults:\n" + "".join(f"  - {{{fault}}}\n" for fault in faults)


def ran(*faults: str) -> RunResult:
    return execute(plan.expand(plan.parse(text_of(*faults)), 1), SIM)


def evidence(result: RunResult) -> CheckResult:
    return next(r for r in result.results if r.check == "evidence")


def hunted(folder: Path, *faults: str, name: str = "p") -> CampaignResult:
    order = Order(runtime="sim", store=folder, keep="none", campaign="c")
    campaign = Campaign([PlanText(name=name, text=text_of(*faults))], range(2), order)
    assert len(list(campaign.play(1))) == 2
    return campaign.result()


@pytest.mark.parametrize("when", ["at: 500ms, for: 1s", "at: 0s, for: 200ms, occurs: 100%"])
def test_a_fault_at_a_fixed_time_that_met_nothing_makes_the_run_unknown(when: str) -> None:
    result = ran(f"{NOTHING}, {when}")
    assert (result.verdict, evidence(result).reason) == (Verdict.UNKNOWN, "inert-fault")


def test_so_does_one_after_a_fault_at_a_fixed_time() -> None:
    result = ran(f"{MEETS}, at: 200ms, for: 1s", f"{NOTHING}, after: y, for: 1s")
    assert (result.verdict, evidence(result).reason) == (Verdict.UNKNOWN, "inert-fault")


def test_a_drawn_fault_that_met_nothing_is_inert_and_said_so() -> None:
    result = ran(f"{NOTHING}, every: 1s, for: 200ms", f"{MEETS}, at: 200ms, for: 2s")
    assert result.verdict is Verdict.VALID
    assert evidence(result).details["faults_inert"] == {"x": 2}
    assert evidence(result).details["faults_met"] == {"y": 1}


def test_a_campaign_in_which_a_declared_action_never_met_anything_is_unknown(tmp_path: Path) -> None:
    result = hunted(tmp_path, f"{NOTHING}, every: 1s, for: 200ms")
    assert (result.verdict, result.never, result.unknown) == (Verdict.UNKNOWN, ["duplicate"], 0)
    assert result.never_drawn == [], "it was drawn, and met nothing"


def test_one_run_that_met_something_is_enough_for_the_campaign(tmp_path: Path) -> None:
    result = hunted(tmp_path, f"{NOTHING}, every: 1s, for: 200ms", f"{MEETS}, at: 200ms, for: 2s")
    assert (result.verdict, result.never, result.exercised) == (Verdict.VALID, [], {"duplicate": 2})


def test_chance_0_is_no_fault_and_nobody_misses_it(tmp_path: Path) -> None:
    idle = MEETS.replace("chance: 100%", "chance: 0") + ", at: 200ms, for: 2s"
    assert ran(idle).verdict is Verdict.VALID
    result = hunted(tmp_path, idle)
    assert (result.verdict, result.never, result.exercised) == (Verdict.VALID, [], {})


def test_a_fault_drawn_in_no_seed_at_all_is_missed(tmp_path: Path) -> None:
    result = hunted(tmp_path, f"{MEETS}, at: 1s, for: 1s, occurs: 0%")
    assert (result.verdict, result.never) == (Verdict.UNKNOWN, ["duplicate"])
    assert result.never_drawn == ["duplicate"]


def test_a_single_run_says_that_its_plan_is_one_of_several(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "p.yaml").write_text(text_of(f"{MEETS}, at: 200ms, for: 1s") + "matrix: {faults.y.copies: [1, 3]}\n")
    with pytest.raises(SystemExit) as ended:
        main(["run", str(tmp_path / "p.yaml"), "--store", str(tmp_path / "store")])
    assert ended.value.code == 0
    assert (
        "note: the plan is played as it is written; `harness hunt` plays the 2 of its matrix" in capfd.readouterr().err
    )


def test_a_variant_of_a_matrix_runs_in_a_worker_under_its_own_name(tmp_path: Path) -> None:
    base = plan.parse(text_of(f"{MEETS}, at: 200ms, for: 1s") + "matrix: {faults.y.copies: [1, 3]}\n", "p")
    texts = [PlanText(name=one.name, text=one.source.text) for one in plan.variants(base)]
    campaign = Campaign(texts, range(1), Order(runtime="sim", store=tmp_path, keep="all", campaign="c"))
    runs = {run.plan: run.trace_hash for run in campaign.play(2)}
    assert sorted(runs) == ["p[copies=1]", "p[copies=3]"]
    assert len(set(runs.values())) == 2
    assert sorted(folder.name for folder in tmp_path.iterdir() if folder.is_dir()) == ["p-copies-1", "p-copies-3"]
