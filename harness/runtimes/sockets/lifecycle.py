"""One run on real sockets: programs, proxies, probes; and the removal of all of it, however it went."""

from __future__ import annotations

import asyncio
import itertools
import os
import ssl
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, contextmanager, suppress
from typing import Any

import msgspec
import requests

from harness import plugins
from harness.history import Tap
from harness.runtimes import ProbeLost, RunSpec, RuntimeUnavailable, Stalled
from harness.runtimes.probe_client import REDIAL_S, ProbeClient, dial_for_ever, listening
from harness.runtimes.sockets.ears import Ears
from harness.runtimes.sockets.grounds import Died, Grounds, GroundsError, Program, Reach, program_of, programs_of
from harness.runtimes.sockets.hooks import Hooks
from harness.runtimes.sockets.layout import PROBE_PORT, TOXIPROXY, TOXIPROXY_PORT, WIRE, Layout, Secrets
from harness.runtimes.sockets.stage import SocketStage
from harness.runtimes.sockets.toxics import Proxy, Toxics
from harness.runtimes.sockets.wire_client import WireClient, WireLost
from harness.runtimes.toxiproxy.adapter import Toxiproxy, ToxiproxyError
from harness.schedule import Node

_START_LIMIT_S = 60.0  # two seconds are usual; `HARNESS_START_LIMIT_S` says otherwise
_DRAIN_LIMIT_S = 3.0
_WATCH_S = 0.25
_STEPS = 2000  # of a recorded order, in one request
_READY_LIMIT_S = 5.0
_NO_PROXIES = {"http": "", "https": ""}


