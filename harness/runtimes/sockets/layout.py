"""Where everything of a run is: addresses, ports, and the environment of every node. Pure.

Every program has addresses of its own, so all use the same ports.
"""

from __future__ import annotations

import ipaddress
import os
import secrets
import shlex
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from harness.runtimes import RuntimeUnavailable, node_env
from harness.runtimes.sockets import certificates
from harness.schedule import Node, System

WIRE, TOXIPROXY = "wire", "toxiproxy"
RELAY_PORT, PROBE_PORT, CONTROL_PORT, DESK_PORT, TOXIPROXY_PORT = 8000, 9000, 9001, 9002, 8474
_PORTS = {"ws": 80, "wss": 443}
_ENTER_BASE, _LEAVE_BASE, _PROXY_BASE = 20_000, 25_000, 30_000
_FIRST_NODE_HOST = 10  # below it: gateway, wire, Toxiproxy
_HARNESS_HOST, WIRE_HOST, _TOXIPROXY_HOST = 1, 2, 3  # the first is the gateway of a bridge
STORE_LATENCY_MS = (0.2, 2.0)  # besides what the disk takes: as in the simulator
DEVICE_LINK_PATH = "/ws/device-link"


@dataclass(frozen=True)
class Subnets:
    """The data network, which faults are about, and the control network, which they never touch."""

    data: ipaddress.IPv4Network
    control: ipaddress.IPv4Network


@dataclass(frozen=True)
class Secrets:
    """Random per run; they go into environments only, never into logs or histories."""

    jwt: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)
    wire: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)
    probe: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)

    def probe_of(self, node: str) -> str:
        """Of a program that dials in: it also says who it is."""
        return f"{self.probe}.{node}"


