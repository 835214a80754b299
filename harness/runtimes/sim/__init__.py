"""The simulator: the real components and the real `websockets` library in one process, on virtual time.

Equal seeds give equal runs, byte for byte, in every process. `RunSpec.options`: `tap_payload` keeps the text of every
message in its tap; `step_cap` and `stall_cap` bound the steps of a run and of one virtual second; `event` is told
every event that goes into the trace hash.

`world` (nodes, network, clock of one run) · `stage` (what faults and the conductor see of it) · `probes`, and
`dialled` for programs that dial one. Below: `machines` · `net` · `kernel`.

May use: `harness/runtimes`, `harness/runtimes/sim/kernel`, `harness/runtimes/sim/machines`,
`harness/runtimes/sim/net`, `harness/wire`, `harness`, `targets/probe`, `faults`.
"""

from __future__ import annotations

import asyncio
import functools
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import closing, suppress
from typing import ClassVar, TypeVar

from harness import registry
from harness.runtimes import CannotPlay, Ended, RunSpec, Runtime, RuntimeUnavailable, Stage, Stalled
from harness.runtimes.sim.dialled import DialledProbe, open_desk
from harness.runtimes.sim.kernel.logs import node_logs
from harness.runtimes.sim.machines import disk, programs
from harness.runtimes.sim.machines.environment import environment
from harness.runtimes.sim.machines.modules import Modules
from harness.runtimes.sim.machines.node import Node
from harness.runtimes.sim.probes import SimProbe
from harness.runtimes.sim.stage import VERBS, SimStage
from harness.runtimes.sim.world import CannotSimulate, World
from harness.schedule import Node as NodeSpec
from harness.schedule import System
from targets.probe import HOST

T = TypeVar("T")

_ATTACH_LIMIT_S = 30.0  # virtual; a component opens its probe before anything else
_POLL_S = 0.01
_wall_s = time.perf_counter  # the real one, before a run replaces it


class Simulator:
    NAME: ClassVar[str] = "sim"
    SUMMARY: ClassVar[str] = "everything in one process on virtual time: fast, and byte for byte the same for a seed"
    VERBS: ClassVar[frozenset[str]] = VERBS
    KINDS: ClassVar[frozenset[str]] = programs.KINDS
    WHY_NOT: ClassVar[Mapping[str, str]] = {}

    def missing(self) -> Sequence[str]:
        return []

    def sweep(self, note: Callable[[str], None]) -> list[str]:
        return disk.sweep()

    def inspect(self, system: System) -> list[str]:
        return programs.inspect_system(system)

    def execute(self, spec: RunSpec, play: Callable[[Stage], Awaitable[T]]) -> tuple[T, Ended]:
        """Raises `CannotPlay` for a component that does not start, `RuntimeUnavailable` for one that does what cannot
        be simulated, and `Stalled` when time cannot go on."""
        ended = Ended()
        began_s = _wall_s()
        caps = {name: int(spec.options[name]) for name in ("step_cap", "stall_cap") if name in spec.options}
        with_payload, dialect = bool(spec.options.get("tap_payload")), spec.system.dialect
        world = World(spec.seed, tap=spec.tap, tap_payload=with_payload, dialect=dialect, **caps)
        world.on_event = spec.options.get("event")
        system = _Started(world, spec, ended, began_s)
        world.on_exit, world.on_crash = system.exited, system.crashed
        try:
            with node_logs(world.loop, spec.directory), closing(system.modules):
                result = world.run(lambda: system.play(play))
        except CannotSimulate as exc:
            raise RuntimeUnavailable(str(exc)) from None
        except Stalled as exc:
            exc.ended = ended
            raise
        ended.phases["stop"] = _wall_s() - system.played_s
        ended.extra["steps"] = world.loop.steps
        return result, ended


