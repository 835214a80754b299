"""A server over a store, and what it answers; stores whose runs were played by nobody."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, NamedTuple

from harness.serve.server import Server
from harness.store.index import IndexRow, Store, insert

LIMIT_S = 30


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: str


class Played(NamedTuple):
    """A store with three runs: of good rules, of bad ones, and of a plan that means harm."""

    store: Path
    good: str
    bad: str
    hostile: str

    def files(self, run: str) -> Path:
        (found,) = self.store.glob(f"*/*-{run}")
        return found


class Shown(HTMLParser):
    """`text` is what a page shows, `links` where it leads, `tags` what it is made of."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.tags: list[tuple[str, dict[str, str]]] = []
        self._said: list[str] = []
        self.feed(html)
        self.text = " ".join(" ".join(self._said).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        self.tags.append((tag, found))
        if tag == "a":
            self.links.append(found.get("href", ""))

    def handle_data(self, data: str) -> None:
        self._said.append(data)


class Client:
    """Asks one server."""

    def __init__(self, server: Server) -> None:
        self.server = server

    def __call__(self, path: str, *, method: str = "GET", host: str | None = None) -> Answer:
        return self.raw(method, path, [("Host", host or f"127.0.0.1:{self.server.server_address[1]}")])

    def raw(self, method: str, path: str, headers: list[tuple[str, str]]) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.server.server_address[1], timeout=LIMIT_S)
        with closing(connection):
            connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
            for name, value in headers:
                connection.putheader(name, value)
            connection.endheaders()
            found = connection.getresponse()
            body = found.read().decode("utf-8", "replace")
            return Answer(found.status, dict(found.getheaders()), body)

    def page(self, path: str) -> Shown:
        found = self(path)
        assert found.status == 200, (path, found.status, found.body)
        return Shown(found.body)


@contextmanager
def serving(store: Path, host: str = "127.0.0.1") -> Iterator[Client]:
    with Server(store, host, 0) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield Client(server)
        finally:
            server.shutdown()
            thread.join()


def row(number: int, *signatures: tuple[str, str], **more: Any) -> IndexRow:
    """Run `00000000NN`, of day NN."""
    said: dict[str, Any] = {
        "id": f"{number:010x}",
        "plan": "quickstart",
        "seed": number,
        "runtime": "sim",
        "profile": "hardened",
        "verdict": "INVALID" if signatures else "VALID",
        "signatures": list(signatures),
        "started": f"2026-11-{number % 28 + 1:02d}T02:00:00.000Z",
        "seconds": number / 10,
    }
    return IndexRow(**{**said, **more})


def store_of(folder: Path, *rows: IndexRow) -> Path:
    """Runs of which the index knows, and no more."""
    with closing(Store(folder).connect()) as db, db:
        for one in rows:
            insert(db, one)
    return folder
