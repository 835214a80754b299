"""Every run of a shipped plan can be written out, and the plan that comes of it is that very run."""

from __future__ import annotations

import msgspec
import pytest

from harness import plan, registry
from harness.schedule import FaultAt, Step, System
from harness.shrink.explicit import Unwritable, explicit
from harness.shrink.search import Wanted
from harness.shrink.writing import plan_text

SIM = registry.find("runtime", "sim")
WANTED = Wanted("convergence", "differs")
PLANS = [
    *("quickstart", "machines", "nightly/everything", "nightly/pairs", "nightly/toxic", "nightly/half-open"),
    *("nightly/sessions", "nightly/global", "nightly/pages", "nightly/text-clusters", "nightly/text-legacy"),
    *("nightly/second-socket", "nightly/registration", "nightly/bandwidth", "nightly/limit_data", "nightly/clock"),
    *("nightly/text-large", "nightly/bursts"),
]


def written(name: str, seed: int) -> None:
    found = plan.load(name)
    schedule = explicit(plan.expand(found, seed, runtime_verbs=SIM.VERBS))
    said = found.words.model_dump(mode="json", by_alias=True, exclude_unset=True)
    base = {key: said[key] for key in ("topology", "timing", "policies") if key in said}
    text = plan_text(schedule, base, WANTED, f"{name}: again")
    again = plan.expand(plan.parse(text), runtime_verbs=SIM.VERBS)
    assert again.steps == schedule.steps
    assert again.faults == schedule.faults
    assert (again.duration_ns, again.quiesce_ns, again.converge_ns) == (
        schedule.duration_ns,
        schedule.quiesce_ns,
        schedule.converge_ns,
    )
    assert again.system == schedule.system
    assert again.expect == {"hardened": {"verdict": "INVALID", "check": "convergence"}}


@pytest.mark.parametrize("name", PLANS)
def test_a_run_written_out_expands_to_itself(name):
    written(name, 0)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_so_does_every_seed_of_all_faults_at_once(seed):
    written("nightly/everything", seed)


def test_words_that_change_nothing_are_not_written():
    schedule = explicit(plan.expand(plan.load("quickstart"), 0, runtime_verbs=SIM.VERBS))
    text = plan_text(schedule, {"topology": "one-user", "timing": "fast"}, WANTED, "t")
    assert "job: '*'" not in text
    assert "copies: 1" not in text
    assert "user: 1" not in text


def _schedule():
    return plan.expand(plan.load("quickstart"), 0, runtime_verbs=SIM.VERBS)


def test_a_node_with_more_clients_than_a_script_has_users_is_refused():
    steps = [Step(at_ns=n, process=f"desktop-1/{n}", node="desktop-1", f="status", value={}) for n in range(17)]
    with pytest.raises(Unwritable, match="more than 16 clients"):
        explicit(msgspec.structs.replace(_schedule(), steps=steps))


def test_a_call_that_no_script_knows_is_refused_by_name():
    step = Step(at_ns=0, process="desktop-1/script", node="desktop-1", f="status", value={"jobId": "a", "odd": 1})
    schedule = msgspec.structs.replace(_schedule(), steps=[step])
    with pytest.raises(Unwritable, match="the call status of desktop-1"):
        plan_text(schedule, {}, WANTED, "t")


def test_a_fault_aimed_at_nobody_is_refused():
    at = FaultAt(fault="x", action="pause", index=0, at_ns=0, for_ns=1, nodes=["nobody"], params={"nodes": ["nobody"]})
    system: System = _schedule().system
    assert "nobody" not in {node.name for node in system.nodes}
    with pytest.raises(Unwritable, match="the fault 'x' at 0s"):
        explicit(msgspec.structs.replace(_schedule(), faults=[at]))
