"""One run from the inside: wait until clients are registered, play the script among the faults, heal, settle, read.

Everything here runs on the runtime's loop and by its clock. A fault is a scope that this module enters and leaves; all
of them are healed when the script's time is over, on Ctrl-C, and when anything here fails.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from faults import Effect, Fault, Occurrence
from harness import registry
from harness.history import Header
from harness.runs.moments import Moments
from harness.runs.recorder import OPS_CAP, Recorder
from harness.runtimes import Outcome, Probe, ProbeLost, Stage, Stalled
from harness.schedule import FaultAt, Schedule, Step
from targets.timing import Timing

_READY_FLOOR_S = 20.0  # a loaded machine may take this long to let three programs register
_POLLS_PER_CONVERGE = 12

Settled = Callable[[Header, Mapping[str, Any]], bool]


class NotReady(Exception):
    """The system did not come up; the message says which nodes never registered."""


class Conductor:
    """Plays one schedule on one stage and records it."""

    def __init__(
        self,
        schedule: Schedule,
        recorder: Recorder,
        *,
        header: Callable[[Stage], Header],
        settled: Settled,
        note: Callable[[str], None],
    ) -> None:
        self._schedule = schedule
        self._recorder = recorder
        self._make_header = header
        self._settled = settled
        self._note = note
        self._timing = Timing().scaled(schedule.system.timing_scale)
        self._incarnations: dict[str, int] = {}
        self._screens: dict[str, dict[str, Any] | None] = {}  # mobile → the scope that its user has open
        self._moments = Moments()
        self._known: dict[str, int] = {}  # node → its incarnation when the screen was opened last

    async def play(self, stage: Stage) -> None:
        """The whole run; one that talks without end is stopped before it has eaten the memory.

        Raises `NotReady`, `StoreProblem` or `Stalled`; whatever was recorded until then stands.
        """
        playing = asyncio.current_task()
        assert playing is not None
        self._recorder.when_overfull = playing.cancel
        try:
            await self._play(stage)
        except asyncio.CancelledError:
            if not self._recorder.overfull:
                raise
            playing.uncancel()
            said = f"livelock: more than {OPS_CAP:,} ops or messages by t={stage.now_ns() / 1e9:.3f} s"
            raise Stalled("livelock", said) from None
        finally:
            self._recorder.when_overfull = None

    async def _play(self, stage: Stage) -> None:
        self._recorder.bind_clock(stage.now_ns)
        self._recorder.begin(self._make_header(stage))
        await self._until_registered(stage)
        origin_ns = stage.now_ns()
        self._listen()
        calls = self._start_clients(stage, origin_ns)
        try:
            self._note("faults and workload")
            await self._inject_all(stage, origin_ns)
            await _sleep_until(stage, origin_ns + self._schedule.duration_ns)
            self._recorder.raise_problem()
            self._note("healed; settling")
            await asyncio.sleep(self._schedule.quiesce_ns / 1e9)
            await self._converge(stage)
        finally:
            await _cancelled(calls)
        await self._read_finals(stage)

    # ---- start ------------------------------------------------------------------------------------------------------

    async def _until_registered(self, stage: Stage) -> None:
        """Poll until every client says it is registered."""
        timing = self._timing
        limit_s = max(_READY_FLOOR_S, 4 * (timing.upgrade_s + timing.register_s + timing.backoff_max_s))
        deadline_ns = stage.now_ns() + round(limit_s * 1e9)
        waiting = [n.name for n in self._schedule.system.nodes if n.role != "relay"]
        while waiting:
            waiting = [name for name in waiting if not await _registered(stage.probes[name])]
            if not waiting:
                return
            if stage.now_ns() > deadline_ns:
                raise NotReady(f"never registered within {limit_s:.0f} s: {', '.join(waiting)}")
            await asyncio.sleep(0.05)

    # ---- clients ----------------------------------------------------------------------------------------------------

    def _start_clients(self, stage: Stage, origin_ns: int) -> list[asyncio.Task[None]]:
        """One task per logical client, each sequential, in the order of the script."""
        scripts: dict[str, list[Step]] = {}
        for step in self._schedule.steps:
            scripts.setdefault(step.process, []).append(step)
        return [
            asyncio.create_task(self._client(stage, origin_ns, process, steps), name=f"client {process}")
            for process, steps in scripts.items()
        ]

    async def _client(self, stage: Stage, origin_ns: int, process: str, steps: list[Step]) -> None:
        """Call after call; one that comes too late (after the faults healed) is not begun at all."""
        end_ns = origin_ns + self._schedule.duration_ns
        for step in steps:
            await _sleep_until(stage, origin_ns + step.at_ns)
            if stage.now_ns() > end_ns:
                return
            await self._call(stage, process, step)

    async def _call(self, stage: Stage, process: str, step: Step) -> None:
        name = self._process_name(process)
        job = step.value.get("jobId")
        if step.f in ("open", "switch", "close"):
            self._screens[step.node] = dict(step.value) if step.f != "close" else None
        self._recorder.op(name, "invoke", step.f, value=step.value, node=step.node, job=job)
        outcome = Outcome("info", error={"code": "interrupted"})
        try:
            outcome = await stage.probes[step.node].op(step.f, step.value, timeout_s=2 * self._timing.call_s + 5.0)
        finally:
            self._recorder.op(
                name, outcome.type, step.f, value=outcome.value, node=step.node, job=job, error=outcome.error
            )
            if outcome.type == "info":
                self._incarnations[process] = self._incarnations.get(process, 0) + 1

    def _process_name(self, process: str) -> str:
        """A process whose call may still happen is retired: the next call is somebody else's (Jepsen's rule)."""
        retired = self._incarnations.get(process, 0)
        return f"{process}~{retired}" if retired else process

    # ---- faults -----------------------------------------------------------------------------------------------------

    async def _inject_all(self, stage: Stage, origin_ns: int) -> None:
        async with asyncio.TaskGroup() as group:
            for fault in self._schedule.faults:
                group.create_task(self._inject(stage, origin_ns, fault), name=f"fault {fault.fault}.{fault.index}")

    def _listen(self) -> None:
        """To what faults wait for; a run in which none does pays nothing."""
        if any(at.moment is not None for at in self._schedule.faults):
            self._recorder.when_op, self._recorder.when_tap = self._moments.op, self._moments.tap

    async def _begin_ns(self, stage: Stage, origin_ns: int, at: FaultAt) -> int | None:
        """Wait until it is time; the time that the fault begins, on the stage's clock. None: there is no time left."""
        if at.moment is None:
            await _sleep_until(stage, origin_ns + at.at_ns)
            return origin_ns + at.at_ns
        try:
            async with asyncio.timeout((origin_ns + self._schedule.duration_ns - stage.now_ns()) / 1e9):
                await self._moments.come(at.moment)
                await asyncio.sleep(at.moment.later_ns / 1e9)
        except TimeoutError:
            return None
        return stage.now_ns()

    async def _inject(self, stage: Stage, origin_ns: int, at: FaultAt) -> None:
        plugin: Fault = registry.find("fault", at.action)
        occurrence = _occurrence(at)
        begin_ns = await self._begin_ns(stage, origin_ns, at)
        if begin_ns is None:
            return
        heal_ns = min(begin_ns + at.for_ns, origin_ns + self._schedule.duration_ns)
        effect = Effect()
        described = {
            "fault": at.fault,
            "action": at.action,
            "occurrence": at.index,
            "directions": list(at.directions),
            "nodes": list(at.nodes),
            "params": at.params,
        }
        begun = False
        try:
            async with plugin.inject(stage, occurrence) as effect:
                begun = True
                self._recorder.op("nemesis", "info", "fault-begin", value=described)
                self._note(f"{at.action} begins ({at.fault})")
                await _sleep_until(stage, heal_ns)
        finally:
            if begun:
                did = {"effect": effect.counts, "candidates": effect.candidates, "exercised": effect.candidates > 0}
                self._recorder.op("nemesis", "info", "fault-heal", value={**described, **did, "fixed": at.fixed})
                self._note(f"{at.action} heals ({at.fault})")
        await self._open_again(stage, at.nodes)

    async def _open_again(self, stage: Stage, nodes: Sequence[str]) -> None:
        """A restarted mobile shows nothing, as it persists nothing: its user opens the screen that was open."""
        for node in nodes:
            probe, scope = stage.probes.get(node), self._screens.get(node)
            if probe is not None and self._known.get(node, 0) != probe.incarnation:
                self._known[node] = probe.incarnation
                if scope is not None:
                    await self._call(
                        stage, f"{node}/again", Step(at_ns=0, process="", node=node, f="open", value=scope)
                    )

    # ---- settle and read --------------------------------------------------------------------------------------------

    async def _converge(self, stage: Stage) -> None:
        """Wait until nothing is left to wait for, or `converge` is over. Reading a state touches no replica."""
        assert self._recorder.header is not None
        deadline_ns = stage.now_ns() + self._schedule.converge_ns
        poll_s = self._schedule.converge_ns / _POLLS_PER_CONVERGE / 1e9
        while stage.now_ns() < deadline_ns:
            with suppress(ProbeLost):
                states = {name: await probe.state() for name, probe in stage.probes.items()}
                if self._settled(self._recorder.header, states):
                    return
            await asyncio.sleep(poll_s)

    async def _read_finals(self, stage: Stage) -> None:
        for name, probe in stage.probes.items():
            try:
                state = await probe.state()
            except ProbeLost as exc:
                stage.ailments.append(f"no final state of {name}: {exc}")
                continue
            self._recorder.op(f"{name}/final", "ok", "final", value=state, node=name)


def _occurrence(at: FaultAt) -> Occurrence:
    return Occurrence(
        fault=at.fault,
        action=at.action,
        index=at.index,
        at_ns=at.at_ns,
        for_ns=at.for_ns,
        directions=tuple(at.directions),
        nodes=tuple(at.nodes),
        params=at.params,
        fixed=at.fixed,
        stream=f"fault:{at.fault}:{at.index}",
    )


async def _registered(probe: Probe) -> bool:
    try:
        return bool((await probe.state()).get("registered", True))
    except ProbeLost:
        return False


async def _sleep_until(stage: Stage, time_ns: int) -> None:
    left_ns = time_ns - stage.now_ns()
    if left_ns > 0:
        await asyncio.sleep(left_ns / 1e9)


async def _cancelled(tasks: list[asyncio.Task[None]]) -> None:
    """Cancel and wait; a client task that failed by itself is a defect of ours and is raised."""
    for task in tasks:
        task.cancel()
    for result in await asyncio.gather(*tasks, return_exceptions=True):
        if isinstance(result, Exception):
            raise result
