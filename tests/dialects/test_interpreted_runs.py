"""A relay that speaks a dialect between built-in components that do not: its end of each link is interpreted."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from snake import DIALECT
from test_dialect_runs import DOWN, HERE, PLAN, RELAY, fault, heals

from harness import plan, plugins, registry
from harness.conform import Told, looking
from harness.runs.run import RunResult, execute
from harness.runtimes import Runtime
from harness.runtimes.sim.net.pipe import KERNEL_BYTES, Pipe
from harness.verdict import Verdict
from harness.wire.dialect import Dialect
from harness.wire.interpreter import Interpreter, Way, frame
from harness.wire.splitter import Kind, Splitter

SIM: Runtime = registry.find("runtime", "sim")
TOPOLOGY = """\
users: [{{id: alice, desktops: [{{id: desktop-1}}], mobiles: [{{id: mobile-1}}]}}]
timing: fast
nodes: {{relay: {{kind: module, module: speaking_relay, path: ., dialect: snake, env: {env}}}}}
"""


@pytest.fixture(autouse=True)
def speaking(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    monkeypatch.setenv(plugins.VARIABLE, str(HERE / "snake.py"))
    (tmp_path / "speaking_relay.py").write_text(RELAY)
    (tmp_path / "snake.py").write_text((HERE / "snake.py").read_text())
    yield


def run(folder: Path, faults: str = "", *, runtime: Runtime = SIM, **env: str) -> RunResult:
    (folder / "own.yaml").write_text(TOPOLOGY.format(env=json.dumps(env)))
    text = PLAN.format(faults=faults)
    schedule = plan.expand(plan.parse(text, "own", beside=folder), 0, runtime_verbs=runtime.VERBS)
    return execute(schedule, runtime, options={"tap_payload": True} if runtime is SIM else {})


def test_faults_and_taps_have_the_words_of_the_reference_and_all_agree(tmp_path: Path) -> None:
    result = run(tmp_path, fault("job:*"))
    assert (result.verdict, result.signatures, result.ailments) == (Verdict.VALID, [], [])
    [healed] = heals(result)
    assert healed["effect"]["messages_duplicated"] > 0
    assert result.history is not None
    taps = result.history.taps
    assert {"register", "registered", "rpc-reply", "rpc:job.list"} <= {tap.type for tap in taps}
    assert {tap.link for tap in taps if tap.type.startswith("job:")} == {DOWN, "desktop-1->relay"}
    assert not any("kind" in json.loads(tap.payload or "{}") for tap in taps)
    assert result.trace_hash == run(tmp_path, fault("job:*")).trace_hash


def test_what_was_read_counts_as_it_was_sent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Or a receiver whose words are longer makes ever more room, and one whose words are shorter stops its sender."""
    pipes: list[Pipe] = []
    made = Pipe.send_open

    def keep(pipe: Pipe) -> None:
        pipes.append(pipe)
        made(pipe)

    monkeypatch.setattr(Pipe, "send_open", keep)
    assert run(tmp_path).verdict is Verdict.VALID
    assert pipes and all(pipe.room <= KERNEL_BYTES for pipe in pipes)


def test_a_chunk_that_the_relay_doubles_is_found(tmp_path: Path) -> None:
    result = run(tmp_path, DOUBLES="1")
    assert result.verdict is Verdict.INVALID
    assert "stream-integrity" in {check for check, _ in result.signatures}


@pytest.mark.toxiproxy
def test_the_same_between_processes(tmp_path: Path) -> None:
    result = run(tmp_path, fault("job:*"), runtime=registry.find("runtime", "process"))
    assert (result.verdict, result.signatures, result.ailments) == (Verdict.VALID, [], [])
    [healed] = heals(result)
    assert healed["effect"]["messages_duplicated"] > 0


