"""What the document leaves open about the desktop although it changes outcomes: the profiles agree, variants differ."""

from __future__ import annotations

from typing import Protocol

from targets.policy import Slot


class OfflineQueue(Protocol):
    keeps: bool  # events of the time in which the link is down


class Lost:
    """Document, "Event Listening": `device-link-event` is listened to and sent on; nothing is said of a dead link."""

    keeps = False


class Kept:
    """Events wait for the link and are sent when it is back, however old they are by then."""

    keeps = True


class EventEnvelope(Protocol):
    key: str  # of a frame, under which the event's type stands


class AsEventType:
    """Document, "Event Type Extraction": `eventType` is the new name."""

    key = "eventType"


class AsMessageType:
    """The other name, which the document calls legacy."""

    key = "messageType"


_LOST = Lost()
OFFLINE: Slot[OfflineQueue] = Slot("transport.offline-queue", _LOST, _LOST, role="desktop", variants={"kept": Kept()})
_EVENT_TYPE = AsEventType()
ENVELOPE: Slot[EventEnvelope] = Slot(
    "transport.event-envelope", _EVENT_TYPE, _EVENT_TYPE, role="desktop", variants={"message-type": AsMessageType()}
)
