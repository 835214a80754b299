"""Upgrade, registration, heartbeat, and what is no frame of the protocol."""

from __future__ import annotations

from typing import Final

from harness.conform import Check, NotJudged, Unmet
from harness.conform.frames import shown
from harness.conform.relay.bench import Device, RelayBench, error_of, is_error, is_registered, register, user
from targets.protocol import CLOSE_REPLACED, CLOSE_TOKEN_EXPIRED

_SHORT_LIFE_S = 3.0
_FORGED = (
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJub2JvZHkiLCJleHAiOjQxMDI0NDQ4MDB9.AAAA"  # what it is signed with, nobody knows
)


async def _refused(bench: RelayBench, token: str) -> str:
    try:
        await bench.dial(Device("mobile", user()), token)
    except Unmet as exc:
        if str(exc) == "HTTP 401":
            return "HTTP 401"
        raise
    raise Unmet("the connection was accepted")


async def _without_token(bench: RelayBench) -> str:
    return await _refused(bench, "")


async def _forged(bench: RelayBench) -> str:
    return await _refused(bench, _FORGED)


async def _registered(bench: RelayBench) -> str:
    device = Device("mobile", user())
    talk = await bench.dial(device)
    await talk.say(register(device))
    frame = await talk.hear(is_registered, "registered")
    if not frame.get("sessionId") or not isinstance(frame.get("expiresAt"), int | float):
        raise Unmet(f"no sessionId or no expiresAt in {sorted(frame)}")
    return f"registered with {', '.join(sorted(frame))}"


async def _registered_twice(bench: RelayBench) -> str:
    device = Device("mobile", user())
    talk = await bench.registered(device)
    before = len(talk.frames)
    await talk.say(register(device))
    return f"again {(await talk.hear(is_registered, 'registered', before))['type']}"


async def _first_frame(bench: RelayBench) -> str:
    talk = await bench.dial(Device("mobile", user()))
    await talk.say({"type": "relay", "payload": {"targetDeviceId": "x", "messageType": "rpc", "payload": {}}})
    return await error_of(talk, "auth_required")


async def _no_json(bench: RelayBench) -> str:
    talk = await bench.registered(Device("mobile", user()))
    await talk.say("{no json")
    return await error_of(talk, "invalid_json")


async def _unknown_type(bench: RelayBench) -> str:
    talk = await bench.registered(Device("mobile", user()))
    await talk.say({"type": "no-such-type"})
    came = await error_of(talk, "unknown_message_type")
    await talk.pong()
    return f"{came}; still connected"


async def _heartbeat(bench: RelayBench) -> str:
    talk = await bench.registered(Device("mobile", user()))
    before = len(talk.frames)
    for _ in range(3):
        await talk.say({"type": "heartbeat"})
    await talk.pong()
    wrong = [frame for frame in talk.frames[before:] if is_error(frame)]
    if wrong:
        raise Unmet(shown(wrong[0]))
    return "a pong, and no error"


async def _replaced(bench: RelayBench) -> str:
    device = Device("mobile", user())
    first = await bench.registered(device)
    second = await bench.registered(device)
    code = await first.end("the first connection")
    if code != CLOSE_REPLACED:
        raise Unmet(f"the first connection was closed with {code}")
    await second.pong()
    return f"the first was closed with {code}, the second stays"


async def _expired(bench: RelayBench) -> str:
    device = Device("mobile", user())
    try:
        token = bench.sign(device, _SHORT_LIFE_S)
    except LookupError:
        raise NotJudged("a token that runs out soon cannot be made: name the secret by --secret-env") from None
    talk = await bench.registered(device, token)
    code = await talk.end("the connection of a token that has run out")
    if code != CLOSE_TOKEN_EXPIRED:
        raise Unmet(f"closed with {code}")
    return f"closed with {code}"


CHECKS: Final[tuple[Check[RelayBench], ...]] = (
    Check("upgrade.without-token", "an upgrade without a token", "HTTP 401", _without_token),
    Check("upgrade.forged-token", "an upgrade with a token of somebody else's", "HTTP 401", _forged),
    Check("register.answered", "register", "registered, with sessionId and expiresAt", _registered),
    Check("register.twice", "register twice on one connection", "no error: it is registered", _registered_twice),
    Check("register.first", "a call before register", "error auth_required", _first_frame),
    Check("register.replaced", "the same device on a second connection", "the first is closed with 4409", _replaced),
    Check("register.expired", f"a token that lasts {_SHORT_LIFE_S:g} s", "closed with 4401 when it ends", _expired),
    Check("heartbeat.taken", "three heartbeats and a ping", "a pong, and no error", _heartbeat),
    Check("errors.no-json", "text that is no JSON", "error invalid_json", _no_json),
    Check("errors.unknown-type", "a frame of no known type", "error unknown_message_type, and a pong", _unknown_type),
)
