"""Every message of every link, seen where it enters the link's faults and where it leaves them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Literal

from harness.history import Tap
from harness.runtimes.sim.net.links import Link
from harness.wire.classify import UNREADABLE, Classified
from harness.wire.dialect import Dialect, classified, referred
from harness.wire.splitter import Kind, Piece, Splitter


class Witness:
    """Where taps go, if anybody wants them. It is shut before the world is torn down."""

    def __init__(
        self, tap: Callable[[Tap], None] | None, now_ns: Callable[[], int], with_payload: bool, dialect: Dialect
    ) -> None:
        self._tap, self._now_ns, self._with_payload = tap, now_ns, with_payload
        self._dialect = dialect
        self.shut = False
        self.blind: set[str] = set()  # directions that are none of the topology's

    def about(self, payload: bytes) -> Classified:
        return classified(self._dialect, payload)

    def see(self, link: str, side: Literal["in", "out"], conn: int, payload: bytes, seen: Classified) -> None:
        if self.shut or self._tap is None or link in self.blind:
            return
        kind, job, msg, source = seen
        text = referred(self._dialect, payload).decode("utf-8", "replace") if self._with_payload else None
        self._tap(
            Tap(
                time_ns=self._now_ns(),
                link=link,
                side=side,
                conn=conn,
                bytes=len(payload),
                type=kind,
                job=job,
                msg=msg,
                source=source,
                payload=text,
            )
        )


class Watch:
    """One direction of one connection. What leaves is parsed anew; only reading its content twice is saved."""

    __slots__ = ("_conn", "_link", "_out", "_under_way", "_witness")

    def __init__(self, witness: Witness, link: Link, conn: int) -> None:
        self._witness, self._link, self._conn = witness, link, conn
        self._out = Splitter()
        self._under_way: deque[tuple[bytes, bytes, Classified]] = deque()

    def sent(self, piece: Piece) -> tuple[bytes, Classified]:
        """A message enters the link: its payload, and what it is about."""
        payload = piece.payload
        seen = UNREADABLE if piece.compressed else self._witness.about(payload)
        self._link.messages_sent += 1
        self._witness.see(self._link.name, "in", self._conn, payload, seen)
        return payload, seen

    def put(self, raw: bytes, payload: bytes, seen: Classified) -> None:
        """A message, or a copy of one, is put behind what is under way."""
        self._under_way.append((raw, payload, seen))

    def delivered(self, data: bytes) -> None:
        """Bytes arrive at the receiver's socket. What is one whole message as it was sent need not be parsed anew."""
        under_way = self._under_way
        if under_way and under_way[0][0] == data and self._out.whole and not self._out.opaque:
            self._link.messages_delivered += 1
            _, payload, seen = under_way.popleft()
            self._witness.see(self._link.name, "out", self._conn, payload, seen)
            return
        for piece in self._out.feed(data):
            if piece.kind is Kind.MESSAGE:
                self._link.messages_delivered += 1
                self._witness.see(self._link.name, "out", self._conn, *self._recognise(piece))

    def _recognise(self, piece: Piece) -> tuple[bytes, Classified]:
        if self._under_way:
            raw, payload, seen = self._under_way.popleft()
            if raw == piece.raw:
                return payload, seen
        payload = piece.payload
        return payload, UNREADABLE if piece.compressed else self._witness.about(payload)
