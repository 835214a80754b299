"""The commands, one file each: `harness NAME` is `harness/cli/NAME.py`, which defines `command`.

A command returns its exit code (None is 0) and raises whatever goes wrong; `main` alone decides what a person sees of
an exception and which code a script gets. What commands share stands in rooms: `telling` (how they speak) · `naming`
(what there is, in its own words) · `asking` (what users type) · `one` and `many` (runs) · `linear` (`check --model`).

May use: all of the engine, `harness/cli/asking`, `harness/cli/linear`, `harness/cli/many`, `harness/cli/naming`,
`harness/cli/one`, `harness/cli/telling`, `checkers/linearizability`, `checkers/notation`, `targets/profiles`,
`faults`, `targets`.
"""

from __future__ import annotations

import signal
import sys
import threading

from harness.cli._brought import brought
from harness.interruption import keep_interruptions
from harness.plugins import BadPlugin


def main(argv: list[str] | None = None) -> None:
    """The entry point of `harness`: exits with the code that the table of `harness --help` promises."""
    words = sys.argv[1:] if argv is None else argv
    with brought(words):
        sys.exit(_run(words))


def _run(words: list[str]) -> int:
    try:
        if threading.current_thread() is threading.main_thread():
            keep_interruptions()
        from harness.cli import _commands  # noqa: PLC0415 - Ctrl-C while all of it is loading is no traceback either
    except BadPlugin as exc:
        sys.stderr.write(f"error: {exc}\n")
        return 254
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        sys.stderr.write("note: stopped before anything began\n")
        return 130
    return _commands.run(words)
