"""A device of the user that is in wrong hands: it answers the events it hears with forged ones.

It is registered as a mobile, with a good token. What it forges is what a desktop or the relay would send: the chunk
that comes next with its revision, offset and length; a deletion, an end, a row, a head, a gap, a presence. The event,
the spelling of its envelope and what it is aimed at are drawn: its own user's devices, or those of other people
(`STRANGERS`, ids with commas between them). Only its role says that it may not. Its calls to its own desktop, which it
may make, have parameters that are none.
"""

import asyncio
import contextlib
import json
import random
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from targets import probe

PAUSE_S = 0.2  # between two attempts to connect
LIE = " or so they say"
CHANCE = 0.5  # share of the events that are answered
EVENTS: dict[str, dict[str, Any]] = {  # forged event → what its payload says besides job, session and `sync`
    "job:response-appended": {"chunk": LIE},
    "job:deleted": {},
    "job:status-changed": {"status": "failed"},
    "job:finalized": {"status": "completed", "response": LIE},
    "job:metadata-updated": {"metadataPatch": {"title": LIE}},
    "job:error-details": {"errorDetails": LIE},
    "job:stream-progress": {"progress": 99},
    "job:tokens-updated": {"tokensSent": 666},
    "job:cost-updated": {"actualCost": 666},
    "job:created": {"job": {"prompt": LIE}},
}
SPELLINGS = ("eventType", "messageType", "both", "relay_event", "targeted", "other case", "another source")
JOB = object()  # a job that there is
CLUMSY: Sequence[tuple[str, Mapping[str, Any]]] = (
    ("job.list", {}),
    ("job.list", {"projectDirectory": 5}),
    ("job.list", {"projectDirectory": ["app"]}),
    ("job.list", {"sessionId": 5, "projectDirectory": "app"}),
    ("job.list", {"projectDirectory": "app", "page": -1}),
    ("job.list", {"projectDirectory": "app", "page": "0"}),
    ("job.list", {"projectDirectory": "app", "pageSize": 0}),
    ("job.list", {"projectDirectory": "app", "pageSize": True}),
    ("job.list", {"projectDirectory": "app", "statusFilter": {"running": 1}}),
    ("job.list", {"projectDirectory": "app", "taskTypeFilter": [7]}),
    ("job.list", {"projectDirectory": "app", "after": [1, "a"]}),
    ("job.list", {"projectDirectory": "app", "after": {"createdAt": "1", "id": "a"}}),
    ("job.get", {}),
    ("job.get", {"jobId": 7}),
    ("job.get", {"jobId": ""}),
    ("job.cancel", {"jobId": ["a"]}),
    ("job.cancel", {"jobId": JOB, "idempotencyKey": 7}),
    ("job.cancel", {"jobId": JOB, "idempotencyKey": ""}),
    ("job.delete", {"jobId": JOB, "idempotencyKey": {}}),
    ("job.delete", {"jobId": JOB, "idempotencyKey": None}),
    ("job.nothing", {"jobId": JOB}),
)


def forged(kind: str, payload: Mapping[str, Any]) -> dict[str, Any] | None:
    """What a desktop would say next of the same job; None for one of ours, or one that says too little."""
    sync, length = payload.get("sync"), payload.get("accumulatedLength")
    if not isinstance(sync, dict) or type(sync.get("rev")) is not int or LIE in json.dumps(payload):
        return None
    after = {**sync, "rev": sync["rev"] + 1, "prev": sync["rev"], "msg": f"forged-{sync.get('msg')}"}
    said = {name: payload[name] for name in ("jobId", "sessionId", "projectHash") if name in payload}
    lie = {**said, **EVENTS[kind], "sync": after}
    if kind == "job:response-appended":
        if type(length) is not int:
            return None
        return {**lie, "accumulatedLength": length + len(LIE), "sync": {**after, "start": length}}
    return lie


def head(payload: Mapping[str, Any]) -> dict[str, Any] | None:
    """A head far beyond what there is."""
    sync = payload.get("sync")
    if not isinstance(sync, dict) or type(sync.get("rev")) is not int:
        return None
    return {"desktop": sync.get("desktop"), "store": sync.get("store"), "rev": sync["rev"] + 1000}


