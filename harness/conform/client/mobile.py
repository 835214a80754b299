"""A mobile: it lists when its screen opens, shows what it gets, and goes with the events."""

from __future__ import annotations

import asyncio
from typing import Any, Final

from harness.conform import Check, Unmet
from harness.conform.client.bench import ClientBench
from harness.conform.client.probing import done, hello, junk, until
from harness.conform.frames import Frame, Talk, shown
from targets.protocol import REQUIRED_FIELDS, now_ms

_JOB = "c0f0c0f0-0000-4000-8000-00000000c0f0"
_TEXT = "aé"
_STORE = "conform-store"


def _row(bench: ClientBench, response: str, rev: int) -> dict[str, Any]:
    zero = dict.fromkeys(REQUIRED_FIELDS, 0)
    session = bench.node.scope.get("session", "session-1")
    texts = {"id": _JOB, "sessionId": session, "projectHash": "c0f0", "taskType": "chat", "prompt": ""}
    stamp = now_ms()
    now = {"createdAt": stamp, "updatedAt": stamp, "status": "generatingStream", "isFinalized": False, "metadata": {}}
    return {**zero, **texts, **now, "response": response, "sync": {"rev": rev, "attempt": 1}}


async def _served(bench: ClientBench, talk: Talk, rows: dict[str, Any], after: int) -> None:
    """For ever: what a desktop would answer under the hardened rules that has these rows."""
    while True:
        frame = await _call(talk, after)
        after = talk.frames.index(frame, after) + 1
        asked = frame["payload"].get("payload") or {}
        await talk.say(
            {"type": "relay_response", "clientId": bench.node.device_id, "response": _answer(bench, asked, rows)}
        )


async def _call(talk: Talk, after: int) -> Frame:
    while True:
        try:
            return await talk.hear(lambda f: f.get("type") == "relay" and "payload" in f, "call", after)
        except Unmet:
            if talk.ended.is_set():
                raise


def _answer(bench: ClientBench, asked: dict[str, Any], rows: dict[str, Any]) -> dict[str, Any]:
    jobs = list(rows.values())
    where = {"asOf": max(row["sync"]["rev"] for row in jobs), "desktop": bench.desktop_id, "store": _STORE}
    results: dict[str, Any] = {
        "job.list": {"jobs": jobs, "totalCount": len(jobs), "page": 0, "pageSize": 50, **where},
        "job.get": {"job": rows.get(str((asked.get("params") or {}).get("jobId"))), **where},
    }
    return {"correlationId": asked.get("id"), "result": results.get(str(asked.get("method"))), "isFinal": True}


async def _with_desktop(bench: ClientBench, rows: dict[str, Any]) -> tuple[Talk, asyncio.Task[None], int]:
    talk = (await bench.now()).talk
    before = len(talk.frames)
    return talk, asyncio.create_task(_served(bench, talk, rows, before)), before


def _text_of(state: dict[str, Any]) -> Any:
    return (state.get("jobs", {}).get(_JOB) or {}).get("response")


async def _opens(bench: ClientBench) -> str:
    bench.require_probe()
    talk, desk, before = await _with_desktop(bench, {_JOB: _row(bench, "a", rev=1)})
    try:
        await done(bench, "open", {"scope": dict(bench.node.scope)})
        call = (await talk.hear(lambda f: f.get("type") == "relay", "call", before))["payload"]
        if str(call.get("targetDeviceId")).lower() != str(bench.desktop_id).lower():
            raise Unmet(f"a call to {call.get('targetDeviceId')!r}")
        if (call.get("payload") or {}).get("method") != "job.list":
            raise Unmet(shown(call))
        await until(bench, "the job is shown", lambda state: _text_of(state) == "a")
        return f"{shown(call['payload'])}, and the job is shown"
    finally:
        desk.cancel()


async def _goes_with_events(bench: ClientBench) -> str:
    bench.require_probe()
    talk, desk, _ = await _with_desktop(bench, {_JOB: _row(bench, _TEXT, rev=2)})
    session = bench.node.scope.get("session", "session-1")
    length = len(_TEXT.encode())
    revision = {"desktop": bench.desktop_id, "store": _STORE, "rev": 2, "prev": 1, "attempt": 1}
    sync = {**revision, "start": 1, "msg": "conform", "set": {"updatedAt": now_ms()}}
    payload = {"jobId": _JOB, "sessionId": session, "chunk": _TEXT[1:], "accumulatedLength": length, "sync": sync}
    event = {"messageType": "job:response-appended", "payload": payload, "targetDeviceId": None}
    try:
        for _ in range(2):
            await talk.say({**event, "sourceDeviceId": bench.desktop_id, "timestamp": now_ms()})
        await until(bench, f"the text {_TEXT!r}", lambda state: _text_of(state) == _TEXT)
        await talk.pong()
        await until(bench, f"the text {_TEXT!r}", lambda state: _text_of(state) == _TEXT)
        return f"the text is {_TEXT!r}"
    finally:
        desk.cancel()


CHECKS: Final[tuple[Check[ClientBench], ...]] = (
    Check("probe.hello", "–", "its name, role and evidence level", hello),
    Check("probe.junk", "frames that are none, to its probe", "an error, and it goes on", junk),
    Check("screen.opens", "the operation open", "job.list to its desktop; the job of the answer is shown", _opens),
    Check("screen.follows", "job:response-appended, twice the same", "the chunk is shown once", _goes_with_events),
)
