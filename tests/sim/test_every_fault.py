"""Every fault there is, as its own example says it: it is played, heals, and uses no verb that it does not declare."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest

from faults import Ground, needs_of
from harness import plan, registry
from harness.runs.run import execute
from harness.runtimes.sim.stage import SimStage
from harness.verdict import Verdict

SIM = registry.find("runtime", "sim")
WORK = "version: 1\nduration: 8s\nworkload: {jobs: 3, rate: 5/s}\n"


def _methods() -> set[str]:
    """The methods of a ground that are scopes over something."""
    return {name for base in Ground.__mro__ for name in vars(base) if not name.startswith("_")}


def _verbs(method: str, args: tuple[Any, ...]) -> set[str]:
    """What a call asks a runtime for. Some methods are several verbs, by what they are told."""
    if method == "toxic":
        toxic = args[1]
        return {f"toxic.{toxic.type}"} | ({"toxicity"} if toxic.toxicity < 1 else set())
    if method == "skew":
        return {"skew"} | ({"clock_rate"} if args[2] != 1 else set())
    return {method}


@pytest.fixture
def used(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The verbs of the ground that a run asks for."""
    seen: set[str] = set()

    def watched(name: str, method: Any) -> Any:
        def scope(stage: SimStage, *args: Any) -> AbstractAsyncContextManager[None]:
            seen.update(_verbs(name, args))
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
    found = plan.parse(f"{WORK}faults: [{fault.EXAMPLE}]", "example")
    schedule = plan.expand_on(SIM, found, 0)
    result = execute(schedule, SIM)
    assert result.verdict is not Verdict.INVALID, result.results
    assert result.history is not None
    healed = [op.value["fault"] for op in result.history.ops if op.f == "fault-heal"]
    assert healed == [at.fault for at in schedule.faults] != []
    assert used, "a fault that does nothing"
    assert used <= needs_of(fault, fault.Params.model_validate(schedule.faults[0].params)) <= fault.VERBS
