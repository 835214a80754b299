"""Both ends of a proxied connection, and a server that never answers."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from harness.runtimes.toxiproxy.adapter import Toxic

HELD_MS = 86_400_000
ARRIVES_WITHIN_S = 10.0  # generous: a loaded machine is no failure
SILENCE_S = 0.3  # how long nothing must come while bytes are held; longer only makes the test slower


def toxics(stream: str, latency_ms: int = 0) -> list[Toxic]:
    """What the harness installs on one direction of every proxy."""
    assert stream in ("upstream", "downstream")
    return [
        Toxic(name=f"latency_{stream}", type="latency", stream=stream, attributes={"latency": latency_ms, "jitter": 0}),
        Toxic(name=f"slow_close_{stream}", type="slow_close", stream=stream, attributes={"delay": latency_ms}),
    ]


class Pair:
    """A client's socket through a proxy and the server's socket behind it."""

    def __init__(self, client: socket.socket, server: socket.socket) -> None:
        self.client, self.server = client, server

    def is_silent(self, receiver: socket.socket) -> bool:
        receiver.settimeout(SILENCE_S)
        try:
            return not receiver.recv(1, socket.MSG_PEEK)
        except TimeoutError:
            return True
        finally:
            receiver.settimeout(ARRIVES_WITHIN_S)


def received(receiver: socket.socket, size: int) -> bytes:
    """Exactly `size` bytes, or fewer at the end of the stream."""
    got = b""
    while len(got) < size and (data := receiver.recv(size - len(got))):
        got += data
    return got


def ended(receiver: socket.socket) -> bool:
    """Whether the next thing that comes is the end of the connection, by FIN or RST."""
    try:
        return receiver.recv(1) == b""
    except ConnectionError:
        return True


@contextmanager
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as sock:
        sock.settimeout(ARRIVES_WITHIN_S)
        yield sock


def address(sock: socket.socket) -> str:
    host, port = sock.getsockname()
    return f"{host}:{port}"


@contextmanager
def connected(listen: str, upstream: socket.socket) -> Iterator[Pair]:
    """A connection through the proxy that listens on `listen` and dials `upstream`."""
    host, _, port = listen.rpartition(":")
    with socket.create_connection((host, int(port)), timeout=ARRIVES_WITHIN_S) as client:
        server, _ = upstream.accept()
        with server:
            server.settimeout(ARRIVES_WITHIN_S)
            yield Pair(client, server)


@contextmanager
def says(answer: bytes | None) -> Iterator[int]:
    """A port where every request gets these bytes as its whole answer; None: connections open, and that is all."""
    taken: list[socket.socket] = []

    def serve(sock: socket.socket) -> None:
        while True:
            try:
                client, _ = sock.accept()
            except OSError:
                return
            taken.append(client)
            if answer is not None:
                client.recv(65536)
                client.sendall(answer)
                client.close()

    sock = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=serve, args=(sock,), daemon=True)
    thread.start()
    try:
        yield int(sock.getsockname()[1])
    finally:
        sock.shutdown(socket.SHUT_RDWR)
        sock.close()
        thread.join()
        for client in taken:
            client.close()