def test_it_is_looked_at_through_its_dialect(tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text(TOPOLOGY.format(env="{}"))
    system = plan.expand(plan.parse(PLAN.format(faults=""), "own", beside=tmp_path), 0).system
    told: list[Told] = []
    asyncio.run(looking.node_of(system, "relay", 5.0, told.append))
    found = {one.name: one.said for one in told}
    assert {found[name] for name in ("register.answered", "events.whole", "calls.there-and-back")} == {"pass"}, found


@pytest.mark.parametrize(
    ("node", "said"),
    [
        ("{kind: module, module: m, dialect: snak}", "there is no dialect 'snak'; there are: jobsync, snake"),
        ("{kind: module, module: m, dialect: snake}}\ndialect: snake\nservices: {", "all speak snake here"),
        ("{dialect: snake}", "'relay' is built in, and speaks jobsync"),
    ],
)
def test_a_dialect_that_cannot_be_is_told_at_its_word(tmp_path: Path, node: str, said: str) -> None:
    topology = TOPOLOGY.format(env="{}").partition("nodes:")[0] + f"nodes: {{relay: {node}}}\n"
    (tmp_path / "own.yaml").write_text(topology)
    with pytest.raises(plan.PlanErrors, match=said):
        plan.parse(PLAN.format(faults=""), "own", beside=tmp_path)


# ---- one end of one connection ------------------------------------------------------------------------------------

UPGRADE = b"GET / HTTP/1.1\r\nUpgrade: websocket\r\n\r\n"
AGREED = b"HTTP/1.1 101 Switching Protocols\r\n\r\n"
ASKED = {"type": "relay", "payload": {"targetDeviceId": "d", "payload": {"method": "job.get", "id": "1"}}}


def payloads(data: bytes) -> list[bytes]:
    return [piece.payload for piece in Splitter().feed(data) if piece.kind is Kind.MESSAGE]


@pytest.mark.parametrize("size", [0, 100, 200, 70_000])
@pytest.mark.parametrize("masked", [True, False])
def test_messages_are_translated_however_the_stream_is_cut(masked: bool, size: int) -> None:
    theirs = DIALECT.from_reference(json.dumps({**ASKED, "more": "x" * size}).encode())
    assert theirs is not None
    head = UPGRADE if masked else AGREED
    ping = b"\x89\x00"
    stream = head + frame(1, theirs, masked=masked) + ping + frame(2, b"\xff\x00", masked=masked)
    draws = random.Random(size)
    for _ in range(20):
        way, said, at = Interpreter(DIALECT).said, b"", 0
        while at < len(stream):
            step = draws.randint(1, 1 + size // 3 + 20)
            said, at = said + way.feed(stream[at : at + step]), at + step
        assert said.startswith(head) and ping in said
        translated, binary = payloads(said)
        assert json.loads(translated) == {**ASKED, "more": "x" * size} and binary == b"\xff\x00"
        heard = Interpreter(DIALECT).heard.feed(said)
        assert [json.loads(payload) for payload in payloads(heard)[:1]] == [json.loads(theirs)]


def test_what_goes_no_further_leaves_nothing_and_what_is_not_whole_is_given_back_at_the_end() -> None:
    way = Way(lambda payload: b"" if b"queued" in payload else payload)
    stream = AGREED + frame(1, b'{"kind": "queued"}', masked=False) + frame(1, b"{}", masked=False)
    assert payloads(way.feed(stream + stream[-1:])) == [b"{}"]
    assert way.drain() == stream[-1:]


class _Stumbles:
    NAME, SUMMARY = "stumbles", "reads nothing"

    def to_reference(self, payload: bytes) -> bytes | None:
        raise ValueError(payload)

    from_reference = classify = to_reference


def test_a_dialect_that_stumbles_passes_its_frame_as_it_is() -> None:
    stumbles: Dialect = _Stumbles()  # type: ignore[assignment]
    stream = AGREED + frame(1, b"{}", masked=False)
    interpreter = Interpreter(stumbles)
    assert interpreter.said.feed(stream) == interpreter.heard.feed(stream) == stream
