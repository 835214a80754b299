"""Who is answered: whoever asks for this host by a name of its own, with GET or HEAD.

A page of somebody else's may make a browser ask for it under the page's own name, which leads here for a moment
(DNS rebinding). Such a name is none of this host's, and gets nothing.
"""

from __future__ import annotations

import ipaddress
import shutil
import socket
import sys
import traceback
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from harness import __version__
from harness.serve import answers, routes
from harness.serve.answers import Answer

_PATIENCE_S = 30  # with a browser that says nothing
_REFUSED = (
    "This is no name of this host, so it may be a page of somebody else's that asks. Ask for 127.0.0.1 or localhost, "
    "or name the host with --host."
)


class Server(ThreadingHTTPServer):
    """Bound when it is made; `serve_forever` answers. Raises `OSError` when the port is taken."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, store: Path, host: str, port: int, note: Callable[[str], None] = lambda line: None) -> None:
        self.store, self.note = store, note
        self.names = {host.lower(), "localhost", socket.gethostname().lower()}
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        super().__init__((host, port), _Handler)

    @property
    def url(self) -> str:
        """Where a browser of this machine finds it."""
        host, port = str(self.server_address[0]), self.server_address[1]
        if ipaddress.ip_address(host).is_unspecified:
            host = "127.0.0.1"
        return f"http://{f'[{host}]' if ':' in host else host}:{port}/"

    def knows(self, said: str, mine: str) -> bool:
        """Is the host that a request names this one? `mine`: the address at which it arrived."""
        host = said.strip().lower()
        host = host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]
        if host.rstrip(".") in self.names:
            return True
        try:
            address = ipaddress.ip_address(host)
        except ValueError:
            return False
        return address.is_loopback or address == ipaddress.ip_address(mine.partition("%")[0])

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that goes away is none."""
        exc = sys.exception()
        if not isinstance(exc, ConnectionError | TimeoutError):
            self.note(f"{client_address[0]}: {type(exc).__name__}: {exc}")


def is_loopback(host: str) -> bool:
    """Can only this machine reach it?"""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class _Handler(BaseHTTPRequestHandler):
    server: Server
    timeout = _PATIENCE_S
    server_version = f"jobsync-harness/{__version__}"
    sys_version = ""

    def do_GET(self) -> None:
        hosts = self.headers.get_all("Host") or []
        if len(hosts) != 1 or not self.server.knows(hosts[0], str(self.connection.getsockname()[0])):
            self._send(answers.plain(HTTPStatus.MISDIRECTED_REQUEST, _REFUSED))
            return
        try:
            found = routes.answer(self.server.store, self.path)
        except Exception as exc:
            where = traceback.extract_tb(exc.__traceback__)[-1]
            self.server.note(f"{self.path!r}: {type(exc).__name__}: {exc} ({where.name}, line {where.lineno})")
            found = answers.plain(HTTPStatus.INTERNAL_SERVER_ERROR, f"the harness failed: {type(exc).__name__}: {exc}")
        self._send(found)

    do_HEAD = do_GET

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """What is no request that can be read, and every method but two."""
        self.close_connection = True
        if code == HTTPStatus.NOT_IMPLEMENTED:
            self._send(answers.plain(HTTPStatus.METHOD_NOT_ALLOWED, "only GET and HEAD", Allow="GET, HEAD"))
            return
        self._send(answers.plain(code, message or HTTPStatus(code).phrase))

    def _send(self, found: Answer) -> None:
        try:
            opened = found.file.open("rb") if found.file is not None else None
        except OSError as exc:
            found, opened = answers.plain(HTTPStatus.NOT_FOUND, f"it cannot be read: {exc.strerror or exc}"), None
        length = len(found.body) if opened is None else opened.seek(0, 2)
        self.send_response(found.status)
        for name, value in found.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(length))
        self.end_headers()
        if opened is not None:
            with opened:
                opened.seek(0)
                if self.command != "HEAD":
                    shutil.copyfileobj(opened, self.wfile)
        elif self.command != "HEAD":
            self.wfile.write(found.body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its name in the base class
        """Requests are not told: there is one user, who knows."""
