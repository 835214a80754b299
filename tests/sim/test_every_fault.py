"""Every fault there is, as its own example says it: it is played, heals, and uses no verb that it does not declare."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest

from faults import Ground
from harness import plan, registry
from harness.runs.run import execute
from harness.runtimes.sim.stage import SimStage
from harness.verdict import Verdict

SIM = registry.find("runtime", "sim")
ALIKE = {"skew": {"skew", "clock_rate"}}  # one method, two verbs: a wrong clock, and one that runs wrong


def _methods() -> set[str]:
    """The methods of a ground that are scopes over something."""
    return {name for base in Ground.__mro__ for name in vars(base) if not name.startswith("_")}


@pytest.fixture
def used(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The methods of the ground that a run calls."""
    seen: set[str] = set()

    def watched(name: str, method: Any) -> Any:
        def scope(stage: SimStage, *args: Any) -> AbstractAsyncContextManager[None]:
            seen.add(name)
            found: AbstractAsyncContextManager[None] = method(stage, *args)
            return found

        return scope

    for name in _methods():
        monkeypatch.setattr(SimStage, name, watched(name, getattr(SimStage, name)))
    return seen


@pytest.mark.parametrize("action", registry.names("fault"))
def test_a_fault_is_played_as_its_example_says(action: str, used: set[str]) -> None:
    fault = registry.find("fault", action)
    assert action == fault.ACTION
    found = plan.parse(f"version: 1\nduration: 8s\nfaults: [{fault.EXAMPLE}]", "example")
    schedule = plan.expand_on(SIM, found, 0)
    result = execute(schedule, SIM)
    assert result.verdict is not Verdict.INVALID, result.results
    assert result.history is not None
    healed = [op.value["fault"] for op in result.history.ops if op.f == "fault-heal"]
    assert healed == [at.fault for at in schedule.faults] != []
    declared = {verb.partition(".")[0] for verb in fault.VERBS}
    assert used, "a fault that does nothing"
    assert [name for name in used if not ALIKE.get(name, {name}) & declared] == []
