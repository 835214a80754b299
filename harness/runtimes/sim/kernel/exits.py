"""How a simulated process ends when its program says so: by which code, and in which words.

What ends a process at once (`os._exit`, a signal to itself, another program in its place) would end the harness. It is
fenced. `sys.exit`, and whatever else raises SystemExit or KeyboardInterrupt anywhere in a node, ends that node alone.
"""

from __future__ import annotations

import traceback

from harness.runtimes.sim.kernel.guard import raised_at

_OF_AN_EXCEPTION, _OF_CTRL_C = 1, 130
_LONGEST = 200  # letters of what a program said at its end


def code_of(exc: BaseException | None) -> int:
    """The exit code of a process whose program ended with this exception, or with none."""
    if exc is None:
        return 0
    if isinstance(exc, KeyboardInterrupt):
        return _OF_CTRL_C
    if not isinstance(exc, SystemExit):
        return _OF_AN_EXCEPTION
    if exc.code is None:
        return 0
    return exc.code & 0xFF if isinstance(exc.code, int) else _OF_AN_EXCEPTION


def ended_itself(exc: SystemExit) -> str:
    """`ended itself with code 3 (rel.py:5)`, or with what it said."""
    is_code = exc.code is None or isinstance(exc.code, int)
    how = f"code {code_of(exc)}" if is_code else f'"{str(exc.code)[:_LONGEST]}"'
    return f"ended itself with {how}{raised_at(exc)}"


def told(exc: BaseException | None, at: str) -> str:
    """The end of a node's program in words that follow its name. `at`: the time, in words."""
    if exc is None:
        return f"ended by itself at {at}; a component runs for ever"
    if isinstance(exc, SystemExit):
        return f"{ended_itself(exc)} at {at}"
    if isinstance(exc, KeyboardInterrupt):
        return f"crashed: {type(exc).__name__}{raised_at(exc)} at {at}"
    return f"crashed at {at}:\n" + "".join(traceback.format_exception(exc)).rstrip()
