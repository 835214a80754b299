"""Toxiproxy's API through toxiproxy-python, with the library's holes closed, and only those operations that are safe.

The library keeps host and port in a class, so every server here gets a class of its own; it has no time limit, obeys
HTTP_PROXY even for loopback, raises for three status codes only, and cannot update a toxic. The server silently ignores
attributes it does not know, so every answer is compared with what was asked.

What is left out is left out on purpose: deleting toxics and `/reset` can panic a server that has data in flight, and
adding a toxic to a proxy in use can wedge it. Toxics are installed when a proxy is created and only patched later.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal
from urllib.parse import quote

import msgspec
import requests
from toxiproxy.api import APIConsumer
from toxiproxy.exceptions import InvalidToxic, NotFound, ProxyExists

LIMIT_S = 2.0  # a healthy server answers within milliseconds
_NO_PROXIES = {"http": None, "https": None, "all": None}

Method = Literal["get", "post"]


class ToxiproxyError(Exception):
    """The server refused a request; the message names the request and the server's reason."""


class ToxiproxyWedged(ToxiproxyError):
    """The server does not answer (wedged, panicked or gone): whatever runs through it proves nothing any more."""


class Toxic(msgspec.Struct, frozen=True, kw_only=True):
    """One toxic. `stream` is Toxiproxy's word: `upstream` bytes go to the server, `downstream` ones to the client."""

    name: str
    type: str
    stream: Literal["upstream", "downstream"]
    attributes: dict[str, int]  # Toxiproxy knows whole numbers only
    toxicity: float = 1.0


class ProxyState(msgspec.Struct, frozen=True, kw_only=True):
    """What the server says of one proxy."""

    name: str
    listen: str
    upstream: str
    enabled: bool
    toxics: list[Toxic]


class Toxiproxy:
    """One Toxiproxy server. Every call blocks for at most `limit_s` to connect and as long to be answered."""

    def __init__(self, host: str, port: int = 8474, limit_s: float = LIMIT_S) -> None:
        self.address = f"{host}:{port}"
        self._limit_s = limit_s
        self._consumer = type("Consumer", (APIConsumer,), {"host": host, "port": port})

    def version(self) -> str:
        return str(self._call("get", "/version").get("version", ""))

    def create(self, name: str, listen: str, upstream: str, toxics: Sequence[Toxic]) -> ProxyState:
        """A new enabled proxy with all the toxics it will ever have."""
        body = {"name": name, "listen": listen, "upstream": upstream, "enabled": True}
        self._call("post", "/proxies", body)
        for toxic in toxics:
            made = self._call("post", f"{_path(name)}/toxics", msgspec.to_builtins(toxic))
            self._compare(f"toxic {toxic.name} of {name}", toxic.attributes, made.get("attributes", {}))
        return self.proxies()[name]

    def patch(self, name: str, toxic: str, attributes: Mapping[str, int], toxicity: float = 1.0) -> None:
        """Change a toxic in place; what it holds is let go according to its new attributes, in order."""
        body = {"attributes": dict(attributes), "toxicity": toxicity}
        answer = self._call("post", f"{_path(name)}/toxics/{quote(toxic, safe='')}", body)
        self._compare(f"toxic {toxic} of {name}", {"toxicity": toxicity}, answer)
        self._compare(f"toxic {toxic} of {name}", attributes, answer.get("attributes", {}))

    def enable(self, name: str, enabled: bool) -> None:
        """Disabling cuts the proxy's live connections at once and refuses new ones."""
        answer = self._call("post", _path(name), {"enabled": enabled})
        self._compare(f"proxy {name}", {"enabled": enabled}, answer)

    def proxies(self) -> dict[str, ProxyState]:
        answer = self._call("get", "/proxies")
        try:
            return msgspec.convert(answer, dict[str, ProxyState])
        except msgspec.ValidationError as exc:
            raise ToxiproxyError(f"{self.address}: GET /proxies: not understood: {exc}") from exc

    def _call(self, method: Method, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        what = f"{self.address}: {method.upper()} {path}"
        options: dict[str, Any] = {"timeout": self._limit_s, "proxies": _NO_PROXIES}
        if body is not None:
            options["json"] = body
        try:
            response = getattr(self._consumer, method)(path, **options)
        except requests.Timeout as exc:
            raise ToxiproxyWedged(f"{what}: no answer within {self._limit_s:g} s") from exc
        except requests.RequestException as exc:
            raise ToxiproxyWedged(f"{what}: the server is gone ({type(exc).__name__})") from exc
        except (InvalidToxic, NotFound, ProxyExists) as exc:
            raise ToxiproxyError(f"{what}: {_reason(exc.args[0] if exc.args else b'')}") from exc
        if not response.ok:
            raise ToxiproxyError(f"{what}: {response.status_code} {_reason(response.content)}")
        return self._object(what, response.content)

    def _object(self, what: str, content: bytes) -> dict[str, Any]:
        try:
            return msgspec.json.decode(content, type=dict[str, Any])
        except msgspec.MsgspecError as exc:
            raise ToxiproxyError(f"{what}: the answer is no JSON object ({exc})") from exc

    def _compare(self, what: str, wanted: Mapping[str, object], got: Mapping[str, object]) -> None:
        wrong = {key: got.get(key) for key, value in wanted.items() if got.get(key) != value}
        if wrong:
            raise ToxiproxyError(f"{self.address}: {what}: asked for {dict(wanted)}, but the server has {wrong}")


def _path(name: str) -> str:
    return f"/proxies/{quote(name, safe='')}"


def _reason(content: object) -> str:
    """The `error` of Toxiproxy's error object, else the text as it came."""
    text = content.decode("utf-8", "replace") if isinstance(content, bytes) else str(content)
    try:
        return str(msgspec.json.decode(text.encode(), type=dict[str, Any])["error"])
    except (msgspec.MsgspecError, KeyError):
        return text.strip()[:500] or "(no reason given)"