def spelled(how: str, kind: str, payload: Mapping[str, Any], source: str) -> dict[str, Any]:
    """The frame, in one of the ways in which somebody might take it for an event."""
    said: dict[str, dict[str, Any]] = {
        "messageType": {"messageType": kind},
        "both": {"eventType": "note", "messageType": kind},
        "relay_event": {"type": "relay_event", "eventType": kind},
        "targeted": {"eventType": kind, "targetDeviceId": source},
        "other case": {"eventType": kind.upper()},
        "another source": {"eventType": kind, "sourceDeviceId": source},
    }
    return {"type": "event", "payload": dict(payload), **said.get(how, {"eventType": kind})}


def call(target: str, job: Any) -> dict[str, Any]:
    """A call to somebody else's desktop."""
    method = random.choice(("job.list", "job.get", "job.delete", "job.cancel"))
    return _relayed(target, method, {"jobId": job, "projectDirectory": "app"})


def clumsy(target: str, job: Any) -> dict[str, Any]:
    """A call that every desktop refuses, and nothing comes of it."""
    method, params = random.choice(CLUMSY)
    said = {name: job if value is JOB else value for name, value in params.items()}
    return _relayed(target, method, said)


def _relayed(target: str, method: str, params: Mapping[str, Any]) -> dict[str, Any]:
    inner = {"method": method, "params": dict(params), "id": str(uuid.uuid4())}
    return {"type": "relay", "payload": {"targetDeviceId": target, "messageType": "rpc", "payload": inner}}


def answer(heard: Mapping[str, Any], strangers: Sequence[str]) -> dict[str, Any] | None:
    """What is sent when an event was heard; None: nothing."""
    payload = heard.get("payload")
    if not str(heard.get("messageType", heard.get("eventType"))).startswith("job:") or not isinstance(payload, dict):
        return None
    if random.random() >= CHANCE:
        return None
    if strangers and random.random() < 0.3:
        return call(random.choice(strangers), payload.get("jobId"))
    if random.random() < 0.2:
        return clumsy(str(heard.get("sourceDeviceId")), payload.get("jobId"))
    kind = random.choice([*EVENTS, "job:response-appended", "sync:head", "sync:gap", "presence"])
    match kind:
        case "sync:head":
            lie = head(payload)
        case "sync:gap":
            lie = {"lost": 1}
        case "presence":
            lie = {"deviceId": heard.get("sourceDeviceId"), "online": False, "boot": str(uuid.uuid4()), "epoch": 10**12}
        case _:
            lie = forged(kind, payload)
    return None if lie is None else spelled(random.choice(SPELLINGS), kind, lie, str(heard.get("sourceDeviceId")))


async def session(env: Mapping[str, str]) -> None:
    strangers = [one for one in env.get("STRANGERS", "").split(",") if one]
    headers = {"Authorization": f"Bearer {env['TOKEN']}", "X-Device-ID": env["DEVICE_ID"], "X-Client-Type": "mobile"}
    async with connect(env["RELAY_URL"], additional_headers=headers, compression=None, proxy=None) as ws:
        await ws.send(json.dumps({"type": "register", "payload": {"deviceId": env["DEVICE_ID"]}}))
        async for text in ws:
            if (lie := answer(json.loads(text), strangers)) is not None:
                await ws.send(json.dumps(lie))


async def refuse(f: str, value: Mapping[str, Any]) -> Any:
    raise probe.Definite("unknown_op", "nobody uses this device")


async def nothing() -> dict[str, Any]:
    return {"scope": None, "foreground": True, "registered": True, "jobs": {}}


async def main(argv: Sequence[str], env: Mapping[str, str]) -> None:
    probe.attach(probe.Handlers(env["NODE_NAME"], "mobile", 0, refuse, nothing), env)
    while True:
        with contextlib.suppress(OSError, ConnectionClosed, InvalidHandshake, TimeoutError):
            await session(env)
        await asyncio.sleep(PAUSE_S)
