"""Who listens where, and how a connection comes about: SYN, SYN-ACK, and the last packet of the handshake."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import Any, Final, cast

from harness.runtimes.sim.kernel.loop import NODE, Fenced
from harness.runtimes.sim.net import Peer
from harness.runtimes.sim.net.connection import Connection, Laid, Line
from harness.runtimes.sim.net.links import JITTER_NS, LATENCY_NS, Hold, Link
from harness.runtimes.sim.net.transport import Endpoint
from harness.seeds import stream
from harness.wire.dialect import Dialect

_SYN_RETRY_NS: Final = 1_000_000_000  # the first one; each further waits twice as long
_SYN_RETRIES: Final = 6  # Linux: tcp_syn_retries; together 127 s


class Network:
    def __init__(self, world: Laid) -> None:
        self._world = world
        self.lines: dict[tuple[str, str], Line] = {}
        self.links: dict[str, Link] = {}
        self._listeners: dict[tuple[str, int], Listener] = {}
        self.connections: dict[int, Connection] = {}
        self.dialects: dict[str, Dialect] = {}  # of nodes that speak another than their links
        self._dialled = 0

    def add_line(self, client: str, server: str, latency_ns: int = LATENCY_NS, jitter_ns: int = JITTER_NS) -> Line:
        """A link that `client` may dial."""
        forth = Link(f"{client}->{server}", latency_ns, jitter_ns)
        back = Link(f"{server}->{client}", latency_ns, jitter_ns)
        line = self.lines[client, server] = Line(client, server, forth, back)
        self.links[forth.name], self.links[back.name] = forth, back
        return line

    def add_aside(self, client: str, server: str) -> None:
        """A link that is none of the topology's: it takes no time, no fault touches it and no tap sees it."""
        forth, back = Link(f"{client}->{server}", 0, 0), Link(f"{server}->{client}", 0, 0)
        self.lines[client, server] = Line(client, server, forth, back, aside=True)
        self._world.witness.blind.update((forth.name, back.name))

    def addresses(self, host: str, port: int) -> list[tuple[Any, ...]]:
        """As getaddrinfo gives them: a node's name is its address."""
        if host not in self._world.nodes:
            raise socket.gaierror(socket.EAI_NONAME, f"Name or service not known: {host!r} is no node of this system")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (self._world.nodes[host].address, port))]

    # ---- listening ------------------------------------------------------------------------------------------------

    def listen(self, factory: Callable[[], Any], port: int, start: bool) -> Listener:
        node = _current("create_server")
        listener = Listener(self, node, factory, port)
        node.listeners.append(listener)
        if start:
            self.open(listener)
        return listener

    def open(self, listener: Listener) -> None:
        if listener.key in self._listeners:
            raise OSError(98, f"Address already in use: {listener.key}")
        self._listeners[listener.key] = listener

    def shut(self, listener: Listener) -> None:
        if self._listeners.get(listener.key) is listener:
            del self._listeners[listener.key]

    def listener(self, host: str, port: int) -> Listener | None:
        return self._listeners.get((host, port))

    # ---- connecting -----------------------------------------------------------------------------------------------

    async def connect(self, factory: Callable[[], Any], host: str, port: int) -> tuple[Endpoint, Any]:
        """Dial. Raises what a socket raises: gaierror, ConnectionRefusedError, TimeoutError, OSError (no route)."""
        node = _current("create_connection")
        self.addresses(host, port)
        line = self.lines.get((node.name, host))
        if line is None:
            raise OSError(113, f"No route to host: the topology has no link {node.name}->{host}")
        self._dialled += 1
        dial = Dial(self, self._world, line, self._dialled, port)
        try:
            await dial.answer
        except asyncio.CancelledError:
            dial.given_up = True
            raise
        connection = Connection(
            self._world, line, dial.number, client=node.address, server=self._world.nodes[host].address, port=port
        )
        connection.client.interpret(self.dialects.get(node.name))
        connection.server.interpret(self.dialects.get(host))
        self.connections[dial.number] = line.connections[dial.number] = connection
        connection.client.outgoing.send_open()
        protocol = factory()
        connection.client.attach(protocol, node)
        return connection.client, protocol

    def accept(self, endpoint: Endpoint) -> None:
        """The handshake is complete at the server, if it still listens."""
        server = endpoint.connection.server_name
        listener = self._listeners.get((server, endpoint.get_extra_info("sockname")[1]))
        if listener is None:
            if self._world.nodes[server].machine.dark:
                endpoint.outgoing.hush()
            endpoint.closed = endpoint.lost = True
            endpoint.outgoing.send_reset()
            return
        endpoint.listener = listener
        listener.endpoints[endpoint] = None
        self._world.loop.call_soon(listener.accept, endpoint, context=listener.node.context)


