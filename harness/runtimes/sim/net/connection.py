"""A simulated TCP connection: two endpoints, a pipe each way, and what a fault can do to it as a whole."""

from __future__ import annotations

from typing import Final, Protocol

from faults import Cut, Effect
from harness.runtimes.sim.net.hop import Hop
from harness.runtimes.sim.net.links import Link
from harness.runtimes.sim.net.pipe import Lines, Pipe
from harness.runtimes.sim.net.taps import Watch, Witness
from harness.runtimes.sim.net.transport import Endpoint

_SILENT: Final = ("half-open", "dead", "timeout")  # ways to end a connection that its streams do not tell


class Laid(Lines, Protocol):
    """The world of a connection."""

    @property
    def witness(self) -> Witness: ...


class Line:
    """A link as a client dials it: both directions, and whether new connections are refused."""

    def __init__(self, client: str, server: str, forth: Link, back: Link, *, aside: bool = False) -> None:
        self.client, self.server = client, server
        self.aside = aside  # no link of the topology
        self.forth, self.back = forth, back
        self.refusals: list[Effect] = []  # whose doing it is that new connections are refused; empty: they are welcome
        self.connections: dict[int, Connection] = {}

    def refuse(self, effect: Effect) -> None:
        self.refusals.append(effect)

    def welcome(self, effect: Effect) -> None:
        """Take back one `refuse`. (Effects are equal by value: compare by identity.)"""
        at = next(i for i, mine in enumerate(self.refusals) if mine is effect)
        del self.refusals[at]

    @property
    def live(self) -> list[Connection]:
        return [connection for connection in self.connections.values() if connection.live]


class Connection:
    """`number` counts the connections of the world; streams and taps name it."""

    def __init__(self, world: Laid, line: Line, number: int, *, client: str, server: str, port: int) -> None:
        self.number = number
        self.line = line
        self._world = world
        client_name, server_name = (client, 32768 + number % 28000), (server, port)
        self.client = Endpoint(world.loop, f"{line.forth.name}#{number}", client_name, server_name)
        self.server = Endpoint(world.loop, f"{line.back.name}#{number}", server_name, client_name)
        self._join(line.forth, "forth", self.client, self.server)
        self._join(line.back, "back", self.server, self.client)
        self._severed = False

    @property
    def server_name(self) -> str:
        return self.line.server

    def _join(self, link: Link, way: str, sender: Endpoint, receiver: Endpoint) -> None:
        watch = Watch(self._world.witness, link, self.number)
        pipe = Pipe(self._world, link, self.number, way, watch)
        pipe.sender, pipe.receiver = sender, receiver
        sender.outgoing = receiver.incoming = pipe
        sender.hop = Hop(self._world.loop, link, watch, sender)
        sender.connection = self

    @property
    def live(self) -> bool:
        return not (self._severed or self.client.closed or self.server.closed)

    def sever(self, how: Cut, *, client_vanishes: bool = False) -> None:
        """End it now, wherever its streams happen to be.

        `close` and `reset` reach both sides. `timeout`, `dead`: neither hears anything any more. `half-open`: one
        side's socket vanishes, and the other hears nothing any more.
        """
        self._severed = True
        self._world.trace("sever", f"{self.line.forth.name}#{self.number} {how} {client_vanishes}", b"")
        for endpoint in (self.client, self.server):
            endpoint.outgoing.end(silent=how in _SILENT)
        if how == "half-open":
            self._tell((self.client if client_vanishes else self.server,), reset=True)
        elif how not in _SILENT:
            self._tell((self.client, self.server), reset=how == "reset")

    def close_silenced(self) -> None:
        """What was silenced by `timeout` is closed at last, as Toxiproxy closes it."""
        for endpoint in (self.client, self.server):
            endpoint.outgoing.end(silent=False)
        self._tell((self.client, self.server), reset=False)

    def close_back(self, pipe: Pipe) -> None:
        """A toxic has closed the receiver's end of `pipe`: its sender's end closes after what is under way there."""
        self._severed = True
        back = pipe.receiver.outgoing
        back.finish()
        back.cut = True

    def _tell(self, endpoints: tuple[Endpoint, ...], *, reset: bool) -> None:
        for endpoint in endpoints:
            if endpoint.closed:
                continue
            if reset:
                endpoint.arrive_reset()
            else:
                endpoint.arrive_fin()
            endpoint.wake()

    def closed_socket(self, endpoint: Endpoint) -> None:
        """A program closed its socket. When both have, nothing is left but what may still fly."""
        if endpoint.node is not None:
            endpoint.node.endpoints.pop(endpoint, None)
        if not (self.client.closed and self.server.closed):
            return
        self.line.connections.pop(self.number, None)
        self.line.forth.pipes.pop(self.client.outgoing, None)
        self.line.back.pipes.pop(self.server.outgoing, None)

    def release(self) -> None:
        """Break reference cycles when the run is over."""
        for endpoint in (self.client, self.server):
            endpoint.release()
