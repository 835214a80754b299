"""One component looked at: a relay at a URL, or a node of a topology, which is started as a process.

`local` (its place on this machine) · `opener` (tokens of those who dial it).

May use: `harness/conform`, `harness/conform/client`, `harness/conform/relay`, `harness/runtimes`,
`harness/runtimes/sockets`, `harness/wire`, `harness`, `targets`.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AsyncExitStack

from harness.conform import Told, client, judged, relay
from harness.conform.looking.local import KINDS, at_home
from harness.conform.looking.opener import Opener
from harness.conform.relay.bench import RelayBench
from harness.schedule import System
from harness.wire.dialect import Dialect

__all__ = ["KINDS", "Opener", "Tell", "node_of", "relay_at"]
Tell = Callable[[Told], None]


async def relay_at(url: str, opener: Opener, limit_s: float, tell: Tell, dialect: Dialect | None = None) -> None:
    """Raises `RuntimeUnavailable` when nobody listens there, or there are no tokens."""
    bench = RelayBench(url, opener.token_of, opener.secret, limit_s, dialect)
    await bench.require_somebody()
    for check in relay.CHECKS:
        try:
            tell(await judged(check, bench))
        finally:
            await bench.clear()


async def node_of(system: System, name: str, limit_s: float, tell: Tell) -> None:
    """Raises `RuntimeUnavailable` when it does not start."""
    node = system.node(name)
    async with AsyncExitStack() as stack:
        local = await stack.enter_async_context(at_home(system, node))
        if node.role == "relay":
            await local.until_it_listens()
            await relay_at(local.url, local.opener, limit_s, tell, local.dialect)
            return
        bench = await stack.enter_async_context(local.relay_for_it(limit_s))
        for check in client.checks(node.role):
            tell(await judged(check, bench))
            if (how := await local.how_it_ended()) is not None:
                tell(Told("process", "fail", check.sent, how, "it goes on"))
                return
