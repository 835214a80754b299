"""The desktop's own event bus: whoever subscribed to a name gets its events, at once and in order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

DEVICE_LINK_EVENT = "device-link-event"

Listener = Callable[[dict[str, Any]], None]


class Bus:
    def __init__(self) -> None:
        self._listeners: dict[str, list[Listener]] = {}

    def listen(self, name: str, listener: Listener) -> None:
        self._listeners.setdefault(name, []).append(listener)

    def emit(self, name: str, payload: dict[str, Any]) -> None:
        for listener in self._listeners.get(name, ()):
            listener(payload)
