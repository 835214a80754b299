"""What every client does: dial, register, beat, and live with what it does not know."""

from __future__ import annotations

import asyncio
from typing import Final

from harness.conform import Check, Unmet
from harness.conform.client.bench import ClientBench
from harness.conform.frames import shown


async def _headers(bench: ClientBench) -> str:
    headers = (await bench.connection(1)).headers
    said = {name: headers.get(name, "") for name in ("X-Device-ID", "X-Client-Type")}
    wrong = []
    if not headers.get("Authorization", "").startswith("Bearer "):
        wrong.append("no bearer token")
    if said["X-Device-ID"].lower() != str(bench.node.device_id).lower():
        wrong.append(f"X-Device-ID {said['X-Device-ID']!r}")
    if said["X-Client-Type"] != bench.node.role:
        wrong.append(f"X-Client-Type {said['X-Client-Type']!r}")
    if wrong:
        raise Unmet(", ".join(wrong))
    return f"a bearer token, {said['X-Device-ID']}, {said['X-Client-Type']}"


async def _first(bench: ClientBench) -> str:
    frame = (await bench.connection(1)).talk.frames[0]
    payload = frame.get("payload")
    device = payload.get("deviceId") if isinstance(payload, dict) else None
    if frame.get("type") != "register" or str(device).lower() != str(bench.node.device_id).lower():
        raise Unmet(shown(frame))
    return shown(frame)


async def _silent(bench: ClientBench) -> str:
    accepted = await bench.connection(1)
    said = accepted.talk.frames[: accepted.before]
    if wrong := [frame for frame in said if frame.get("type") not in ("register", "heartbeat")]:
        raise Unmet(shown(wrong[0]))
    return "nothing but that"


async def _heartbeat(bench: ClientBench) -> str:
    talk = (await bench.now()).talk
    before = len(talk.frames)
    await asyncio.sleep(bench.timing.heartbeat_s)
    return shown(await talk.hear(lambda frame: frame.get("type") == "heartbeat", "heartbeat", before))


async def _unknown(bench: ClientBench) -> str:
    talk = (await bench.now()).talk
    await talk.say({"type": "no-such-type", "payload": {}})
    await talk.say({"messageType": "no:such-event", "payload": None, "sourceDeviceId": None, "timestamp": 0})
    await talk.say({"type": "error", "code": "relay_failed", "message": "for once", "timestamp": 0})
    await talk.pong()
    return "a pong: it is still connected"


CHECKS: Final[tuple[Check[ClientBench], ...]] = (
    Check("upgrade.headers", "–", "a bearer token, its X-Device-ID and X-Client-Type", _headers),
    Check("register.first", "–", "register with its deviceId, as the first frame", _first),
    Check("register.silent", "registered, after a while", "nothing but register and heartbeats before it", _silent),
    Check("heartbeat.sent", "–", "a heartbeat in each interval", _heartbeat),
    Check("errors.unknown", "an unknown type, an unknown event, an error", "it stays connected", _unknown),
)
