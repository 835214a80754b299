"""A device of the user that is in wrong hands: it answers every chunk it hears with a forged one that comes next.

It is registered as a mobile, with a good token. What it forges is what a desktop would send: next revision, next
offset, right length. Only its role says that it may not.
"""

import asyncio
import contextlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from targets import probe

PAUSE_S = 0.2  # between two attempts to connect
LIE = " or so they say"


def forged(payload: Mapping[str, Any]) -> dict[str, Any] | None:
    """The chunk after this one, as its desktop would send it; None when it is one of ours, or says too little."""
    sync, length = payload.get("sync"), payload.get("accumulatedLength")
    if not isinstance(sync, dict) or type(length) is not int or payload.get("chunk") == LIE:
        return None
    after = {**sync, "rev": sync["rev"] + 1, "prev": sync["rev"], "start": length, "msg": f"forged-{sync['msg']}"}
    return {**payload, "chunk": LIE, "accumulatedLength": length + len(LIE), "sync": after}


async def session(env: Mapping[str, str]) -> None:
    headers = {"Authorization": f"Bearer {env['TOKEN']}", "X-Device-ID": env["DEVICE_ID"], "X-Client-Type": "mobile"}
    async with connect(env["RELAY_URL"], additional_headers=headers, compression=None, proxy=None) as ws:
        await ws.send(json.dumps({"type": "register", "payload": {"deviceId": env["DEVICE_ID"]}}))
        async for text in ws:
            frame = json.loads(text)
            if frame.get("messageType") == "job:response-appended" and (lie := forged(frame["payload"])) is not None:
                await ws.send(json.dumps({"type": "event", "eventType": frame["messageType"], "payload": lie}))


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
