"""True runs of the hardened system, on the simulator, and what can be looked up in them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import pairwise
from typing import Any

from checkers.past.ledger import Ledger
from checkers.past.truth import JobTruth
from harness import plan, registry
from harness.history import History, Op, Rev, Tap
from harness.runs.run import execute
from harness.runtimes import Runtime
from harness.verdict import Verdict
from injections.edits import MS

TIMES = int(os.environ.get("HARNESS_FUZZ", "1"))
PLANS = {  # plan → seeds; the more, the rarer the places that only it has
    **dict.fromkeys(("quickstart", "fault-free", "nightly/lists", "nightly/fetches", "nightly/delay"), 1),
    **dict.fromkeys(("nightly/duplicate", "nightly/options-calm"), 1),
    **dict.fromkeys(("nightly/calls", "nightly/calls-again", "nightly/two-users", "nightly/options"), 2),
    **dict.fromkeys(("nightly/two-desktops", "nightly/sessions", "nightly/tokens", "nightly/quiet"), 3),
}
LONG_AGO = """
version: 1
title: A desktop is slow for a moment, and then left alone for long
duration: 9s
topology: two-mobiles
timing: fast
workload: {jobs: 12, rate: 40/s, mobile_rate: 1/s, spread: 8s, mix: {mobile: {list: 1, get: 1}}}
faults:
  - {action: delay, links: [desktop-1<->relay], at: 1s, for: 300ms, latency: 20ms}
