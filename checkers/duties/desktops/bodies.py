"""An event that is to carry the whole text is not smaller than it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from checkers import Hears
from checkers.traffic.merged import who_chose
from harness.history import Header, Op, Tap

_TYPE = "job:finalized"
_PAYLOAD = "option.payload"  # who chooses it may leave out what did not change


@dataclass(frozen=True, slots=True)
class _Asked:
    op: Op
    desktop: str
    rev: int
    msg: str
    length: int  # of the text, in bytes


class Bodies:
    """What was asked for, as what it was emitted, and how large that was on the wire. Nothing else is asked of it."""

    HEARS: ClassVar[Hears] = {"in": (_TYPE,)}

    def __init__(self, header: Header) -> None:
        self._shaped = who_chose(header, _PAYLOAD)
        self._names: dict[tuple[str | None, str], str] = {}  # (desktop, revision) → the message's own name
        self._bytes: dict[tuple[str, str], int] = {}  # (desktop, message) → as it left
        self._asked: list[_Asked] = []

    def emitted(self, op: Op) -> None:
        if isinstance(op.value, dict) and op.value.get("bus") == "link":
            self._names[op.node, str(op.value.get("rev"))] = str(op.value.get("msg"))

    def restarted(self, desktop: str) -> None:
        """What a former store numbered is no event of this one."""
        self._names = {key: msg for key, msg in self._names.items() if key[0] != desktop}

    def tap(self, tap: Tap) -> None:
        if tap.msg is not None:
            self._bytes.setdefault((tap.link.partition("->")[0], tap.msg), tap.bytes)

    def answered(self, asked: Op, desktop: str, n: int, length: int) -> None:
        value = asked.value if isinstance(asked.value, dict) else {}
        msg = self._names.get((desktop, str(n)))
        if asked.f == "finalize" and value.get("body") is True and msg is not None and desktop not in self._shaped:
            self._asked.append(_Asked(asked, desktop, n, msg, length))

    def missing(self) -> Iterator[tuple[Op, str]]:
        for one in self._asked:
            size = self._bytes.get((one.desktop, one.msg))
            if size is not None and size < one.length:
                yield one.op, f"told revision {one.rev} in {size} bytes, which was to carry a text of {one.length}"