def _current(what: str) -> Peer:
    node = NODE.get()
    if node is None:
        raise Fenced(f"{what} outside of a node")
    return cast("Peer", node)  # whoever runs in a network has sockets


class Dial:
    """One attempt to connect. A SYN, or its answer, that meets a held link is lost and sent again."""

    def __init__(self, network: Network, world: Laid, line: Line, number: int, port: int) -> None:
        self.number = number
        self.given_up = False
        self.answer: asyncio.Future[None] = world.loop.create_future()
        self._network, self._world, self._line, self._port = network, world, line, port
        self._draws = stream(world.seed, f"link:{line.forth.name}:{number}:syn")
        self._lost = 0
        self._kept_by: list[Hold] = []
        self._step = self._syn_arrives
        self._travel(line.forth)

    def _travel(self, link: Link, wait_ns: int = 0) -> None:
        travel_ns = wait_ns + link.base_ns(self._draws)
        seed, pipe = self._world.seed, f"link:{link.name}:{self.number}:syn"
        for delay in link.delays:
            if delay.slows(seed, pipe, is_handshake=True):
                travel_ns += delay.draw_ns(seed, pipe)
                delay.effect.note(connections_delayed=1)
        self._world.loop.at_ns(self._world.loop.now_ns + travel_ns, self)

    def due(self) -> None:
        if not (self.given_up or self.answer.done()):
            self._step()

    def _syn_arrives(self) -> None:
        line, trace = self._line, self._world.trace
        if self._is_kept(line.forth) or self._finds_the_dark(line.forth):
            return
        trace("syn", f"{line.forth.name}#{self.number}", b"")
        if line.refusals:
            for effect in line.refusals:
                effect.met(connections_refused=1)
            self._step = self._refused
        elif self._network.listener(line.server, self._port) is None:
            self._step = self._refused
        else:
            self._step = self._accepted
        self._travel(line.back)

    def _accepted(self) -> None:
        if not self._is_kept(self._line.back):
            self.answer.set_result(None)

    def _refused(self) -> None:
        if not self._is_kept(self._line.back):
            message = f"Connect call failed ({self._line.server!r}, {self._port})"
            self.answer.set_exception(ConnectionRefusedError(111, message))

    def _is_kept(self, link: Link) -> bool:
        """Lost on a held link: sent again later, and given up in the end."""
        if not link.holds:
            return False
        for hold in link.holds:
            if hold not in self._kept_by:
                self._kept_by.append(hold)
                hold.effect.met(connections_held=1)
        self._try_again(link)
        return True

    def _finds_the_dark(self, link: Link) -> bool:
        """A machine without power answers nothing."""
        if not self._world.nodes[self._line.server].machine.dark:
            return False
        self._try_again(link)
        return True

    def _try_again(self, link: Link) -> None:
        wait_ns = _SYN_RETRY_NS << self._lost
        if self._lost == _SYN_RETRIES:
            self._step = self._timed_out
            self._world.loop.at_ns(self._world.loop.now_ns + wait_ns, self)
            return
        self._lost += 1
        self._travel(link, wait_ns)

    def _timed_out(self) -> None:
        self.answer.set_exception(TimeoutError(110, "Connect call failed: connection timed out"))


class Listener(asyncio.AbstractServer):
    """What `create_server` returns."""

    def __init__(self, network: Network, node: Peer, factory: Callable[[], Any], port: int) -> None:
        self._network, self._factory = network, factory
        self.node = node
        self.key = (node.name, port)
        self.endpoints: dict[Endpoint, None] = {}
        self.sockets: tuple[Any, ...] = ()
        self._closed = False
        self._waiters: list[asyncio.Future[None]] = []

    def accept(self, endpoint: Endpoint) -> None:
        """Runs in the node's context: the program takes the connection."""
        if self.node.ended or endpoint.closed:
            return
        endpoint.attach(self._factory(), self.node)

    def detach(self, endpoint: Endpoint) -> None:
        self.endpoints.pop(endpoint, None)
        self._wake()

    def get_loop(self) -> asyncio.AbstractEventLoop:
        return self._network._world.loop

    def is_serving(self) -> bool:
        return self._network.listener(*self.key) is self

    async def start_serving(self) -> None:
        if not self.is_serving():
            self._network.open(self)

    async def serve_forever(self) -> None:
        await self.start_serving()
        try:
            await self.get_loop().create_future()
        finally:
            self.close()

    def close(self) -> None:
        self._network.shut(self)
        self._closed = True
        self._wake()

    async def wait_closed(self) -> None:
        """Until all connections are gone, as since Python 3.12.1."""
        if not self._closed or self.endpoints:
            waiter: asyncio.Future[None] = self.get_loop().create_future()
            self._waiters.append(waiter)
            await waiter

    def _wake(self) -> None:
        if self._closed and not self.endpoints:
            for waiter in self._waiters:
                if not waiter.done():
                    waiter.set_result(None)
            self._waiters.clear()
