"""Calls: to the desktop that is asked, the answer to the caller, and an end for every one."""

from __future__ import annotations

from typing import Any, Final

from harness.conform import Check, Unmet
from harness.conform.frames import Frame, Talk, shown
from harness.conform.relay.bench import Device, RelayBench, error_of, user


def _call(target: str, number: str, method: str | None = "job.get") -> Frame:
    asked = {"params": {"jobId": number}, "id": number} | ({"method": method} if method else {})
    return {"type": "relay", "payload": {"targetDeviceId": target, "messageType": "rpc", "payload": asked}}


async def _asked(desk: Talk, number: str) -> Frame:
    """The request as the desktop gets it."""

    def is_it(frame: Frame) -> bool:
        return frame.get("type") == "relay" and _within(frame, "request").get("correlationId") == number

    return await desk.hear(is_it, f"request {number}")


async def _answered(phone: Talk, number: str) -> Frame:
    def is_it(frame: Frame) -> bool:
        return frame.get("type") == "relay_response" and _within(frame, "response").get("correlationId") == number

    return _within(await phone.hear(is_it, f"answer to {number}"), "response")


def _within(frame: Frame, key: str) -> Frame:
    found = frame.get(key)
    return found if isinstance(found, dict) else {}


async def _answer(desk: Talk, request: Frame, text: str) -> None:
    number = request["request"]["correlationId"]
    response: dict[str, Any] = {"correlationId": number, "result": {"said": text}, "error": None, "isFinal": True}
    await desk.say({"type": "relay_response", "clientId": request.get("clientId"), "response": response})


async def _there_and_back(bench: RelayBench) -> str:
    mine = user()
    home, caller, other = Device("desktop", mine), Device("mobile", mine), Device("mobile", mine)
    desk, phone = await bench.registered(home), await bench.registered(caller)
    bystander = await bench.registered(other)
    await phone.say(_call(home.id, "c1"))
    request = await _asked(desk, "c1")
    said = request["request"]
    if (said.get("method"), said.get("params")) != ("job.get", {"jobId": "c1"}):
        raise Unmet(f"the desktop was asked {shown(said)}")
    await _answer(desk, request, "é")
    response = await _answered(phone, "c1")
    if response.get("result") != {"said": "é"} or response.get("error") is not None:
        raise Unmet(f"the caller got {shown(response)}")
    await bystander.pong()
    if wrong := [frame for frame in bystander.frames if frame.get("type") in ("relay", "relay_response")]:
        raise Unmet(f"another phone got {shown(wrong[0])}")
    return "the same method and params there, the same result back, to the caller alone"


async def _not_mixed_up(bench: RelayBench) -> str:
    mine = user()
    home = Device("desktop", mine)
    desk = await bench.registered(home)
    phones = {name: await bench.registered(Device("mobile", mine)) for name in ("one", "two")}
    for name, phone in phones.items():
        await phone.say(_call(home.id, name))
    requests = {name: await _asked(desk, name) for name in phones}
    for name in reversed(list(requests)):
        await _answer(desk, requests[name], name)
    for name, phone in phones.items():
        if (came := (await _answered(phone, name)).get("result")) != {"said": name}:
            raise Unmet(f"phone {name} got {shown(came)}")
    return "each phone got its own answer, also in another order"


async def _absent(bench: RelayBench) -> str:
    phone = await bench.registered(Device("mobile", mine := user()))
    await phone.say(_call(Device("desktop", mine).id, "c1"))
    return _failed(await _answered(phone, "c1"), "desktop_offline")


async def _lost(bench: RelayBench) -> str:
    mine = user()
    home = Device("desktop", mine)
    desk, phone = await bench.registered(home), await bench.registered(Device("mobile", mine))
    await phone.say(_call(home.id, "c1"))
    await _asked(desk, "c1")
    await desk.close()
    return _failed(await _answered(phone, "c1"), "disconnected")


async def _strangers(bench: RelayBench) -> str:
    home = Device("desktop", user())
    desk, phone = await bench.registered(home), await bench.registered(Device("mobile", user()))
    await phone.say(_call(home.id, "c1"))
    response = await _answered(phone, "c1")
    await desk.pong()
    if asked := [frame for frame in desk.frames if frame.get("type") == "relay"]:
        raise Unmet(f"a desktop of another user was asked {shown(asked[0])}")
    return _failed(response, "desktop_offline")


async def _capitals(bench: RelayBench) -> str:
    mine = user()
    home = Device("desktop", mine)
    desk, phone = await bench.registered(home), await bench.registered(Device("mobile", mine))
    await phone.say(_call(home.id.upper(), "c1"))
    await _asked(desk, "c1")
    return "the desktop was asked"


async def _without_target(bench: RelayBench) -> str:
    phone = await bench.registered(Device("mobile", user()))
    asked = {"messageType": "rpc", "payload": {"method": "job.get", "params": {}, "id": "c1"}}
    await phone.say({"type": "relay", "payload": asked})
    return await error_of(phone, "missing_target_device_id")


async def _without_method(bench: RelayBench) -> str:
    mine = user()
    home = Device("desktop", mine)
    await bench.registered(home)
    phone = await bench.registered(Device("mobile", mine))
    await phone.say(_call(home.id, "c1", method=None))
    return await error_of(phone, "missing_method")


def _failed(response: Frame, code: str) -> str:
    if _within(response, "error").get("code") != code:
        raise Unmet(shown(response))
    return f"error {code}"


CHECKS: Final[tuple[Check[RelayBench], ...]] = (
    Check("calls.there-and-back", "job.get, and an answer", "both unchanged, between these two alone", _there_and_back),
    Check("calls.not-mixed-up", "two calls, answered in reverse", "each caller gets its own answer", _not_mixed_up),
    Check("calls.absent-desktop", "a call to a desktop that is not there", "error desktop_offline", _absent),
    Check("calls.lost-desktop", "a call to a desktop that goes", "error disconnected", _lost),
    Check("calls.strangers", "a call to another user's desktop", "error desktop_offline; it hears nothing", _strangers),
    Check("calls.capitals", "a call to the desktop's id in capitals", "the desktop is asked", _capitals),
    Check("calls.without-target", "a call without targetDeviceId", "error missing_target_device_id", _without_target),
    Check("calls.without-method", "a call without method", "error missing_method", _without_method),
)
