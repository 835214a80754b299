"""What a relay says of who is there goes forward: its count grows whenever a device comes back."""

from __future__ import annotations

from checkers.traffic.merged import who_chose
from harness.history import Header, Tap

PRESENCE = "presence"  # its name is STATE/BOOT/COUNT
_ANY = "transport.delivery-order"  # who chooses it promises no order

_Of = tuple[str, int, str, str]  # link, connection, device, the relay's boot


class Presences:
    """`left` is told of every presence that leaves a relay. One that names no number is not judged."""

    def __init__(self, header: Header) -> None:
        self._ordered = not who_chose(header, _ANY)
        self._known: dict[_Of, tuple[bool, int]] = {}  # (online, count), as it was told last

    def left(self, tap: Tap) -> str | None:
        """What it had told before on this connection that this one contradicts."""
        state, _, rest = (tap.msg or "").partition("/")
        boot, _, number = rest.rpartition("/")
        if not self._ordered or tap.source is None or not number.isdecimal() or len(number) > 18:
            return None
        key, online, count = (tap.link, tap.conn, tap.source, boot), state == "online", int(number)
        before = self._known.get(key)
        self._known[key] = (online, count)
        if before is None or count > before[1] or (count == before[1] and (before[0] or not online)):
            return None
        return f"{'online' if before[0] else 'offline'} as number {before[1]} before, and now {state} as number {count}"
