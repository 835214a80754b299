"""What a dialect is: how the components of a system spell the protocol (`harness.wire.dialects`)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from harness.wire.classify import UNREADABLE, Classified

PLAIN = "jobsync"  # the reference's own words
_MISTAKES = (ValueError, TypeError, LookupError, AttributeError, RecursionError, ArithmeticError)


class Dialect(Protocol):
    """A frame is the payload of one whole message, as it passes: text in UTF-8, or whatever a binary one holds."""

    @property
    def NAME(self) -> str: ...

    @property
    def SUMMARY(self) -> str:
        """One line, for `harness list dialects`."""
        ...

    def classify(self, frame: bytes) -> Classified:
        """What the frame is about, in the words of the reference; `UNREADABLE` for what cannot be read."""
        ...

    def to_reference(self, frame: bytes) -> bytes | None:
        """The frame in the words of the reference; None when it cannot be read, nothing (`b""`) for a frame that the
        reference does not have, and that is to reach nobody who speaks as it does."""
        ...

    def from_reference(self, frame: bytes) -> bytes | None:
        """A frame of the reference in the words of this dialect; None and nothing as above."""
        ...


def classified(dialect: Dialect, frame: bytes) -> Classified:
    """Never raises: a frame that its dialect stumbles over passes and counts like one that cannot be read."""
    try:
        return dialect.classify(frame)
    except _MISTAKES:
        return UNREADABLE


def referred(dialect: Dialect, frame: bytes) -> bytes:
    """The frame in the words of the reference, or as it is. Never raises."""
    return _translated(dialect.to_reference, frame)


def interpreted(dialect: Dialect, frame: bytes) -> bytes:
    """A frame of the reference in the words of the dialect, or as it is. Never raises."""
    return _translated(dialect.from_reference, frame)


def _translated(translate: Callable[[bytes], bytes | None], frame: bytes) -> bytes:
    try:
        said = translate(frame)
    except _MISTAKES:
        return frame
    return frame if said is None else said
