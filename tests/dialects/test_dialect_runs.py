"""Runs whose three components speak a dialect on every link: faults meet its frames, checkers judge what they say."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from snake import DIALECT

from harness import plan, plugins, registry
from harness.runs.run import RunResult, execute
from harness.verdict import Verdict
from targets import link

HERE = Path(__file__).parent
SIM = registry.find("runtime", "sim")
DOWN = "relay->mobile-1"
TOPOLOGY = """\
dialect: {dialect}
users: [{{id: alice, desktops: [{{id: desktop-1}}], mobiles: [{{id: mobile-1}}]}}]
timing: fast
nodes: {{relay: {{kind: module, module: speaking_relay, path: ., env: {env}}}}}
"""
PLAN = """
version: 1
duration: 6s
topology: own.yaml
workload: {{jobs: 5, rate: 15/s, mobile_rate: 3/s, ends_in_fault: 0%}}
faults: [{faults}]
"""
RELAY = """
import asyncio, json
from snake import DIALECT
from targets.foreign import small_relay

class Peer(small_relay.Peer):
    def post(self, frame):
        self.outbox.put_nowait(DIALECT.from_reference(json.dumps(frame).encode()).decode())

small_relay.Peer = Peer

class Speaking(small_relay.SmallRelay):
    twice = False
    def take(self, peer, text):
        said = DIALECT.to_reference(text.encode())
        super().take(peer, text if said is None else said.decode())

    def register(self, peer, payload):
        super().register(peer, payload)
        if self.blobs:
            asyncio.ensure_future(peer.ws.send(b"\\xff\\x00blob"))

    def wrapped(self, name, payload, source):
        if self.doubles and name == "job:response-appended" and payload["chunk"]:
            chunk = payload["chunk"] * 2
            more = len(payload["chunk"].encode())
            payload = {**payload, "chunk": chunk, "accumulatedLength": payload["accumulatedLength"] + more}
        return super().wrapped(name, payload, source)

async def main(argv, env):
    relay = Speaking(env)
    relay.doubles, relay.blobs = env.get("DOUBLES") == "1", env.get("BLOBS") == "1"
    await relay.run(env["RELAY_HOST"], int(env["RELAY_PORT"]))
"""


class Interpreted(link.Tracked):
    """A client's socket with an interpreter in it."""

    async def recv(self, decode: bool | None = None) -> Any:
        data = await super().recv(decode)
        said = data.encode() if isinstance(data, str) else data
        return DIALECT.to_reference(said) or data

    async def send(self, message: Any, *, text: bool | None = None) -> None:
        await super().send(DIALECT.from_reference(message) or message, text=text)


@pytest.fixture(autouse=True)
def speaking(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    monkeypatch.setenv(plugins.VARIABLE, str(HERE / "snake.py"))
    monkeypatch.setattr(link, "Tracked", Interpreted)
    (tmp_path / "speaking_relay.py").write_text(RELAY)
    (tmp_path / "snake.py").write_text((HERE / "snake.py").read_text())
    yield


def run(folder: Path, faults: str = "", *, dialect: str = "snake", seed: int = 0, **env: str) -> RunResult:
    (folder / "own.yaml").write_text(TOPOLOGY.format(dialect=dialect, env=json.dumps(env)))
    text = PLAN.format(faults=faults)
    schedule = plan.expand(plan.parse(text, "own", beside=folder), seed, runtime_verbs=SIM.VERBS)
    return execute(schedule, SIM, options={"tap_payload": True})


def heals(result: RunResult) -> list[dict[str, Any]]:
    assert result.history is not None
    return [op.value for op in result.history.ops if op.f == "fault-heal"]


def fault(kind: str) -> str:
    return (
        f'{{action: duplicate, links: [{DOWN}], chance: 40%, delay: 50ms, match: {{type: "{kind}"}}, at: 1s, for: 4s}}'
    )


def test_faults_meet_frames_of_the_dialect_and_taps_have_the_words_of_the_reference(tmp_path: Path) -> None:
    result = run(tmp_path, fault("job:*"))
    assert (result.verdict, result.signatures) == (Verdict.VALID, [])
    [healed] = heals(result)
    assert healed["effect"]["messages_duplicated"] > 0
    assert result.history is not None
    events = [tap for tap in result.history.taps if tap.type.startswith("job:")]
    assert {tap.link for tap in events} == {DOWN, "desktop-1->relay"}
    assert all(json.loads(tap.payload or "")["payload"]["jobId"] == tap.job for tap in events)
    assert {"register", "registered", "rpc-reply"} <= {tap.type for tap in result.history.taps}
    assert result.trace_hash == run(tmp_path, fault("job:*")).trace_hash


def test_without_its_dialect_the_same_faults_meet_nothing(tmp_path: Path) -> None:
    [healed] = heals(run(tmp_path, fault("job:*"), dialect="jobsync"))
    assert not healed["exercised"]


def test_a_chunk_that_the_relay_doubles_is_found_through_the_dialect(tmp_path: Path) -> None:
    result = run(tmp_path, DOUBLES="1")
    assert result.verdict is Verdict.INVALID
    assert "stream-integrity" in {check for check, _ in result.signatures}


def test_binary_frames_pass_are_counted_and_take_chance_alone(tmp_path: Path) -> None:
    everything = f"{{action: duplicate, links: [{DOWN}], chance: 100%, at: 1s, for: 3s}}"
    back = "{action: reconnect, clients: [mobile-1], how: close, at: 2s, downtime: 100ms}"
    for one, copies in ((fault("job:*").replace("40%", "100%"), 1), (everything, 2)):
        result = run(tmp_path, f"{one}, {back}", BLOBS="1")
        assert result.history is not None
        blobs = [tap for tap in result.history.taps if tap.link == DOWN and "blob" in (tap.payload or "")]
        assert blobs and {tap.type for tap in blobs} == {""} and {tap.bytes for tap in blobs} == {6}
        second = next(tap.conn for tap in blobs if tap.conn != blobs[0].conn)  # opened while the fault is on
        later = [tap for tap in blobs if tap.conn == second]
        entered, left = ([tap.side for tap in later].count(side) for side in ("in", "out"))
        assert (entered, left) == (1, copies)


def test_a_dialect_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(plan.PlanErrors, match=r"no dialect 'snak'.*jobsync, snake"):
        run(tmp_path, dialect="snak")
    os.environ.pop(plugins.VARIABLE)
    with pytest.raises(plan.PlanErrors, match="no dialect 'other'"):
        run(tmp_path, dialect="other")
