"""The components as processes of this machine, each at a loopback address of its own, with a real Toxiproxy between.

`grounds` (processes as programs), by `spawned` (one of them) and `loopback` (its addresses) · `leftovers`.

May use: `harness/runtimes`, `harness/runtimes/sockets`, `harness/runtimes/toxiproxy`, `harness`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import ClassVar, TypeVar

from harness.runtimes import Check, Ended, RunSpec, Runtime, Stage
from harness.runtimes.process import leftovers, loopback
from harness.runtimes.process.grounds import ProcessGrounds
from harness.runtimes.sockets import certificates
from harness.runtimes.sockets.grounds import Grounds
from harness.runtimes.sockets.layout import Layout
from harness.runtimes.sockets.playing import play_on
from harness.runtimes.sockets.stage import VERBS, WHY_NOT
from harness.runtimes.toxiproxy import server as tools

T = TypeVar("T")


class ProcessRuntime:
    NAME: ClassVar[str] = "process"
    SUMMARY: ClassVar[str] = "real processes on loopback addresses of this machine, real Toxiproxy; needs no Docker"
    VERBS: ClassVar[frozenset[str]] = VERBS
    KINDS: ClassVar[frozenset[str]] = frozenset({"builtin", "module", "command", "external"})
    WHY_NOT: ClassVar[Mapping[str, str]] = WHY_NOT

    def missing(self) -> Sequence[str]:
        """The Toxiproxy server is built on the way, if it can be."""
        return [*loopback.trouble(), *tools.toxiproxy_trouble()]

    def execute(self, spec: RunSpec, play: Callable[[Stage], Awaitable[T]]) -> tuple[T, Ended]:
        """See `Runtime`. Ctrl-C cancels `play` once and raises KeyboardInterrupt when every process has ended."""
        return play_on(ProcessGrounds, spec, play)

    def place(self, spec: RunSpec) -> tuple[Grounds, Layout]:
        """See `PlacesPrograms`."""
        grounds = ProcessGrounds(spec, lambda *death: None)
        return grounds, grounds.placed()

    def tls_trouble(self) -> str | None:
        """See `SpeaksTls`."""
        return certificates.trouble()

    # ---- optional powers: see harness.runtimes --------------------------------------------------------------------

    def diagnose(self) -> list[Check]:
        left = leftovers.found()
        told = f"processes {', '.join(str(one.pid) for one in left)} of dead runs" if left else "none"
        return [Check("left processes", not left, told, "run `harness doctor --sweep`", is_leftover=True)]

    def sweep(self, note: Callable[[str], None]) -> list[str]:
        return leftovers.sweep(note)


RUNTIME: Runtime = ProcessRuntime()
