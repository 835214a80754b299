"""One writer, growing versions: one pass, and no memory but for the calls under way.

The *versioned* specification: a read gives the version of the latest write before it, and the writer's n-th write comes
after all before it even if that one never returned. (As a plain register a write that crashed could take effect after
its successor.) Then a read may return any version between the greatest that was complete when it was called and the
greatest that was called when it returns.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal, Protocol

METHOD = "single writer"


class Line(Protocol):
    """One event as a file tells it."""

    @property
    def process(self) -> Any: ...
    @property
    def type(self) -> Literal["invoke", "ok", "fail", "info"]: ...
    @property
    def f(self) -> str: ...
    @property
    def value(self) -> Any: ...


class NotVersioned(ValueError):
    """Not a history of one writer with growing whole numbers: another method must decide."""


def explains(lines: Iterable[Line]) -> int | None:
    """None: linearizable. Else the number, from 0, of the event at which it fails: a read that returns there.

    Raises `NotVersioned`. A write's failure is taken for "it did not happen", an `info` for "it may have".
    """
    complete = called = 0
    lowest: dict[Any, int] = {}  # process → what was complete when its read was called
    writer: Any = None
    writing = False
    for number, line in enumerate(lines):
        type_ = line.type
        if line.f == "read":
            if type_ == "invoke":
                lowest[line.process] = complete
            elif type_ == "ok":
                value = line.value or 0
                low = lowest.pop(line.process, None)
                if type(value) is not int or low is None:
                    raise NotVersioned
                if not low <= value <= called:
                    return number
                if value > complete:  # noqa: PLR1730  # a call costs more than all the rest
                    complete = value
        elif line.f != "write" or type(line.value) is not int:
            raise NotVersioned
        elif type_ == "invoke":
            if writing or line.value <= called or (writer is not None and writer != line.process):
                raise NotVersioned
            called, writer, writing = line.value, line.process, True
        elif type_ == "ok":
            writing = False
            complete = called  # what it returns is what it was called with, whatever the line repeats
        else:
            raise NotVersioned
    return None