class SocketRun:
    """Everything of one run. `start`, then `stop` in any case, also after a `start` that failed or was cancelled."""

    def __init__(self, spec: RunSpec, made: Callable[[RunSpec, Died], Grounds]) -> None:
        """`made(spec, died)` makes the grounds. Raises what it raises: `RuntimeUnavailable`."""
        self.phases: dict[str, float] = {}
        self.ailments: list[str] = []
        self.cut: asyncio.Future[Stalled] = asyncio.get_running_loop().create_future()  # why the run cannot go on
        self._dead: set[str] = set()  # nodes whose death was told
        self._spec = spec
        self._secrets = Secrets()
        self._grounds = made(spec, self._died)
        self._losses = itertools.count()
        self._layout: Layout
        self._wire: WireClient | None = None
        self._background: list[asyncio.Task[None]] = []
        self._seen: set[tuple[str, int]] = set()  # addresses where somebody listens
        self._hooks = Hooks(spec.system)
        self._desk = AsyncExitStack()
        self._ears = Ears(spec)
        self._probes = {n.name: ProbeClient(n.name, n.role, self._ears.journal) for n in spec.system.nodes}

    # ---- start ----------------------------------------------------------------------------------------------------

    async def start(self) -> SocketStage:
        """Raises `RuntimeUnavailable` when the system does not come up."""
        with self._timed("prepare"):
            self._layout = await self._grounds.open(self._spec.note)
        with self._timed("start"):
            try:
                async with asyncio.timeout(_start_limit_s()):
                    return await self._bring_up()
            except TimeoutError:
                raise RuntimeUnavailable(self._who_is_not_up()) from None
            except (GroundsError, ToxiproxyError) as exc:
                raise RuntimeUnavailable(f"the nodes did not come up: {exc}") from exc

    async def _bring_up(self) -> SocketStage:
        self._spec.note("starting the nodes")
        elsewhere = [node.name for node in self._spec.system.nodes if node.probe is not None]
        await asyncio.gather(*map(self._hooks.begin_anew, elsewhere))  # before a probe of a former life can dial in
        await self._open_desk()
        await self._start_services()
        await asyncio.gather(self._start_toxiproxy(), self._start_wire(), self._start_nodes("relay"))
        toxics = self._toxics()
        toxics.when_given_up, toxics.when_lost = self._lost, self._links_lost
        await toxics.open()
        self._background.append(asyncio.create_task(toxics.watch()))
        await self._start_nodes("desktop", "mobile")
        await self._open_probes()
        assert self._wire is not None
        self._wire.when_lost(self._lost)
        self._grounds.arm()
        return SocketStage(
            self._probes,
            self._wire,
            toxics,
            self.ailments,
            reach=self._reach,
            until_up=self._until_up,
            journal=self._spec.journal,
            links=list(self._spec.system.links),
            seed=self._spec.seed,
        )

    def _who_is_not_up(self) -> str:
        """Of the programs that are waited for."""
        system = self._spec.system
        silent = [self._layout.upstream(node.name) for node in system.nodes if node.url is not None]
        nobody = [f"nobody listens at {host}:{port}" for host, port in silent if (host, port) not in self._seen]
        unopened = [name for name, probe in self._probes.items() if not probe.opened.is_set()]
        waited = [_where(system.node(name)) for name in unopened if not self._is_silent(system.node(name))]
        said = nobody or ([f"no probe was opened by {', '.join(waited)}"] if waited else [])
        return f"the nodes did not come up within {_start_limit_s():.0f} s: {'; '.join(said)}".removesuffix(": ")

    def _lost(self, why: str) -> None:
        if not self.cut.done():
            self.cut.set_result(Stalled("loss of the links", why))

    def _links_lost(self, since_ns: int, until_ns: int) -> None:
        """No fault of the plan, but one: whatever ended or failed in it is nobody's fault."""
        ways = [way for a, b in self._spec.system.links for way in (f"{a}->{b}", f"{b}->{a}")]
        lost: dict[str, Any] = {"fault": "loss of all links", "occurrence": next(self._losses)}
        lost |= {"action": "partition", "directions": ways, "nodes": []}
        self._spec.journal(TOXIPROXY, "fault-begin", lost, since_ns)
        self._spec.journal(
            TOXIPROXY, "fault-heal", {**lost, "effect": {}, "candidates": 1, "exercised": True}, until_ns
        )

    def _died(self, name: str, how: dict[str, Any], time_ns: int) -> None:
        """A node ended, and the plan had not asked for it: what comes after that proves nothing."""
        if name in self._probes:
            self._dead.add(name)
            self._spec.journal(name, "exited", how, time_ns)
            if not self.cut.done():
                self.cut.set_result(Stalled("death", f"{name} exited with code {how['code']}"))
        elif name == WIRE:
            self._lost(f"the wire, which carries all links, exited with code {how['code']}: {how['said']}")

    async def _start_services(self) -> None:
        """One after the other, each as soon as the one before is well: a migration comes after its database."""
        for program in programs_of(self._spec.system.services):
            await self._grounds.launch(program, self._layout)
            await self._watched(self._until_well(program.name))

    async def _until_well(self, name: str) -> None:
        while not await self._is_ready(name):  # noqa: ASYNC110  (nobody tells)
            await asyncio.sleep(_WATCH_S)

    async def _is_ready(self, name: str) -> bool:
        """One that ends otherwise than with 0 never is; whoever watches says so."""
        if self._spec.system.services[name].completes:
            return (await self._grounds.exited()).get(name) == 0
        return await self._grounds.is_well(name)

    async def _start_toxiproxy(self) -> None:
        argv = [f"-host={self._layout.control(TOXIPROXY)}", f"-port={TOXIPROXY_PORT}"]
        await self._grounds.launch(Program(TOXIPROXY, argv, {}, kind="toxiproxy"), self._layout)

    async def _start_wire(self) -> None:
        config = self._layout.wire_config()
        env = {"WIRE_CONFIG": msgspec.json.encode(config).decode(), "WIRE_TOKEN": self._secrets.wire}
        env |= {name: os.environ[name] for name in (plugins.VARIABLE,) if name in os.environ}  # its dialect may be one
        await self._grounds.launch(Program(WIRE, ["harness.wire.hop"], env), self._layout)
        await self._watched(self._open_wire(config["control"]))

    async def _open_wire(self, address: tuple[str, int]) -> None:
        # What is read on some links only would look like loss on the others: then nothing is judged by the wire.
        sealed = any(n.tls == "passthrough" for n in self._spec.system.nodes if n.role != "relay")
        tap = _unread if sealed else self._ears.tap
        self._wire = await WireClient.open(address, self._secrets.wire, tap)
        steps = self._spec.options.get("order") or []
        for at in range(0, len(steps), _STEPS):
            await self._wire.ask("order", steps=steps[at : at + _STEPS])

    async def _start_nodes(self, *roles: str) -> None:
        nodes = [node for node in self._spec.system.nodes if node.role in roles]
        programs = [
            program_of(node, self._layout.environment(node, self._secrets)) for node in nodes if node.kind != "external"
        ]
        await asyncio.gather(*(self._grounds.launch(program, self._layout) for program in programs))
        await self._watched(asyncio.gather(*(self._until_up(node.name) for node in nodes if self._is_silent(node))))

    async def _open_desk(self) -> None:
        """Let programs that are not ours dial in with their probes."""
        for (host, port), nodes in self._layout.desks(self._secrets).items():
            clients = {token: self._probes[name] for token, name in nodes.items()}
            try:
                await self._desk.enter_async_context(listening(clients, host, port))
            except OSError as exc:
                raise RuntimeUnavailable(f"cannot listen for probes at {host}:{port}: {exc.strerror or exc}") from exc

    async def _open_probes(self) -> None:
        nodes = [node for node in self._spec.system.nodes if not self._is_silent(node)]
        for node in (node for node in nodes if node.kind == "builtin"):
            url = f"ws://{self._layout.control(node.name)}:{PROBE_PORT}/"
            dialling = dial_for_ever(self._probes[node.name], url, self._secrets.probe)
            self._background.append(asyncio.create_task(dialling))
        await self._watched(asyncio.gather(*(self._until_up(node.name) for node in nodes)))
        await asyncio.gather(*(self._require_fresh(node.name) for node in nodes if node.probe is not None))

    async def _require_fresh(self, name: str) -> None:
        """What one that runs elsewhere knows from before this run, nobody could judge. Raises `RuntimeUnavailable`."""
        state = await self._probes[name].state()
        known = "has jobs" if state.get("jobs") else "shows a screen" if state.get("scope") is not None else None
        if known is not None:
            remedy = "start it anew before each run, or let `hooks: {kill: […], start: […]}` (and `wipe`) do it"
            raise RuntimeUnavailable(f"{name} runs elsewhere, and {known} from before this run; {remedy}")

    def _is_silent(self, node: Node) -> bool:
        """A relay of somebody else need not open a probe: taps and both ends judge it."""
        return node.role == "relay" and node.kind != "builtin"

    async def _until_up(self, name: str) -> None:
        if not self._is_silent(self._spec.system.node(name)):
            await self._probes[name].opened.wait()
            return
        while not await self._answers(self._spec.system.node(name)):  # noqa: ASYNC110  (nobody tells)
            await asyncio.sleep(REDIAL_S)

    async def _answers(self, node: Node) -> bool:
        """Is it at home, and does it say that it is ready?"""
        host, port = self._layout.upstream(node.name)
        tls = _trusting(node) if (node.url or "").startswith("wss://") else None
        try:
            _, writer = await asyncio.open_connection(host, port, ssl=tls)
        except ssl.SSLCertVerificationError as exc:
            why = f"the certificate of {node.name} at {host}:{port} is not trusted: {exc.verify_message}"
            raise RuntimeUnavailable(f"{why}; `ca: FILE.pem` beside its url names who signed it") from exc
        except OSError:
            return False
        writer.close()
        self._seen.add((host, port))
        return node.ready is None or await asyncio.to_thread(_says_200, node.ready, node.ca)

    def _reach(self, name: str) -> Reach:
        return self._hooks if self._spec.system.node(name).kind == "external" else self._grounds

    async def _watched(self, waiting: Awaitable[object]) -> None:
        """Wait, but not for somebody who has died. Raises `RuntimeUnavailable` with the end of the log."""
        task = asyncio.ensure_future(waiting)
        try:
            while not (await asyncio.wait([task], timeout=_WATCH_S))[0]:
                for name, code in (await self._missing()).items():
                    tail = await self._grounds.tail(name)
                    raise RuntimeUnavailable(f"{name} exited with code {code} while it started:\n{tail}")
            await task
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    def _toxics(self) -> Toxics:
        layout = self._layout
        proxies = [
            Proxy(f"{a}->{b}", f"{b}->{a}", _address(layout.proxy(i)), _address(layout.leave(i)))
            for i, (a, b) in enumerate(self._spec.system.links)
        ]
        api = Toxiproxy(layout.control(TOXIPROXY), TOXIPROXY_PORT)
        return Toxics(api, proxies, self._restart_toxiproxy, self.ailments)

    async def _restart_toxiproxy(self) -> None:
        self._spec.note("Toxiproxy does not answer; restarting it")
        try:
            await self._grounds.restart(TOXIPROXY)
        except GroundsError as exc:
            raise ToxiproxyError(f"Toxiproxy does not restart: {exc}") from exc

    # ---- stop -----------------------------------------------------------------------------------------------------

    async def stop(self) -> None:
        """Take in what is still under way, keep the logs, remove everything. Never raises; problems are ailments."""
        with self._timed("stop"):
            self._grounds.disarm()
            await self._drain()
            for task in self._background:
                task.cancel()
            await asyncio.gather(*self._background, return_exceptions=True)
            if self._wire is not None:
                await self._wire.close()
            await self._desk.aclose()
            await self._post_mortem()
            for problem in await self._grounds.close():
                self._spec.note(f"could not be removed: {problem}; try `harness doctor --sweep`")

    async def _drain(self) -> None:
        """Journal lines and taps that are under way; a node that is gone has none. What happens from now on would be
        taken in from some, and not from others."""
        self._ears.close(time.monotonic_ns())
        with suppress(TimeoutError):
            async with asyncio.timeout(_DRAIN_LIMIT_S):
                asked = (probe.state() for probe in self._probes.values() if probe.opened.is_set())
                await asyncio.gather(*asked, return_exceptions=True)
                if self._wire is not None:
                    with suppress(WireLost, ProbeLost):
                        await self._wire.ask("flush")
                        self._say_order(await self._wire.ask("ordered"))
        for probe in self._probes.values():
            self.ailments.extend(probe.complaints)
            if probe.clock_doubt_ns:
                doubt_ms = probe.clock_doubt_ns / 1e6
                self.ailments.append(f"{probe.node} runs on another clock; its times may be {doubt_ms:.1f} ms off")

    def _say_order(self, counts: Mapping[str, int]) -> None:
        """How closely the recorded order was kept, if there was one to keep."""
        if not counts:
            return
        came = sum(counts.values())
        others = ", ".join(f"{n} {name}" for name, n in counts.items() if n and name != "in_order")
        self._spec.note(
            f"{counts['in_order']} of {came} deliveries came in the recorded order ({others or 'no other'})"
        )

    async def _missing(self) -> dict[str, int]:
        """Those that should be running, with their exit codes. A service may do what it was started for, and end."""
        services, exited = self._spec.system.services, await self._grounds.exited()
        return {name: code for name, code in exited.items() if code or name not in services}

    async def _post_mortem(self) -> None:
        """Who died uncalled, and everybody's logs."""
        directory = self._spec.directory
        try:
            for name, code in (await self._missing()).items():
                if name in self._dead:
                    continue
                where = f"; see nodes/{name}/stderr.log" if directory is not None else ""
                self.ailments.append(f"{name} exited with code {code} during the run{where}")
            if directory is not None:
                await self._grounds.save_logs(directory)
        except GroundsError as exc:
            self._spec.note(f"logs could not be kept: {exc}")

    @contextmanager
    def _timed(self, phase: str) -> Iterator[None]:
        began_s = time.perf_counter()
        try:
            yield
        finally:
            self.phases[phase] = time.perf_counter() - began_s


def _unread(tap: Tap) -> None:
    """What is not to be judged."""


def _address(where: tuple[str, int]) -> str:
    return f"{where[0]}:{where[1]}"


def _where(node: Node) -> str:
    """A node whose probe is waited for; of one that runs elsewhere, where."""
    return node.name if node.probe is None else f"{node.name} (at ws://{node.probe}/)"


def _start_limit_s() -> float:
    with suppress(ValueError):
        return float(os.environ.get("HARNESS_START_LIMIT_S", ""))
    return _START_LIMIT_S


def _trusting(node: Node) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=node.ca)
    except OSError as exc:
        raise RuntimeUnavailable(f"the `ca` of {node.name} cannot be read: {exc.strerror or exc}: {node.ca}") from exc


def _says_200(url: str, ca: str | None) -> bool:
    with suppress(requests.RequestException, OSError):
        asked = requests.get(
            url, timeout=_READY_LIMIT_S, proxies=_NO_PROXIES, allow_redirects=False, verify=True if ca is None else ca
        )
        return asked.status_code == 200
    return False
