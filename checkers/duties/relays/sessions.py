"""The relay names a new session as no other: who resumes by a name that two have may be taken for somebody else."""

from __future__ import annotations

from checkers.duties.clients.sockets import Wrong
from harness.history import Op, Tap

GRANTED = ("registered", "resumed")
Place = tuple[str, int]  # link and connection, as taps count them


class Sessions:
    """A registration that is granted again on one connection keeps its session; so does one that is resumed.

    A relay that names no sessions at all (the field is missing) is not judged.
    """

    def __init__(self) -> None:
        self._held: dict[str, dict[Place, Tap]] = {}  # session → the connections that were granted it

    def granted(self, tap: Tap, last: Op) -> Wrong | None:
        """What is wrong with a `registered` that leaves the relay. `last`: what was journaled before it."""
        if tap.msg is None:
            return None
        whom, here = tap.link.rpartition("->")[2], (tap.link, tap.conn)
        if not tap.msg:
            return Wrong("session-shared", whom, last, "was granted a session without a name", (last,))
        places = self._held.setdefault(tap.msg, {})
        before = next(iter(places.values()), tap)
        known = here in places or not places or tap.type == "resumed"
        places[here] = tap
        if known:
            return None
        other = before.link.rpartition("->")[2]
        what = f"was granted, as a new one, the session {tap.msg} that {other} had been granted before"
        return Wrong("session-shared", whom, last, what, (last,))
