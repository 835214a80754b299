"""A node that ended although no fault of the plan ended it, the line `exited` in its journal; and one that broke down:
over an operation, which it answers by the code `crashed`, or in a task of its own, the line `crashed` in its journal.

`{code, by, said}`: its exit code, `itself` or `outside` (a person, the engine, the kernel), and what is known of why.
"""

from __future__ import annotations

from harness.history import Op

EXITED = "exited"
CRASHED = "crashed"
OUTSIDE = "outside"


def is_by_itself(op: Op) -> bool:
    """Did its program end it? What somebody else ended is no defect of it."""
    return not (isinstance(op.value, dict) and op.value.get("by") == OUTSIDE)


def sentence(op: Op, origin_ns: int) -> str:
    """`relay exited with code 137 at 6.2 s; no fault of the plan did that`."""
    how = " by itself" if is_by_itself(op) else ""
    return f"{op.node} exited{how} with code {code(op)} at {_at(op, origin_ns)}; no fault of the plan did that"


def in_full(op: Op, origin_ns: int) -> str:
    """The sentence, and what is known of why."""
    return f"{sentence(op, origin_ns)}: {said(op)}" if said(op) else sentence(op, origin_ns)


def code(op: Op) -> int | None:
    found = op.value.get("code") if isinstance(op.value, dict) else None
    return found if isinstance(found, int) else None


def said(op: Op) -> str:
    """What is known of why; may be empty."""
    found = op.value.get("said") if isinstance(op.value, dict) else None
    return found if isinstance(found, str) else ""


def _at(op: Op, origin_ns: int) -> str:
    return f"{(op.time_ns - origin_ns) / 1e9:.1f} s"


def crash(op: Op) -> str | None:
    """What broke inside of a program, in its own words; None: nothing did."""
    if op.f == CRASHED:
        return said(op) or "it does not say how"
    error = op.error if isinstance(op.error, dict) else {}
    return str(error.get("message") or "it does not say how") if error.get("code") == CRASHED else None
