"""A node's place on this machine, and the relay or the tokens that it needs there."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, Final, cast

from harness import registry
from harness.conform.client.bench import ClientBench
from harness.conform.looking.opener import Opener
from harness.runtimes import RunSpec, RuntimeUnavailable
from harness.runtimes.probe_client import ProbeClient, dial_for_ever, listening
from harness.runtimes.sockets.grounds import Grounds, GroundsError, PlacesPrograms, program_of
from harness.runtimes.sockets.layout import DEVICE_LINK_PATH, PROBE_PORT, Layout, Secrets
from harness.schedule import Node, System
from harness.wire.dialect import PLAIN, Dialect
from targets.timing import Timing

_RUNTIME: Final = "process"
_START_S, _PAUSE_S = 20.0, 0.05
KINDS: Final = frozenset({"builtin", "module", "command", "external"})


class Local:
    """A node's place on this machine."""

    def __init__(self, system: System, node: Node, grounds: Grounds, layout: Layout) -> None:
        self.system, self.node, self._grounds, self._layout = system, node, grounds, layout
        self._secrets = Secrets()
        self.probe = ProbeClient(node.name, node.role, lambda *line: None)

    @property
    def dialect(self) -> Dialect | None:
        name = self.node.dialect or self.system.dialect
        return None if name == PLAIN else cast("Dialect", registry.find("dialect", name))

    @property
    def url(self) -> str:
        host, port = self._layout.upstream(self.node.name)
        return self.node.url or f"ws://{host}:{port}{DEVICE_LINK_PATH}"

    @property
    def opener(self) -> Opener:
        auth = next((tuple(one.auth) for one in self.system.nodes if one.auth), ())
        return Opener(auth, None if auth else self.node.env.get("JWT_SECRET", self._secrets.jwt))

    async def launch(self) -> None:
        env = self._layout.environment(self.node, self._secrets)
        try:
            await self._grounds.launch(program_of(self.node, env), self._layout)
        except GroundsError as exc:
            raise RuntimeUnavailable(f"{self.node.name} cannot be started: {exc}") from exc

    async def until_it_listens(self) -> None:
        """Raises `RuntimeUnavailable`."""
        if self.node.kind != "external":
            await self.launch()
        host, port = self._layout.upstream(self.node.name)

        async def listens() -> bool:
            try:
                _, writer = await asyncio.open_connection(host, port)
            except OSError:
                return False
            writer.close()
            return True

        await self._until(listens, f"nobody listens at {host}:{port}")

    @asynccontextmanager
    async def relay_for_it(self, limit_s: float) -> AsyncIterator[ClientBench]:
        number = next(at for at, (name, _) in enumerate(self.system.links) if name == self.node.name)
        desktop = self.node.desktop
        asked = self.system.node(desktop).device_id if desktop is not None else None
        timing = Timing().scaled(self.system.timing_scale)
        bench = ClientBench(self.node, self.probe, timing, asked, limit_s, self.dialect)
        async with bench.serving(*self._layout.enter(number)), self._probed():
            if self.node.kind != "external":
                await self.launch()

            async def registered() -> bool:
                return bench.count > 0

            await self._until(registered, "it did not dial its relay")
            await self._settled()
            yield bench

    async def how_it_ended(self) -> str | None:
        """None: it runs."""
        code = (await self._grounds.exited()).get(self.node.name)
        return None if code is None else f"it exited with code {code}: {await self._grounds.tail(self.node.name)}"

    async def _settled(self) -> None:
        """A probe may open a little later than the link, or never."""
        try:
            await asyncio.wait_for(self.probe.opened.wait(), timeout=2)
        except TimeoutError:
            return

    @asynccontextmanager
    async def _probed(self) -> AsyncIterator[None]:
        if self.node.kind != "builtin":
            async with AsyncExitStack() as stack:
                for where, whose in self._layout.desks(self._secrets).items():
                    mine = {token: self.probe for token, name in whose.items() if name == self.node.name}
                    if mine:
                        await stack.enter_async_context(listening(mine, *where))
                yield
            return
        url = f"ws://{self._layout.control(self.node.name)}:{PROBE_PORT}/"
        dialling = asyncio.create_task(dial_for_ever(self.probe, url, self._secrets.probe))
        try:
            yield
        finally:
            dialling.cancel()

    async def _until(self, holds: Callable[[], Awaitable[bool]], otherwise: str) -> None:
        try:
            async with asyncio.timeout(_START_S):
                while not await holds():
                    for name, code in (await self._grounds.exited()).items():
                        tail = await self._grounds.tail(name)
                        raise RuntimeUnavailable(f"{name} exited with code {code} while it started:\n{tail}")
                    await asyncio.sleep(_PAUSE_S)
        except TimeoutError:
            raise RuntimeUnavailable(f"{self.node.name}: {otherwise} within {_START_S:g} s") from None


@asynccontextmanager
async def at_home(system: System, node: Node) -> AsyncIterator[Local]:
    """Everything that was started is gone afterwards. Raises `RuntimeUnavailable`."""
    run_id = f"conform-{secrets.token_hex(4)}"
    runtime = registry.find("runtime", _RUNTIME)
    assert isinstance(runtime, PlacesPrograms)
    grounds, layout = runtime.place(RunSpec(run_id, system, seed=0, journal=_unheard, tap=lambda tap: None))
    try:
        yield Local(system, node, grounds, layout)
    finally:
        await grounds.close()


def _unheard(node: str, line: str, fields: Mapping[str, Any], time_ns: int) -> None:
    """Nobody judges its journal here."""
