"""Where the relay's profiles differ: calls. `documented` objects cite the document's section."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from targets.policy import Slot

# Calls ---------------------------------------------------------------------


class Refusal(Protocol):
    def error(self, target: str) -> Mapping[str, Any]: ...


class RelayFailed:
    """Document: silent; `send_to_device` fails and its caller is told so, but not that nothing was forwarded."""

    def error(self, target: str) -> Mapping[str, Any]:
        return {"code": "relay_failed", "message": f"device {target} could not be reached"}


class DesktopOffline:
    """A call that cannot be forwarded is answered `desktop_offline` at once, which is definite. Without it the
    caller cannot tell a call that never left the relay from one whose answer was lost."""

    def error(self, target: str) -> Mapping[str, Any]:
        return {"code": "desktop_offline", "message": f"device {target} is not connected; nothing was forwarded"}


REFUSAL: Slot[Refusal] = Slot("rpc.desktop-offline", RelayFailed(), DesktopOffline(), role="relay")


class Memory(Protocol):
    enabled: bool


class NoMemory:
    """Document: silent; a refused call is forgotten."""

    enabled = False


class RefusedMemory:
    """The ids of calls the relay refused are remembered for the connection's life, and their late duplicates dropped.
    Without it a cancel that was refused as "desktop offline" takes effect when its duplicate meets the desktop."""

    enabled = True


REFUSED: Slot[Memory] = Slot("rpc.refused-memory", NoMemory(), RefusedMemory(), role="relay")


class Outstanding(Protocol):
    fails: bool


class LeftWaiting:
    """Document: silent; whoever waits for a desktop that went away waits for his time-out."""

    fails = False


class FailedAtDisconnect:
    """Calls forwarded to a desktop whose connection ends are answered `disconnected`. Without it every one of them
    hangs until its time-out."""

    fails = True


OUTSTANDING: Slot[Outstanding] = Slot(
    "rpc.disconnected", LeftWaiting(), FailedAtDisconnect(), role="relay", masked_by="the call's time-out"
)


class Routing(Protocol):
    by_call: bool


class RouteByClient:
    """Document, "Server Relay": an answer goes to the device it names, whoever asked and however often."""

    by_call = False


class RouteByCall:
    """An answer goes to the connection whose call it answers, once. Without it a duplicated or late answer reaches
    a connection that never asked."""

    by_call = True


ROUTING: Slot[Routing] = Slot("rpc.routed-once", RouteByClient(), RouteByCall(), role="relay")