settle: {quiesce: 500ms}
"""
_ON_SCREEN = ("row", "patch", "append")
_BUSY = frozenset({"link", "fetch", "trigger", "started", "background", "foreground", "open", "switch", "close"})
_SHOWN = ("scope", "listed")
BEFORE_NS, AFTER_NS = 60 * MS, 400 * MS  # a calm moment lasts from so long before it to so long after it

DOUBT_NS = 3_200 * MS  # so long after a fault a connection that it touched has proved to be alive, or has ended


@dataclass(frozen=True)
class Calm:
    """A moment at which a mobile's screen is open and listed, its link is up, and neither it nor the relay's view of it
    changes for a while. `op`: the last one of the mobile before it."""

    op: Op
    node: str
    time_ns: int
    conn: int
    visit: int
    desktop: str
    desktop_id: str
    number: int  # as the relay counts the desktop's connections

    def line(self, f: str, after_ns: int, value: dict[str, Any]) -> Op:
        """A line of its journal."""
        return Op(
            index=0,
            time_ns=self.time_ns + after_ns,
            process=f"{self.node}/journal",
            type="info",
            f=f,
            value=value,
            node=self.node,
            incarnation=self.op.incarnation,
        )

    def fetch(self, after_ns: int, corr: str, phase: str, **fields: Any) -> Op:
        line = {"corr": corr, "phase": phase, "visit": self.visit, **fields}
        return self.line("fetch", after_ns, line)

    def told(self, kind: str, after_ns: int, *, side: Any = "out", **fields: Any) -> Tap:
        """A message from the relay."""
        return Tap(
            **{
                "time_ns": self.time_ns + after_ns,
                "link": f"relay->{self.node}",
                "side": side,
                "conn": self.conn,
                "bytes": 100,
                "type": kind,
                "source": self.desktop_id,
                **fields,
            }
        )


class Scene:
    """A run that all checkers find right."""

    def __init__(self, name: str, seed: int, run: History) -> None:
        self.name, self.seed, self.run = name, seed, run
        self.nodes = run.header.nodes
        self.mobiles = [n for n, node in self.nodes.items() if node.get("role") == "mobile"]
        self.desktops = [n for n, node in self.nodes.items() if node.get("role") == "desktop"]

    def __repr__(self) -> str:
        return f"{self.name}, seed {self.seed}"

    @cached_property
    def ledger(self) -> Ledger:
        ledger = Ledger(self.run.header)
        for tap in self.run.taps:
            ledger.tap(tap)
        for op in self.run.ops:
            ledger.feed(op)
        return ledger

    def job(self, op: Op) -> JobTruth | None:
        """The job that an observation or an answer is about, as it was in the end."""
        return self.ledger.job_of(op.node or "", op)

    def ops(self, *fs: str) -> Iterator[Op]:
        return (op for op in self.run.ops if op.f in fs)

    def observed(self, *kinds: str) -> Iterator[Op]:
        return (op for op in self.ops("observe") if op.value["kind"] in (kinds or _ON_SCREEN))

    def later(self, op: Op) -> Iterator[Op]:
        return (other for other in self.run.ops[op.index + 1 :])

    @property
    def last(self) -> Op:
        return self.run.ops[-1]

    def disturbed(self, time_ns: int) -> bool:
        """Is a fault at work?"""
        before = [op for op in self.ops("fault-begin", "fault-heal") if op.time_ns <= time_ns]
        return sum(1 if op.f == "fault-begin" else -1 for op in before) > 0

    def sure(self, time_ns: int) -> bool:
        """Has no fault left it in doubt whether a connection is alive?"""
        healed = [op.time_ns for op in self.ops("fault-heal") if op.time_ns < time_ns]
        return not self.disturbed(time_ns) and time_ns - max(healed, default=-DOUBT_NS) >= DOUBT_NS

    @cached_property
    def finals(self) -> dict[str, Op]:
        return {str(op.node): op for op in self.ops("final")}

    def first_final(self) -> Op:
        return next(self.ops("final"))

    def head(self, desktop: str) -> Op:
        """The last commit of a desktop that was answered by ok."""
        return [op for op in self.ops("commit") if op.node == desktop and op.type == "ok"][-1]

    # ---- calm moments -----------------------------------------------------------------------------------------------

    @cached_property
    def calm(self) -> list[Calm]:
        return [calm for node in self.mobiles for calm in self._calm(node)]

    def _calm(self, node: str) -> Iterator[Calm]:
        desktop = self.ledger.active_desktop(node)
        if desktop is None:
            return
        device = str(self.nodes[desktop]["device_id"]).lower()
        taps = [t for t in self.run.taps if t.link == f"relay->{node}"]
        loud = [t.time_ns for t in taps if t.type in ("sync:gap", "presence", "registered", "resumed")]
        busy = [op for op in self.run.ops if self._touches(op, node, device)]
        times = sorted([*(op.time_ns for op in busy), *loud, self.first_final().time_ns])
        for at, then in pairwise(times):
            for now_ns in list(range(at + BEFORE_NS, then - AFTER_NS, BEFORE_NS + AFTER_NS))[:3]:
                state = self._state(node, desktop, device, now_ns)
                conns = [t.conn for t in taps if t.time_ns <= now_ns and t.type in ("registered", "resumed")]
                if state is not None and conns:
                    op, visit, number = state
                    yield Calm(op, node, now_ns, conns[-1], visit, desktop, device, number)

    def _touches(self, op: Op, node: str, device: str) -> bool:
        if op.f in ("fault-begin", "fault-heal", "started", "drop"):
            return True
        if op.f == "conn":
            return op.value.get("device") in (device, self.nodes[node].get("device_id"))
        return op.node == node and (op.f in _BUSY or (op.f == "observe" and op.value["kind"] in _SHOWN))

    def _state(self, node: str, desktop: str, device: str, now_ns: int) -> tuple[Op, int, int] | None:
        """Its last op, its visit, its desktop's connection; None when its screen or its link is not up, or a fault
        is at work."""
        registered = listed = False
        visit, last, faults, number = 0, None, 0, 0
        for op in self.run.ops:
            if op.time_ns > now_ns:
                break
            if op.f in ("fault-begin", "fault-heal"):
                faults += 1 if op.f == "fault-begin" else -1
            elif op.f == "conn" and op.value.get("device") == device:
                number = op.value["conn"] if op.value["state"] == "registered" else 0
            elif op.node != node:
                continue
            elif op.f == "link":
                registered = op.value["state"] == "registered"
            elif op.f == "started":
                registered = listed = False
            elif op.f == "observe" and op.value["kind"] in _SHOWN:
                listed, visit = op.value["kind"] == "listed", op.value["visit"]
            last = op if op.node == node else last
        return (last, visit, number) if last and registered and listed and not faults and number else None


@lru_cache
def scenes() -> list[Scene]:
    """Those of `PLANS`, and one more; with HARNESS_FUZZ, as many times more."""
    runtime: Runtime = registry.find("runtime", "sim")
    found = []
    own = {"long-ago": (plan.parse(LONG_AGO, "long-ago"), 1)}
    for name, (words, seeds) in ({name: (plan.load(name), seeds) for name, seeds in PLANS.items()} | own).items():
        for seed in range(seeds * TIMES):
            schedule = plan.expand(words, seed, profile="hardened", runtime_verbs=runtime.VERBS)
            result = execute(schedule, runtime)
            assert result.verdict is Verdict.VALID and result.history is not None, (name, seed, result.signatures)
            found.append(Scene(name, seed, result.history))
    return found


# ---- sites that several injections share -----------------------------------------------------------------------------


def rows(scene: Scene) -> Iterator[Op]:
    """Whole rows that say of which revision they are."""
    return (op for op in scene.observed("row") if op.rev is not None)


def revised(op: Op, n: int) -> Rev:
    assert op.rev is not None
    return Rev(op.rev.desktop, n)


def appends(scene: Scene) -> Iterator[Op]:
    """Chunks that have bytes and say where they stand."""
    for op in scene.observed("append"):
        if op.rev is not None and op.value.get("length") and op.value.get("end") is not None:
            yield op


def calm(scene: Scene) -> list[Calm]:
    return scene.calm


def sure(scene: Scene) -> list[Calm]:
    return [at for at in scene.calm if scene.sure(at.time_ns)]


def in_peace(scene: Scene) -> Iterator[Calm]:
    """Nothing has happened to any connection for long."""
    for at in sure(scene):
        soon = [op for op in scene.ops("link", "started") if 0 <= at.time_ns - op.time_ns <= 150 * MS]
        if not soon and not any(op.f == "fault-heal" and op.time_ns > at.time_ns - DOUBT_NS for op in scene.run.ops):
            yield at


def without_events(scene: Scene) -> list[Calm]:
    """Calm moments at which no event comes."""
    comes = [t for t in scene.run.taps if t.side == "out" and t.type.startswith("job:")]
    return [
        at
        for at in scene.calm
        if not any(t.link == f"relay->{at.node}" and 0 <= t.time_ns - at.time_ns < BEFORE_NS for t in comes)
    ]
