"""What one connection's frames do: registration, events, calls and their answers. Nothing in here waits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec

from targets import protocol
from targets.policy import Policies
from targets.probe import Journal
from targets.protocol import FRAME_CAP_BYTES, RpcError, device_id, encode, error_frame
from targets.relay import policies as at
from targets.relay import policies_calls as calls_at
from targets.relay.calls import Call, Calls
from targets.relay.connections import Connection, ConnectionManager
from targets.relay.mailbox import Message
from targets.relay.policies_open import ENVELOPE

NOTHING = msgspec.Raw(b"")


class Envelope(msgspec.Struct):
    """Any frame of a client. What the relay only passes on stays as the bytes it came in."""

    type: str
    eventType: str | None = None
    messageType: str | None = None
    clientId: str | None = None
    payload: msgspec.Raw = NOTHING
    response: msgspec.Raw = NOTHING


class Registration(msgspec.Struct):
    deviceId: str
    deviceName: str | None = None
    sessionId: str | None = None
    resumeToken: str | None = None


class Request(msgspec.Struct):
    method: str | None = None
    params: msgspec.Raw = msgspec.Raw(b"{}")
    id: str | int | None = None


class Relayed(msgspec.Struct):
    targetDeviceId: str | None = None
    messageType: str | None = None
    payload: Request = msgspec.field(default_factory=Request)


class Answer(msgspec.Struct):
    correlationId: str | int
    isFinal: bool = True


class _Sync(msgspec.Struct):
    msg: Any = None


class _EventMeta(msgspec.Struct):
    sync: _Sync | None = None


_envelope = msgspec.json.Decoder(Envelope)
_registration = msgspec.json.Decoder(Registration)
_relayed = msgspec.json.Decoder(Relayed)
_answer = msgspec.json.Decoder(Answer)
_meta = msgspec.json.Decoder(_EventMeta)


class Refused(Exception):
    """A frame that gets an error and does nothing."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass
class Resumable:
    """What a device may resume: the session it was given and the token that proves it."""

    session: str
    token: str
    exp_s: float


