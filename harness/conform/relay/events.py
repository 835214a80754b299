"""Events: to every other device of the user, whole, once and in order; to nobody else."""

from __future__ import annotations

from typing import Final

from harness.conform import Check, Unmet
from harness.conform.frames import Frame, Talk, shown
from harness.conform.relay.bench import Device, RelayBench, is_event, user

_MANY = 12  # fewer than a mailbox holds
_LARGE_BYTES = 1024 * 1024
_AWKWARD = 'é e\u0301 👩‍👩‍👧 \u2028 "quoted" \\ \u0000'


def _chunk(number: int, text: str = "ab") -> Frame:
    payload = {"jobId": "conform-job", "sessionId": "conform", "chunk": text, "accumulatedLength": number}
    return {"type": "event", "eventType": "job:response-appended", "payload": payload}


def _number(frame: Frame) -> object:
    return frame.get("payload", {}).get("accumulatedLength")


async def _heard(phone: Talk, last: int) -> list[Frame]:
    """Everything up to the event of that number, and what comes until a ping is answered."""
    await phone.hear(lambda frame: is_event(frame) and _number(frame) == last, f"event {last}")
    await phone.pong()
    return [frame for frame in phone.frames if is_event(frame)]


async def _in_order(bench: RelayBench) -> str:
    mine = user()
    phone = await bench.registered(Device("mobile", mine))
    desk = await bench.registered(Device("desktop", mine))
    for number in range(_MANY):
        await desk.say(_chunk(number))
    came = [_number(frame) for frame in await _heard(phone, _MANY - 1)]
    if came != list(range(_MANY)):
        raise Unmet(f"numbers {came}")
    return f"{_MANY} events, each once, in order"


async def _whole(bench: RelayBench) -> str:
    mine, sender = user(), None
    phone = await bench.registered(Device("mobile", mine))
    sender = Device("desktop", mine)
    desk = await bench.registered(sender)
    sent = _chunk(1, _AWKWARD)
    await desk.say(sent)
    frame = (await _heard(phone, 1))[0]
    if frame.get("payload") != sent["payload"]:
        raise Unmet(f"another payload: {shown(frame.get('payload'))}")
    if str(frame.get("sourceDeviceId")).lower() != sender.id.lower():
        raise Unmet(f"sourceDeviceId {frame.get('sourceDeviceId')!r}, and the desktop is {sender.id!r}")
    return "the same payload, with the desktop as sourceDeviceId"


async def _large(bench: RelayBench) -> str:
    mine = user()
    phone = await bench.registered(Device("mobile", mine))
    desk = await bench.registered(Device("desktop", mine))
    await desk.say(_chunk(1, "x" * _LARGE_BYTES))
    length = len((await _heard(phone, 1))[0]["payload"].get("chunk", ""))
    if length != _LARGE_BYTES:
        raise Unmet(f"{length} bytes of {_LARGE_BYTES}")
    return "all of it"


async def _every_other(bench: RelayBench) -> str:
    mine = user()
    phones = [await bench.registered(Device("mobile", mine)) for _ in range(2)]
    stranger = await bench.registered(Device("mobile", user()))
    desk = await bench.registered(Device("desktop", mine))
    await desk.say(_chunk(1))
    for phone in phones:
        await _heard(phone, 1)
    for whose, talk in (("the sender", desk), ("another user", stranger)):
        await talk.pong()
        if wrong := [frame for frame in talk.frames if is_event(frame)]:
            raise Unmet(f"{whose} got {shown(wrong[0])}")
    return "both phones got it, the sender and another user's phone did not"


CHECKS: Final[tuple[Check[RelayBench], ...]] = (
    Check("events.in-order", f"{_MANY} events at once", "each of them, once, in that order", _in_order),
    Check("events.whole", "an event with awkward text", "the same payload, and who sent it", _whole),
    Check("events.large", "an event of 1 MiB", "the whole event", _large),
    Check("events.every-other", "an event", "every other device of the user gets it, and nobody else", _every_other),
)
