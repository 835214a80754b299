"""The device in wrong hands forges what could be taken for somebody else's word; only its role tells it apart."""

from __future__ import annotations

import asyncio
import json
import random
from collections import Counter

import pytest

from harness import plan, registry
from harness.runs.run import execute
from harness.verdict import Verdict
from targets.desktop.rpc import Rpc
from targets.foreign import rogue
from targets.profiles import load
from targets.protocol import RpcError

SIM = registry.find("runtime", "sim")
SYNC = {"desktop": "d", "store": "s", "rev": 4, "prev": 3, "attempt": 1, "msg": "m7"}
HEARD = {
    "messageType": "job:response-appended",
    "payload": {"jobId": "a", "sessionId": "s1", "chunk": "so", "accumulatedLength": 9, "sync": SYNC},
    "sourceDeviceId": "desktop",
}


@pytest.mark.parametrize("kind", rogue.EVENTS)
def test_a_forged_event_is_what_its_desktop_would_say_next(kind: str) -> None:
    lie = rogue.forged(kind, HEARD["payload"])
    assert lie is not None
    assert (lie["jobId"], lie["sessionId"], lie["sync"]["rev"], lie["sync"]["prev"]) == ("a", "s1", 5, 4)
    assert lie["sync"].get("start") == (9 if kind == "job:response-appended" else None)


def test_it_never_answers_a_lie_with_a_lie() -> None:
    lie = rogue.forged("job:response-appended", HEARD["payload"])
    assert lie is not None
    assert rogue.forged("job:response-appended", lie) is None


def test_events_spellings_and_targets_are_all_drawn() -> None:
    random.seed(5)
    sent = [frame for _ in range(4000) if (frame := rogue.answer(HEARD, ["stranger"])) is not None]
    assert 0.4 < len(sent) / 4000 < 0.6
    kinds = Counter(f.get("eventType", f.get("messageType")) for f in sent if f["type"] != "relay")
    assert {*rogue.EVENTS, "sync:head", "sync:gap", "presence", "JOB:DELETED"} <= set(kinds)
    calls = [f["payload"] for f in sent if f["type"] == "relay"]
    assert {c["targetDeviceId"] for c in calls} == {"stranger", "desktop"}
    foreign = {c["payload"]["method"] for c in calls if c["targetDeviceId"] == "stranger"}
    assert foreign == {"job.list", "job.get", "job.delete", "job.cancel"}
    assert {f["type"] for f in sent} == {"event", "relay_event", "relay"}
    assert any(f.get("sourceDeviceId") == "desktop" for f in sent)
    assert all(json.dumps(frame) for frame in sent)


@pytest.mark.parametrize(("method", "params"), rogue.CLUMSY)
def test_a_desktop_refuses_every_clumsy_call(method: str, params: dict[str, object]) -> None:
    said = {name: "a1" if value is rogue.JOB else value for name, value in params.items()}
    rpc = Rpc(None, None, None, None, load("hardened"), None)  # type: ignore[arg-type]
    with pytest.raises(RpcError) as refused:
        asyncio.run(rpc.call(method, said, "c1"))  # before anything of the desktop is asked
    assert refused.value.code == "invalid_params"


PLAN = """
version: 1
duration: 3s
topology: rogue-among-strangers
timing: fast
workload: {jobs: 4, rate: 18/s, mobile_rate: 3/s}
"""


@pytest.mark.parametrize("without", [(), ("roles.desktops-only",)])
def test_only_its_role_keeps_it_from_doing_harm(without: tuple[str, ...]) -> None:
    assert load("hardened", (), without)
    found = plan.expand(plan.parse(PLAN, "p"), 1, without=without, runtime_verbs=SIM.VERBS)
    result = execute(found, SIM)
    assert result.verdict is (Verdict.INVALID if without else Verdict.VALID), (result.signatures, result.ailments)