class Desk:
    """Handles the frames of all connections of one relay."""

    def __init__(self, policies: Policies, journal: Journal, calls: Calls, people: ConnectionManager) -> None:
        self._policies, self._journal, self._calls, self._people = policies, journal, calls, people
        self._resumable: dict[tuple[str, str], Resumable] = {}

    def take(self, source: Connection, data: str | bytes) -> None:
        """One frame. Bad input gets an error and harms nobody else."""
        if source.gone:
            return
        try:
            self._dispatch(source, data)
        except Refused as exc:
            source.post(error_frame(exc.code, str(exc)))

    def gone(self, leaving: Connection) -> None:
        """Its socket is closed, or another has taken its place: nobody will answer its calls, nor hear answers."""
        self._calls.drop_asked_by(leaving.number)
        for call in self._calls.take_asked_of(leaving.number):
            if self._policies[calls_at.OUTSTANDING].fails:
                self._fail(leaving, call)

    def _dispatch(self, source: Connection, data: str | bytes) -> None:
        if isinstance(data, bytes):
            raise Refused("invalid_json", "expected a text frame")
        try:
            frame = _envelope.decode(data)
        except (msgspec.MsgspecError, UnicodeError, RecursionError) as exc:
            whole = " - at " not in str(exc) and "required field" not in str(exc)
            raise Refused("invalid_json" if whole else "invalid_payload", str(exc)) from None
        if frame.type == "register":
            self._register(source, frame)
        elif not source.registered:
            raise Refused("auth_required", "the first frame must be register")
        elif frame.type == "event":
            self._event(source, frame)
        elif frame.type == "relay":
            self._call(source, frame)
        elif frame.type == "relay_response":
            self._reply(source, frame)
        elif frame.type != "heartbeat":
            raise Refused("unknown_message_type", f"no such message type: {frame.type[:64]}")

    # Registration ----------------------------------------------------------------------------------------------------

    def _register(self, source: Connection, frame: Envelope) -> None:
        asked = _part(_registration, frame.payload)
        device = device_id(asked.deviceId)
        if not device or (source.ws.device and source.ws.device != device):
            raise Refused("invalid_payload", "deviceId must be that of X-Device-ID")
        if source.registered:  # idempotent
            if source.device != device:
                raise Refused("invalid_payload", "this connection is registered for another device")
            source.post(self._registered(source))
            return
        source.device, source.device_name = device, asked.deviceName or device
        entered, replaced = self._people.add(source)
        if not entered:
            self._people.retire(source)
            return
        if replaced is not None:
            self.gone(replaced)
        known = self._resumable.get((source.user, device))
        expires_ms = int(source.ws.exp_s * 1000)
        if known is not None and self._may_resume(known, asked):
            source.session = known.session
            known.exp_s = source.ws.exp_s
            source.post({"type": "resumed", "sessionId": known.session, "expiresAt": expires_ms})
        else:
            source.session = protocol.new_id()
            self._resumable[source.user, device] = Resumable(source.session, protocol.new_id(), source.ws.exp_s)
            source.post(self._registered(source))
        self._people.greet(source)

    def _may_resume(self, known: Resumable, asked: Registration) -> bool:
        same = asked.sessionId == known.session and asked.resumeToken == known.token
        return same and known.exp_s * 1000 > protocol.now_ms()

    def _registered(self, source: Connection) -> protocol.Frame:
        token = self._resumable[source.user, source.device].token
        expires_ms = int(source.ws.exp_s * 1000)
        return {"type": "registered", "sessionId": source.session, "resumeToken": token, "expiresAt": expires_ms}

    # Events ----------------------------------------------------------------------------------------------------------

    def _event(self, source: Connection, frame: Envelope) -> None:
        event = frame.eventType or frame.messageType
        if not event:
            raise Refused("invalid_payload", "an event needs an eventType")
        if not self._policies[at.PUBLISHERS].may_publish(source.client_type, event):
            raise Refused("invalid_payload", f"a {source.client_type} may not publish {event[:64]}")
        payload = _object(frame.payload)
        data = encode(self._policies[ENVELOPE].frame(event, frame.payload, source.device, protocol.now_ms()))
        if len(data) > FRAME_CAP_BYTES:
            raise Refused("invalid_payload", "the event does not fit into a frame")
        head = event == protocol.SYNC_HEAD
        message = Message(data, event, _msg_of(payload), key=f"head:{source.device}" if head else None)
        if head:
            self._people.keep_head(source, message)
        count = self._people.broadcast_to_user_excluding(source.user, message, source.device)
        self._journal("deliver", event=event, msg=message.msg, count=count)

    # Calls -----------------------------------------------------------------------------------------------------------

    def _call(self, source: Connection, frame: Envelope) -> None:
        asked = _part(_relayed, frame.payload)
        if not asked.targetDeviceId:
            raise Refused("missing_target_device_id", "a relay frame needs a targetDeviceId")
        if not asked.payload.method:
            raise Refused("missing_method", "a call needs a method")
        if asked.payload.id is None:
            raise Refused("invalid_payload", "a call needs an id")
        corr, method = str(asked.payload.id), asked.payload.method
        target = device_id(asked.targetDeviceId)
        if self._policies[calls_at.REFUSED].enabled and corr in source.refused:
            self._journal("rpc", corr=corr, method=method, outcome="duplicate of a refused call")
            return
        request = {"method": method, "params": asked.payload.params, "correlationId": corr}
        data = encode({"type": "relay", "clientId": source.device, "request": request})
        if len(data) > FRAME_CAP_BYTES:
            raise Refused("invalid_payload", "the call does not fit into a frame")
        desktop = self._people.get(source.user, target)
        if desktop is not None and desktop.mailbox.try_send(Message(data)):
            source.forwarded.add(corr)
            self._calls.begin(source.number, desktop.number, corr, method)
            self._journal("rpc", corr=corr, method=method, outcome="forwarded")
            return
        self._refuse(source, corr, method, target)

    def _refuse(self, source: Connection, corr: str, method: str, target: str) -> None:
        """Not forwarded. A duplicate of a call that *was* forwarded must not look as if nothing ever left."""
        if corr in source.forwarded and self._policies[calls_at.REFUSED].enabled:
            error = RpcError("disconnected", "the call was forwarded before, then the path died").as_json()
        else:
            source.refused.add(corr)
            error = dict(self._policies[calls_at.REFUSAL].error(target))
        self._journal("rpc", corr=corr, method=method, outcome=error["code"])
        source.mailbox.try_send(Message(encode(protocol.reply_frame(source.device, corr, error=error))))

    def _reply(self, source: Connection, frame: Envelope) -> None:
        if not frame.clientId:
            raise Refused("invalid_payload", "an answer needs a clientId")
        answer = _part(_answer, frame.response)
        corr, client = str(answer.correlationId), device_id(frame.clientId)
        caller = self._people.get(source.user, client)
        call = self._calls.find(caller.number, corr, source.number) if caller is not None else None
        if caller is None or (call is None and self._policies[calls_at.ROUTING].by_call):
            self._journal("rpc", corr=corr, method=None, outcome="answer without a call")
            return
        data = encode({"type": "relay_response", "clientId": client, "response": frame.response})
        if len(data) > FRAME_CAP_BYTES:
            raise Refused("invalid_payload", "the answer does not fit into a frame")
        if call is not None and answer.isFinal:
            self._calls.finish(call)
        taken = caller.mailbox.try_send(Message(data))
        method = None if call is None else call.method
        self._journal("rpc", corr=corr, method=method, outcome="answered" if taken else "answer dropped")

    def _fail(self, leaving: Connection, call: Call) -> None:
        caller = self._people.by_number(leaving.user, call.caller)
        if caller is None:
            return
        error = RpcError("disconnected", "the call was forwarded, then the path to the desktop died").as_json()
        self._journal("rpc", corr=call.corr, method=call.method, outcome="disconnected")
        caller.mailbox.try_send(Message(encode(protocol.reply_frame(caller.device, call.corr, error=error))))

    def gauges(self) -> dict[str, int]:
        people = list(self._people.all())
        return {
            "connections": len(people),
            "pending": len(self._calls),
            "waiting": sum(len(connection.mailbox) for connection in people),
        }


def _object(raw: msgspec.Raw) -> bytes:
    data = bytes(raw)
    if not data.lstrip().startswith(b"{"):
        raise Refused("invalid_payload", "payload must be a JSON object")
    return data


def _part(decoder: msgspec.json.Decoder[Any], raw: msgspec.Raw) -> Any:
    try:
        return decoder.decode(raw)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as exc:
        raise Refused("invalid_payload", str(exc)) from None


def _msg_of(payload: bytes) -> str | None:
    """`sync.msg`, for the journal; nothing depends on it."""
    try:
        sync = _meta.decode(payload).sync
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return None
    return None if sync is None or sync.msg is None else str(sync.msg)
