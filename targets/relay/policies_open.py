"""What the document leaves open about the relay although it changes outcomes: the profiles agree, variants differ."""

from __future__ import annotations

from typing import Any, Protocol

from targets.policy import Slot
from targets.protocol import Frame

# Delivery ----------------------------------------------------------------------------------------------------------


class DeliveryOrder(Protocol):
    shuffles: bool  # of events that wait together, any may leave first


class InOrder:
    """Document, "WebSocket Delivery": `ws_addr.try_send(RelayMessage)`; an actor's mailbox is a queue."""

    shuffles = False


class AnyOrder:
    """Bursts leave the mailbox in any order, as with actors that handle each message in a task of its own."""

    shuffles = True


_IN_ORDER = InOrder()
DELIVERY: Slot[DeliveryOrder] = Slot(
    "transport.delivery-order", _IN_ORDER, _IN_ORDER, role="relay", variants={"any": AnyOrder()}
)


class Absent(Protocol):
    kept: int  # events that are kept for a device that was here and is not


class NothingKept:
    """Document, "Server Relay": `broadcast_to_user_excluding` sends to the devices that are connected; nothing is said
    of those that are not."""

    kept = 0


class KeepsSixteen:
    """The last sixteen events are kept for each device that was connected before, and sent when it is back."""

    kept = 16


class RelayedEnvelope(Protocol):
    def frame(self, event: str, payload: Any, source: str, timestamp_ms: int) -> Frame: ...


class AsDeviceMessage:
    """Document, "Data Flow Sequence": `DeviceMessage { messageType, payload, sourceDeviceId, timestamp }`."""

    def frame(self, event: str, payload: Any, source: str, timestamp_ms: int) -> Frame:
        return {
            "messageType": event,
            "payload": payload,
            "targetDeviceId": None,
            "sourceDeviceId": source,
            "timestamp": timestamp_ms,
        }


class AsRelayEvent:
    """Document, "Event Routing": the other form that a mobile understands, `relay_event`."""

    def frame(self, event: str, payload: Any, source: str, timestamp_ms: int) -> Frame:
        said = {"eventType": event, "payload": payload, "sourceDeviceId": source, "timestamp": timestamp_ms}
        return {"type": "relay_event", **said}


_NOTHING = NothingKept()
ABSENT: Slot[Absent] = Slot(
    "transport.absent-devices", _NOTHING, _NOTHING, role="relay", variants={"sixteen": KeepsSixteen()}
)
_DEVICE_MESSAGE = AsDeviceMessage()
ENVELOPE: Slot[RelayedEnvelope] = Slot(
    "transport.relayed-envelope",
    _DEVICE_MESSAGE,
    _DEVICE_MESSAGE,
    role="relay",
    variants={"relay-event": AsRelayEvent()},
)