class _Started:
    """The system of one run."""

    def __init__(self, world: World, spec: RunSpec, ended: Ended, began_s: float) -> None:
        self._world, self._spec, self._ended = world, spec, ended
        self._began_s = began_s
        self.played_s = began_s
        self._probes: dict[str, SimProbe] = {}
        self._nodes: list[tuple[Node, NodeSpec]] = []
        self._stores: dict[str, str] = {}
        self.modules = Modules()
        if any(node.kind == "module" for node in spec.system.nodes):
            world.loop.tenancy = self.modules
        for node in spec.system.nodes:
            self._nodes.append((world.add_node(node.name), node))
            if node.dialect is not None:
                world.network.dialects[node.name] = registry.find("dialect", node.dialect)
            self._stores[node.name] = self._store(node)  # here, where names of files are still drawn by the real system
        for client, server in spec.system.links:
            world.network.add_line(client, server)

    async def play(self, play: Callable[[Stage], Awaitable[T]]) -> T:
        world, ended = self._world, self._ended
        await self._start()
        probes = {name: probe for name, probe in self._probes.items() if probe.attached.done()}
        stage = SimStage(world, probes, self._restart)
        started_s = _wall_s()
        ended.phases["start"] = started_s - self._began_s
        try:
            return await play(stage)
        finally:
            self.played_s = _wall_s()
            ended.phases["play"] = self.played_s - started_s
            ended.trace_hash = world.trace_hash()
            ended.extra["links"] = {name: link.meters() for name, link in world.network.links.items()}
            stage.ailments.extend(world.crashes)
            for each in self._probes.values():
                stage.ailments.extend(each.client.complaints if isinstance(each, DialledProbe) else ())
            ended.ailments.extend(stage.ailments)
            for probe in self._probes.values():
                probe.shut = True

    async def _start(self) -> None:
        for node, node_spec in self._nodes:
            self._probes[node.name] = self._probe(node, node_spec)
        dialled = {name: probe for name, probe in self._probes.items() if isinstance(probe, DialledProbe)}
        if dialled:
            open_desk(self._world, dialled)
        for node, node_spec in self._nodes:
            self._run(node, node_spec)
        for node, node_spec in self._nodes:
            await self._until_up(node, node_spec)

    def _probe(self, node: Node, node_spec: NodeSpec) -> SimProbe:
        if node_spec.kind == "builtin":
            return SimProbe(node, self._world.loop, self._spec.journal)
        return DialledProbe(node, self._world, self._spec.journal, node_spec.role)

    async def _until_up(self, node: Node, node_spec: NodeSpec) -> None:
        if node_spec.role == "relay" and node_spec.kind != "builtin":
            await self._until_listening(node)
        else:
            await self._until_attached(node)

    async def _until_attached(self, node: Node) -> None:
        assert node.main is not None
        opened = self._probes[node.name].attached
        await asyncio.wait([opened, node.main], timeout=_ATTACH_LIMIT_S, return_when=asyncio.FIRST_COMPLETED)
        if not opened.done():
            await self._did_not_start(node, f"it opened no probe within {_ATTACH_LIMIT_S:g} s")

    async def _until_listening(self, node: Node) -> None:
        """A relay of somebody else need not open a probe: taps and both ends judge it."""
        assert node.main is not None
        for _ in range(round(_ATTACH_LIMIT_S / _POLL_S)):
            if node.main.done():
                break
            if node.listeners:
                return
            await asyncio.sleep(_POLL_S)
        await self._did_not_start(node, f"it listens on no port within {_ATTACH_LIMIT_S:g} s")

    async def _did_not_start(self, node: Node, why: str) -> None:
        await asyncio.sleep(0)  # let the end of the program be told
        said = "\n".join(self._world.crashes).replace(f"{node.name} ended itself", "it ended itself", 1)
        raise CannotPlay(f"{node.name} does not start: {said or why}")

    def exited(self, node: str, code: int, said: str) -> None:
        self._spec.journal(node, "exited", {"code": code, "by": "itself", "said": said}, self._world.loop.now_ns)

    def crashed(self, node: str, said: str) -> None:
        self._spec.journal(node, "crashed", {"said": said}, self._world.loop.now_ns)

    def _run(self, node: Node, node_spec: NodeSpec) -> None:
        node.context.run(HOST.set, self._probes[node.name])
        env = environment(self._spec.system, node_spec, self._world.seed, self._stores[node.name])
        if "STORE_LATENCY_MS" in env:
            node.machine.disk.serve(env)
        main = node.context.run(programs.load, node_spec, self.modules, node)
        self._world.spawn(node, functools.partial(main, [], env))

    async def _restart(self, node: Node) -> None:
        """Start a node's program anew, and wait until it is up. One that does not come up is told among the crashes."""
        node_spec = self._spec.system.node(node.name)
        self._probes[node.name].moves_to(node)
        self._run(node, node_spec)
        with suppress(RuntimeUnavailable):
            await self._until_up(node, node_spec)

    def _store(self, node: NodeSpec) -> str:
        """A database that is there until the run is over, whatever becomes of the desktop."""
        if node.role != "desktop":
            return ""
        own = self._world.nodes[node.name].machine.disk
        self._world.at_end(own.remove)
        return own.make_store(on_files="cut_power" in self._spec.verbs)


RUNTIME: Runtime = Simulator()
