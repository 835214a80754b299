"""What a message of the device-link protocol is about: its type, its job, its own name.

- an event, either way and in either envelope: type `eventType`, else `messageType` (`job:created`, `sync:head`,
  `presence` …); its name is `payload.sync.msg` (of a head `STORE/REV`, of a gap the number of events lost, of a
  presence `online/BOOT/EPOCH` or `offline/…`); its source the device id that the relay says it comes from
  (`sourceDeviceId`; of a presence, the device it is about)
- an RPC request, mobile → relay and relay → desktop: type `rpc:<method>`; its name is the correlation id
- an RPC response: type `rpc-reply`; its name is the correlation id
- a registration that the relay grants: type `registered` or `resumed`; its name is the session's id
- anything else with a `type`: that (`register`, `heartbeat`, `error` …), without a name

What cannot be read has the type "": it takes a rule's `chance` but matches no pattern other than `*`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec


class Classified(NamedTuple):
    type: str
    job: str | None = None
    msg: str | None = None
    source: str | None = None  # in lower case, as device ids are compared


UNREADABLE = Classified("")
GRANTED = ("registered", "resumed")


class _Envelope(msgspec.Struct):
    type: str | None = None
    eventType: str | None = None
    messageType: str | None = None
    sourceDeviceId: Any = None
    sessionId: Any = None
    payload: msgspec.Raw = msgspec.Raw()
    request: msgspec.Raw = msgspec.Raw()
    response: msgspec.Raw = msgspec.Raw()


class _Sync(msgspec.Struct):
    msg: Any = None


class _Event(msgspec.Struct):
    jobId: str | None = None
    deviceId: Any = None
    sync: _Sync | None = None


class _Control(msgspec.Struct):
    """What heads, gaps and presence say."""

    store: Any = None
    rev: Any = None
    lost: Any = None
    online: Any = None
    boot: Any = None
    epoch: Any = None


class _Params(msgspec.Struct):
    jobId: Any = None


class _Call(msgspec.Struct):
    """A call as the mobile wraps it (`id`) and as the relay hands it on (`correlationId`)."""

    method: str | None = None
    id: Any = None
    correlationId: Any = None
    params: _Params | None = None


class _Wrapped(msgspec.Struct):
    payload: _Call


class _Reply(msgspec.Struct):
    correlationId: Any = None


_envelope = msgspec.json.Decoder(_Envelope).decode
_event = msgspec.json.Decoder(_Event).decode
_control = msgspec.json.Decoder(_Control).decode
_call = msgspec.json.Decoder(_Call).decode
_wrapped = msgspec.json.Decoder(_Wrapped).decode
_reply = msgspec.json.Decoder(_Reply).decode


def classify(payload: bytes) -> Classified:
    """Never raises."""
    try:
        return _classify(_envelope(payload))
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return UNREADABLE


def _classify(frame: _Envelope) -> Classified:
    if frame.type == "relay_response":
        return Classified("rpc-reply", None, _name(_lenient(_reply, frame.response, _Reply()).correlationId))
    if frame.type == "relay":
        return _of_call(frame)
    kind = frame.eventType or frame.messageType
    if kind is None:
        session = _name(frame.sessionId) if frame.type in GRANTED else None
        return Classified(frame.type or "", None, session)
    event = _lenient(_event, frame.payload, _Event())
    source = event.deviceId if kind == "presence" else frame.sourceDeviceId
    name = _name(event.sync.msg) if event.sync is not None else None
    if kind in _CONTROL:
        name = _CONTROL[kind](_lenient(_control, frame.payload, _Control()))
    return Classified(kind, event.jobId, name, source.lower() if isinstance(source, str) else None)


def _presence(told: _Control) -> str | None:
    return None if told.boot is None else f"{'online' if told.online is True else 'offline'}/{told.boot}/{told.epoch}"


_CONTROL: dict[str, Callable[[_Control], str | None]] = {
    "sync:head": lambda told: None if told.rev is None else f"{told.store}/{told.rev}",
    "sync:gap": lambda told: None if told.lost is None else f"{told.lost}",
    "presence": _presence,
}


def _of_call(frame: _Envelope) -> Classified:
    if bytes(frame.request):
        call = _lenient(_call, frame.request, _Call())
    else:
        call = _lenient(_wrapped, frame.payload, _Wrapped(_Call())).payload
    job = call.params.jobId if call.params is not None else None
    name = call.correlationId if call.correlationId is not None else call.id
    return Classified(f"rpc:{call.method or ''}", job if isinstance(job, str) else None, _name(name))


def _lenient(decode: Any, raw: msgspec.Raw, otherwise: Any) -> Any:
    """An envelope says what a message is, even when its content is malformed."""
    try:
        return decode(raw)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return otherwise


def _name(value: Any) -> str | None:
    return str(value) if isinstance(value, str | int) else None
