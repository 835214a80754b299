"""What was found in the documented design: it shows, its repair mends it, and the page and the README say so."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import yaml

from harness import registry
from harness.audit import claims, document
from harness.audit.contradictions import CONTRADICTIONS
from harness.audit.findings import Finding, Findings, listed
from harness.audit.playing import Audit
from harness.audit.shown import FOLDER, FindingPlan, read
from harness.plan import PlanErrors
from harness.plan.words.model import FindingWords

ROOT = Path(__file__).parent.parent.parent
PAGE = (ROOT / "docs/findings.md").read_text()
EVERY = int(os.environ.get("HARNESS_AUDIT_EVERY", "11"))  # of the findings is played; 1 in unattended tests


together = pytest.mark.xdist_group("findings")  # or each worker plays them


@pytest.fixture(scope="module")
def plans() -> list[tuple[FindingPlan, claims.Claim]]:
    return read(claims.found())


@pytest.fixture(scope="module")
def some_of_them(plans: list[tuple[FindingPlan, claims.Claim]]) -> list[Finding]:
    return list(Findings(plans[::EVERY]).play(2))


@together
def test_each_shows_and_its_repair_mends_it(some_of_them: list[Finding]) -> None:
    assert len(some_of_them) >= 30 // EVERY
    assert [(one.plan.name, one.wrong) for one in some_of_them if one.wrong] == []
    assert all(one.message for one in some_of_them)


@together
def test_the_page_says_what_their_runs_say(some_of_them: list[Finding]) -> None:
    for one in some_of_them:
        _, title, *told = document.told(0, one)
        assert f"{one.plan.name.removeprefix(FOLDER)}\n{title}" in PAGE
        assert "\n".join(told) in PAGE, "`make findings` writes it anew"
        (row,) = document.rows([one])
        assert row in PAGE


@together
def test_the_audit_refutes_what_they_refute(some_of_them: list[Finding]) -> None:
    refuted = {one.claim.id: one.claim for one in some_of_them}
    decided = Audit(list(refuted.values()), "documented").play(2)
    assert {one.id: one.decision.status for one in decided} == dict.fromkeys(refuted, "REFUTED")


def test_they_are_many_and_small_and_each_another_defect(plans: list[tuple[FindingPlan, claims.Claim]]) -> None:
    assert len(plans) >= 30
    assert {plan.name for plan, _ in plans} == {n for n in registry.names("plan") if n.startswith(FOLDER)}
    assert len({(plan.words.by, *sorted(plan.words.repair), bool(plan.size.faults)) for plan, _ in plans}) == len(plans)
    assert [plan.name for plan, _ in plans if plan.size.calls > 10 or plan.size.faults > 2] == []
    assert sum(f"\n## {n}. " in PAGE for n in range(1, len(plans) + 1)) == len(plans)


def test_the_readme_shows_the_first_five() -> None:
    rows = [line for line in PAGE.splitlines() if line.startswith("| C")][:5]
    assert len(rows) == 5 and all(row in (ROOT / "README.md").read_text() for row in rows)


def test_contradictions_are_told_without_a_run() -> None:
    assert all(f"“{one.one}” and “{one.other}”" in PAGE for one in CONTRADICTIONS)


def changed(plan: FindingPlan, **words: object) -> FindingPlan:
    said = FindingWords(**{**plan.words.model_dump(), **words})
    return FindingPlan(plan.name, plan.text, said, plan.size)


@pytest.mark.parametrize(
    ("words", "wrong"),
    [
        ({"by": "stream-integrity/shrunk"}, "its run does not find stream-integrity/shrunk"),
        ({"repair": ["transport.token-expiry"]}, "in spite of its repair"),
        ({"repair": ["length.bytes", "transport.token-expiry"]}, "length.bytes would do"),
    ],
)
def test_one_that_is_none_is_told(
    plans: list[tuple[FindingPlan, claims.Claim]], words: dict[str, object], wrong: str
) -> None:
    plan, claim = next((plan, claim) for plan, claim in plans if plan.name == f"{FOLDER}length.bytes")
    (found,) = Findings([(changed(plan, **words), claim)]).play(2)
    assert wrong in found.wrong


def test_a_claim_or_a_safeguard_that_there_is_not_is_refused(
    plans: list[tuple[FindingPlan, claims.Claim]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(claims.BadClaim, match="no plan of the audit decides"):
        read([])
    first, claim = plans[0]
    other = claims.Claim(claim.name, claim.text, claim.words.model_copy(update={"refuted_by": ["rpc/done-twice"]}))
    with pytest.raises(claims.BadClaim, match=f"{first.words.by} does not refute {claim.id}"):
        read([other, *(one for _, one in plans if one.id != claim.id)])
    path = tmp_path / "wrong.yaml"
    path.write_text(plans[0][0].text.replace(plans[0][0].words.repair[0], "no.such"))
    find = registry.find
    monkeypatch.setattr(registry, "names", lambda kind: [f"{FOLDER}wrong"])
    monkeypatch.setattr(registry, "find", lambda kind, name: path if kind == "plan" else find(kind, name))
    with pytest.raises(PlanErrors, match=r"unknown policy 'no\.such'"):
        read([claim for _, claim in plans])


def test_a_user_who_lists_again_may_heal_it() -> None:
    text = "timing: {scale: 5}\nduration: 500ms\nworkload: {script: [{at: 0s, node: mobile-1, do: open}]}\n"
    words = yaml.safe_load(listed(text))
    assert words["duration"] == "2001ms"
    assert words["workload"]["script"][1:] == [{"at": "2000ms", "node": "mobile-1", "do": "list"}]


@pytest.mark.parametrize(
    ("lasts", "after", "said"),
    [
        (True, True, "for ever"),
        (True, None, "for ever"),
        (True, False, "until its user lists again"),
        (False, None, "it heals"),
        (None, None, "not judged"),
    ],
)
def test_how_long_it_lasts_is_told(
    plans: list[tuple[FindingPlan, claims.Claim]], lasts: bool, after: bool, said: str
) -> None:
    (row,) = document.rows([Finding(*plans[0], lasts=lasts, lasts_listed=after)])
    assert f"| {said} |" in row