class Layout:
    """Addresses of one run. Raises `RuntimeUnavailable` for a system that does not fit into a subnet."""

    def __init__(
        self, system: System, subnets: Subnets, folder: str = "/data", *, certificates_in: Path = Path("/certificates")
    ) -> None:
        """`folder`: where a desktop keeps its store; `{name}` in it is the desktop's."""
        self.certificates_in = certificates_in
        self.system, self.subnets, self._folder = system, subnets, folder
        theirs = [*(n.name for n in system.nodes), *system.services]
        hosts = [WIRE_HOST, _TOXIPROXY_HOST, *range(_FIRST_NODE_HOST, _FIRST_NODE_HOST + len(theirs))]
        if hosts[-1] >= subnets.data.num_addresses - 1:
            raise RuntimeUnavailable(f"{len(theirs)} programs do not fit into the run's network {subnets.data}")
        names = [WIRE, TOXIPROXY, *theirs]
        self._host = dict(zip(names, hosts, strict=True))

    @property
    def names(self) -> list[str]:
        return list(self._host)

    def data(self, name: str) -> str:
        return str(self.subnets.data[self._host[name]])

    def control(self, name: str) -> str:
        return str(self.subnets.control[self._host[name]])

    # ---- the path of a link -----------------------------------------------------------------------------------------

    def enter(self, link: int) -> tuple[str, int]:
        """Where the client of the link dials: one that runs elsewhere, where it was told to."""
        listen = self.system.node(self.system.links[link][0]).listen
        return (self.data(WIRE), _ENTER_BASE + link) if listen is None else address_of(listen)

    def proxy(self, link: int) -> tuple[str, int]:
        return self.data(TOXIPROXY), _PROXY_BASE + link

    def leave(self, link: int) -> tuple[str, int]:
        return self.data(WIRE), _LEAVE_BASE + link

    def upstream(self, server: str) -> tuple[str, int]:
        """Where the server of a link listens."""
        node = self.system.node(server)
        url = node.url
        if url is None:
            return self.data(server), node.port or RELAY_PORT
        there = urlsplit(url)
        return there.hostname or "", there.port or _PORTS[there.scheme]

    def desk(self) -> tuple[str, int]:
        """Where the harness listens for probes that programs open by themselves."""
        return str(self.subnets.control[_HARNESS_HOST]), DESK_PORT

    def desks(self, secret: Secrets) -> dict[tuple[str, int], dict[str, str]]:
        """Where the harness listens for probes that programs open by themselves: token → node. Raises
        `RuntimeUnavailable`: of one that runs elsewhere nobody has set the token."""
        found: dict[tuple[str, int], dict[str, str]] = {}
        for node in self.system.nodes:
            if node.kind == "external" and node.probe is not None:
                found.setdefault(address_of(node.probe), {})[_token_of(node)] = node.name
            elif node.kind not in ("builtin", "external"):
                found.setdefault(self.desk(), {})[secret.probe_of(node.name)] = node.name
        return found

    def wire_config(self) -> dict[str, Any]:
        links = [
            {
                "client": client,
                "server": server,
                "enter": self.enter(i),
                "proxy": self.proxy(i),
                "leave": self.leave(i),
                "upstream": self.upstream(server),
                **self._tls(client, server),
                "client_dialect": self.system.node(client).dialect,
                "server_dialect": self.system.node(server).dialect,
            }
            for i, (client, server) in enumerate(self.system.links)
        ]
        return {"links": links, "control": (self.control(WIRE), CONTROL_PORT), "dialect": self.system.dialect}

    def _tls(self, client: str, server: str) -> dict[str, Any]:
        found: dict[str, Any] = {}
        if self.system.node(client).tls == "terminate":
            found["shows"] = certificates.shown(self.certificates_in)
        relay = self.system.node(server)
        if relay.tls == "passthrough" and self.system.node(client).tls != "passthrough":
            found["trusts"] = certificates.authority(self.certificates_in)
            found["server_name"] = self.data(WIRE)  # the relay shows what its clients expect
        elif (relay.url or "").startswith("wss://"):
            found["trusts"] = relay.ca or ""
            found["server_name"] = self.upstream(server)[0]
        return found

    # ---- environments -----------------------------------------------------------------------------------------------

    def environment(self, node: Node, secret: Secrets) -> dict[str, str]:
        """What `targets` documents, for one node. The node's own `env` wins."""
        env = node_env.common(self.system, node, secret.jwt)
        env.update(self._relay(node) if node.role == "relay" else self._client(node))
        env.update(self._probe(node, secret))
        if node.auth:
            env["TOKEN_COMMAND"] = shlex.join(node.auth)
        if (node.kind != "builtin" or node.auth) and node.role != "relay":
            env.pop("JWT_SECRET")  # its token is all that it gets
        if node.role == "desktop":
            env["STORE"] = f"file:{self._folder.format(name=node.name)}/store.db"
            env["STORE_LATENCY_MS"] = "{}..{}".format(*STORE_LATENCY_MS)
        return node_env.own(node, env)

    def _probe(self, node: Node, secret: Secrets) -> dict[str, str]:
        """A program of ours listens; one of somebody else dials."""
        if node.kind != "builtin":
            host, port = self.desk()
            return node_env.told(self.system, node, secret.jwt, f"ws://{host}:{port}/", secret.probe_of(node.name))
        listens = {"HARNESS_PROBE_HOST": self.control(node.name), "HARNESS_PROBE_PORT": str(PROBE_PORT)}
        return {**listens, "HARNESS_PROBE_TOKEN": secret.probe}

    def _relay(self, node: Node) -> dict[str, str]:
        tls = {"RELAY_TLS": certificates.shown(self.certificates_in)} if node.tls is not None else {}
        return {**tls, "RELAY_HOST": self.data(node.name), "RELAY_PORT": str(node.port or RELAY_PORT)}

    def _client(self, node: Node) -> dict[str, str]:
        number = next(i for i, (client, _) in enumerate(self.system.links) if client == node.name)
        host, port = self.enter(number)
        scheme, trust = ("wss", certificates.environment(self.certificates_in)) if node.tls else ("ws", {})
        return {**trust, **node_env.of_client(node, f"{scheme}://{host}:{port}{self._path(number)}")}

    def _path(self, link: int) -> str:
        """An external relay says by its URL where devices are served."""
        url = self.system.node(self.system.links[link][1]).url
        return urlsplit(url).path or "/" if url is not None else DEVICE_LINK_PATH


def address_of(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    return host, int(port)


def _token_of(node: Node) -> str:
    name = node.probe_token_env or ""
    if token := os.environ.get(name):
        return token
    raise RuntimeUnavailable(f"{node.name} runs elsewhere: set {name} to the token with which it opens its probe")
