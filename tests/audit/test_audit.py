"""The audit: every claim is decided, and everything that could be wrong about it is refused or shows."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from harness import registry
from harness.audit import claims
from harness.audit.audited import Audited
from harness.audit.playing import Audit
from harness.audit.shown import Size, read
from harness.plan import PlanErrors, parse

CLAIM = """\
version: 1
title: A quiet life
duration: 1s
topology: one-user
timing: fast
claim:
  id: C99
  says: Nothing happens
  section: Nowhere
  refuted_by: [convergence/*]
  messages: ["job:created"]
  broken: {profile: documented}
workload:
  script:
    - {at: 100ms, node: mobile-1, do: open}
    - {at: 300ms, node: desktop-1, do: create, job: draft}
settle: {quiesce: 300ms}
"""


def claim(text: str = CLAIM) -> claims.Claim:
    words = parse(text, "p").words.claim
    assert words is not None
    return claims.Claim("p", text, words)


def audited(text: str, profile: str = "hardened") -> Audited:
    (one,) = Audit([claim(text)], profile).play(1)
    return one


EVERY = int(os.environ.get("HARNESS_AUDIT_EVERY", "16"))  # of the claims is played; 1 in unattended tests
together = pytest.mark.xdist_group("audit")  # or each worker plays them
NAMED = ("C12", "C41", "C73")


@pytest.fixture(scope="module")
def some_of_them() -> list[Audited]:
    chosen = [one for at, one in enumerate(claims.found()) if at % EVERY == 0 or one.id in NAMED]
    return sorted(Audit(chosen, "documented").play(2), key=lambda one: one.id)


@together
def test_claims_are_decided_and_flip_where_they_are_broken(some_of_them: list[Audited]) -> None:
    assert len(some_of_them) * EVERY >= len([n for n in registry.names("plan") if n.startswith(claims.FOLDER)]) > 50
    assert [(one.id, one.decision.why) for one in some_of_them if one.decision.status == "UNDECIDED"] == []
    assert [(one.id, one.sound, one.broken) for one in some_of_them if not one.flips] == []


@together
def test_what_the_document_gets_wrong_is_refuted_with_its_finding(some_of_them: list[Audited]) -> None:
    refuted = {one.id: one.decision.by for one in some_of_them if one.decision.status == "REFUTED"}
    assert refuted["C41"] == "stream-integrity/double-append"
    assert refuted["C73"] in ("linearizable/stale", "linearizable/stale-cache")
    assert len(refuted) * EVERY >= 15
    assert all(one.decision.message for one in some_of_them if one.id in refuted)


def test_a_claim_that_was_not_exercised_is_undecided() -> None:
    idle = audited(CLAIM.replace("convergence/*", "linearizable/*"))
    assert (idle.decision.status, idle.decision.why) == ("UNDECIDED", "linearizable judged nothing")
    unsent = audited(CLAIM.replace("job:created", "job:deleted"))
    assert (unsent.decision.status, unsent.decision.why) == ("UNDECIDED", "no job:deleted was delivered")
    assert audited(CLAIM).decision.status == "HOLDS"


def test_a_run_that_shows_too_little_decides_nothing() -> None:
    fault = "faults:\n  - {action: partition, links: [mobile-1<->relay], at: 900ms, for: 50ms}\nsettle"
    one = audited(CLAIM.replace("settle", fault))
    assert (one.decision.status, one.decision.why) == ("UNDECIDED", "the run showed too little")


def test_two_claims_of_one_id_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    names = registry.names
    monkeypatch.setattr(registry, "names", lambda kind: [*names(kind), "audit/chunk-twice"])
    with pytest.raises(claims.BadClaim, match="C41: two plans have one id"):
        claims.found()


def test_a_claim_that_nothing_can_refute_does_not_flip() -> None:
    one = audited(CLAIM)
    assert (one.sound.status, one.broken.status, one.flips) == ("HOLDS", "HOLDS", False)


MISTAKE = """\
  broken:
    mistake: {file: targets/relay/connections.py, removes: "REMOVES", puts: "PUTS"}
"""


def broken(removes: str, puts: str = "") -> str:
    mistake = MISTAKE.replace("REMOVES", removes).replace("PUTS", puts)
    return CLAIM.replace("  broken: {profile: documented}\n", mistake)


def test_a_mistake_lives_in_its_run_alone() -> None:
    one = audited(broken("delivered = 0", "return 0"))
    assert (one.broken.status, one.broken.by) == ("REFUTED", "convergence/missing-job")  # nothing was sent to anybody
    assert one.decision.status == "HOLDS"
    assert "targets.relay.connections" not in sys.modules or "return 0" not in (
        Path(sys.modules["targets.relay.connections"].__file__ or "").read_text()
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (broken("no such line"), "has to stand once in targets/relay/connections.py, not 0 times"),
        (broken("return"), "has to stand once"),
        (broken("x").replace("targets/relay/connections.py", "targets/nobody.py"), "cannot be read"),
    ],
)
def test_a_mistake_without_a_place_is_refused(text: str, said: str) -> None:
    with pytest.raises(claims.BadClaim, match=said):
        Audit([claim(text)], "hardened")


def test_what_a_profile_excuses_counts_where_the_claim_is_strict() -> None:
    found = {one.id: one for one in Audit(claims.found(["C62"]), "documented").play(2)}
    assert found["C62"].strictly and found["C62"].decision.status == "REFUTED"
    text = registry.find("plan", found["C62"].plan).read_text().replace("  strictly: true\n", "")
    assert audited(text, "documented").decision.status == "HOLDS"


def test_the_smallest_finding_that_refutes_a_claim_is_its_counter_example() -> None:
    (claim,) = claims.found(["C41"])
    findings = [plan for plan, _ in read(claims.found()) if "C41" in plan.refutes]
    (one,) = Audit([claim], "documented", findings=findings).play(2)
    smallest = min(findings, key=lambda plan: (sum(plan.size), plan.name))
    assert one.smaller is not None and one.smaller.plan == smallest.name
    assert (one.smaller.calls, one.smaller.faults) == smallest.size
    assert one.smaller.command == f"harness run {smallest.name} --profile documented --seed 0"
    assert len(one.smaller.story) >= 2 and one.smaller.message and one.decision.story
    (sound,) = Audit([claim], "hardened", findings=findings).play(2)
    assert sound.smaller is None and sound.decision.status == "HOLDS"


def test_a_finding_as_large_as_the_claims_own_plan_is_none() -> None:
    (claim,) = claims.found(["C41"])
    (finding,) = [plan for plan, _ in read(claims.found()) if plan.name == "findings/length.bytes"]
    large = replace(finding, size=Size(100, 1))
    (one,) = Audit([claim], "documented", findings=[large]).play(2)
    assert one.decision.status == "REFUTED" and one.smaller is None


def test_a_claim_says_only_reasons_that_there_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "wrong.yaml"
    path.write_text(CLAIM.replace("convergence/*", "convergence/lost"))
    monkeypatch.setattr(registry, "find", _finding(path))
    with pytest.raises(PlanErrors, match="convergence has no reason 'lost'"):
        claims._read("audit/wrong")


def _finding(path: Path) -> object:
    find = registry.find
    return lambda kind, name: path if name == "audit/wrong" else find(kind, name)


def test_the_command_says_what_it_decides(capfd: pytest.CaptureFixture[str]) -> None:
    from harness import cli  # noqa: PLC0415 - it sets signal handlers when it is used

    with pytest.raises(SystemExit) as ended:
        cli.main(["audit", "--only", "C41", "--only", "C21", "--json"])
    told = json.loads(capfd.readouterr().out)
    assert ended.value.code == 1
    assert [(one["id"], one["decision"]["status"], one["flips"]) for one in told["claims"]] == [
        ("C21", "HOLDS", True),
        ("C41", "REFUTED", True),
    ]
    assert [(item["says"], item["status"], item["by"]) for item in told["checklist"]] == [
        ("Server excludes source device", "HOLDS", ["C21"]),
        ("Mobile deduplicates response chunks", "REFUTED", ["C41"]),
    ]
    with pytest.raises(SystemExit) as ended:
        cli.main(["audit", "--only", "C00"])
    assert ended.value.code == 254
    assert "there is no claim C00" in capfd.readouterr().err


def test_what_was_decided_before_ctrl_c_is_told() -> None:
    words = [sys.executable, "-m", "harness", "audit", "--jobs", "1"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        assert "claims decided" in process.stderr.readline()
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=120)
    assert process.returncode == 130, err
    assert out.rstrip().endswith("; stopped by Ctrl-C") and "Traceback" not in err
