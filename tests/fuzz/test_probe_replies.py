"""Whatever a node's probe says, the harness goes on, and what it recorded can be read back and judged."""

from __future__ import annotations

import asyncio
import json
import random
from typing import Any

import msgspec
import pytest
from bounds import bounded
from mutations import TIMES, of_bytes, of_value

from checkers.convergence import CHECKER
from checkers.notation import read
from harness.judging.checking import check
from harness.runs.recorder import Recorder
from harness.runtimes import ProbeLost
from harness.runtimes.probe_client import ProbeClient

HELLO = {"hello": {"name": "mobile-1", "role": "mobile", "level": 2, "boot_id": "b", "clock_ns": 5}}
COMMIT = {
    "n": 1,
    "boot": "b",
    "store": "s",
    "job": "a",
    "session": "s1",
    "attempt": 1,
    "f": "create",
    "set": {"id": "a"},
}
SEEN = {"job": "a", "session": "s1", "rev": {"desktop": "d", "n": 1}, "attempt": 1, "cause": "event:1", "kind": "row"}
LINES: list[tuple[str, dict[str, Any]]] = [
    ("commit-begin", COMMIT),
    ("commit-end", {"n": 1, "boot": "b"}),
    ("commit-abort", {"n": 1, "boot": "b", "error": "x"}),
    ("recovered", {"boot": "b", "store": "s", "head": 1}),
    ("started", {"incarnation": 1}),
    ("observe", {**SEEN, "set": {"id": "a"}, "bytes": 2, "digest": "00", "visit": 1}),
    ("link", {"state": "registered"}),
    ("call", {"corr": "c", "method": "job.get", "phase": "begin", "params": {"jobId": "a"}}),
    ("fetch", {"what": "list", "licence": "gap", "corr": "c", "phase": "begin", "visit": 1, "page": 0}),
]
STATE = {"scope": {"session": "s1"}, "registered": True, "foreground": True, "listed": True, "jobs": {"a": {"id": "a"}}}
ANSWERS: list[dict[str, Any]] = [
    {"id": 1, "type": "ok", "value": {"jobs": [], "totalCount": 0}},
    {"id": 1, "type": "fail", "error": {"code": "not_found", "message": "x"}},
    {"id": 1, "state": STATE},
    {"id": 99, "type": "ok"},
    {"error": "what?"},
]


class _Socket:
    """One connection, on which a node says what it says."""

    def __init__(self, frames: list[bytes]) -> None:
        self._frames = iter(frames)

    async def send(self, data: bytes, text: bool = True) -> None:
        await asyncio.sleep(0)

    async def recv(self) -> bytes:
        return next(self._frames, b'{"hello": 1}')

    async def __aiter__(self) -> Any:
        for frame in self._frames:
            await asyncio.sleep(0)
            yield frame


def frames(draws: random.Random) -> list[bytes]:
    """A conversation: a hello, journal lines, answers; some of it not what it should be."""
    said: list[Any] = [HELLO] * draws.choice([1, 1, 2])
    for number in range(1, draws.randint(2, 12)):
        line, fields = draws.choice(LINES)
        said.append({"journal": [number, 10**9 + number, line, of_value(fields, draws)]})
    said += draws.choices(ANSWERS, k=draws.randint(0, 4))
    raw = [json.dumps(of_value(each, draws) if draws.random() < 0.2 else each).encode() for each in said[1:]]
    raw = [of_bytes(each, draws) if draws.random() < 0.15 else each for each in raw]
    return [json.dumps(said[0]).encode(), *raw, *draws.sample(raw, min(2, len(raw)))]


async def converse(client: ProbeClient, told: list[bytes], recorder: Recorder) -> None:
    serving = asyncio.ensure_future(client.attach(_Socket(told)))  # type: ignore[arg-type]
    await asyncio.sleep(0)
    outcome = await client.op("get", {"jobId": "a"}, 0.01)
    recorder.op("mobile-1/user", outcome.type, "get", value=outcome.value, error=outcome.error, node="mobile-1")
    try:
        state = await client.state()
        CHECKER.settled(recorder.header, {"mobile-1": state, "desktop-1": state})  # type: ignore[attr-defined]
        recorder.op("mobile-1/final", "ok", "final", value=state, node="mobile-1")
    except ProbeLost as exc:
        assert str(exc)
    await serving


@pytest.mark.parametrize("part", range(8))
def test_no_reply_and_no_journal_line_stops_the_harness(part: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.runtimes.probe_client.STATE_LIMIT_S", 0.01)
    monkeypatch.setattr("harness.runtimes.probe_client.HELLO_LIMIT_S", 0.05)
    draws = random.Random(f"probe {part}")
    for _ in range(20 * TIMES):
        told = frames(draws)
        recorder = Recorder(lambda: 2 * 10**9)
        recorder.begin(read("d:up m:up").header)
        client = ProbeClient("mobile-1", "mobile", recorder.journal)
        with bounded(told):
            asyncio.run(converse(client, told, recorder))
            history = recorder.history(complete=True)
            assert history is not None
            assert not [result for result in check(history) if result.reason == "crashed"]
        assert all(len(line) < 1000 for line in (*client.complaints, *recorder.complaints))


@pytest.mark.parametrize(
    ("line", "fields"),
    [
        ("observe", {"job": 1}),
        ("observe", {"job": "a", "rev": {"desktop": "d"}}),
        ("observe", {"job": "a", "rev": "d/1"}),
        ("commit-begin", {"boot": "b"}),
        ("commit-begin", {**COMMIT, "n": "1"}),
        ("commit-end", {}),
        ("recovered", {"head": None}),
        ("started", {}),
        ("link", {"job": ["a"]}),
    ],
)
def test_a_line_that_nobody_can_read_is_told_once_with_its_node(line: str, fields: dict[str, Any]) -> None:
    recorder = Recorder(lambda: 0)
    recorder.begin(read("d:up").header)
    if line == "recovered":
        recorder.journal("desktop-1", "commit-begin", COMMIT, 1)
    for _ in range(3):
        recorder.journal("desktop-1", line, fields, 5)
    (said,) = recorder.complaints
    assert said.startswith(f"desktop-1 wrote a journal line {line!r} that is none")
    history = recorder.history(complete=True)
    assert history is not None
    assert msgspec.to_builtins(history.ops) is not None
