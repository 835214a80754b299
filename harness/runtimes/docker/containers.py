"""The networks and containers of one run. Every method blocks on the engine: call it from a thread."""

from __future__ import annotations

import hashlib
import ipaddress
from collections.abc import Callable, Mapping
from contextlib import suppress
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any, cast

import docker
from docker.errors import APIError
from docker.types import IPAMConfig, IPAMPool

from harness.runtimes import RuntimeUnavailable
from harness.runtimes.docker import engine
from harness.runtimes.sockets.layout import Layout, Subnets
from harness.schedule import Container

_POOL = IPv4Network("10.192.0.0/12")  # subnets of runs are /24 of it; Docker's own defaults lie elsewhere
_SUBNET_TRIES = 64
_STRIDE = 7  # between tries: prime to the number of subnets
_TAIL_LINES = 20


class Containers:
    """`made` maps names (nodes, `wire`, `toxiproxy`) to container ids, in the order of their creation."""

    def __init__(self, client: docker.DockerClient, run_id: str) -> None:
        self.made: dict[str, str] = {}
        self._api = client.api
        self._run_id = run_id
        self._labels = engine.labels(run_id)
        self._networks: dict[str, str] = {}
        self._again: dict[str, Callable[[], None]] = {}  # name → makes its container anew, from its image

    # ---- networks -------------------------------------------------------------------------------------------------

    def make_networks(self) -> Subnets:
        """Both bridges. Raises `RuntimeUnavailable` when no subnet is free."""
        return Subnets(data=self._make_network("data"), control=self._make_network("control"))

    def _make_network(self, what: str) -> IPv4Network:
        """On the first /24 that overlaps nothing. Where to begin depends on the run, so that runs rarely meet."""
        pool = list(_POOL.subnets(new_prefix=24))
        begin = int.from_bytes(hashlib.sha256(f"{self._run_id}/{what}".encode()).digest()[:4], "big")
        routes = host_routes()
        reason = "every candidate overlaps a route of this machine"
        for at in range(_SUBNET_TRIES):
            subnet = pool[(begin + at * _STRIDE) % len(pool)]
            if any(subnet.overlaps(route) for route in routes):
                continue
            try:
                self._networks[what] = self._create_network(what, subnet)
            except APIError as exc:
                reason = str(exc.explanation or exc)
            else:
                return subnet
        raise RuntimeUnavailable(
            f"no network could be made in {_POOL} ({reason}); see `docker network ls` and `harness doctor`"
        )

    def _create_network(self, what: str, subnet: IPv4Network) -> str:
        pool = IPAMPool(subnet=str(subnet), gateway=str(subnet[1]))
        made = self._api.create_network(
            f"{engine.LABEL}-{self._run_id}-{what}",
            driver="bridge",
            internal=True,
            check_duplicate=True,
            labels=self._labels,
            ipam=IPAMConfig(pool_configs=[pool]),
        )
        return str(made["Id"])

    # ---- containers -----------------------------------------------------------------------------------------------

    def run(
        self,
        name: str,
        how: Container,
        env: Mapping[str, str],
        layout: Layout,
        *,
        init: bool = True,
        sources: bytes | None = None,
    ) -> None:
        """Create a container on both networks and start it. `sources` is a tar that is unpacked at its root. Raises
        docker's errors."""

        def create() -> None:
            self._create(name, how, env, layout, init)
            if sources is not None:
                self._api.put_archive(self.made[name], "/", sources)

        self._again[name] = create
        self._again[name]()
        self.start(name)

    def health(self, name: str) -> str:
        """`none` where nothing says it; else `starting`, `healthy` or `unhealthy`."""
        state = self._api.inspect_container(self.made[name])["State"]
        return str(state.get("Health", {}).get("Status", "none"))

    def make_anew(self, name: str) -> None:
        """In the place of one that has ended: what it had written is gone."""
        self._api.remove_container(self.made[name], force=True, v=True)
        self._again[name]()

    def _create(self, name: str, how: Container, env: Mapping[str, str], layout: Layout, init: bool) -> None:
        api = self._api
        endpoint = api.create_endpoint_config(ipv4_address=layout.data(name), aliases=[name])
        networking = cast(Any, {self._networks["data"]: endpoint})
        said: dict[str, Any] = {key: getattr(how, key) for key in ("entrypoint", "working_dir", "user", "healthcheck")}
        made = api.create_container(
            how.image,
            how.command or None,
            name=f"{engine.LABEL}-{self._run_id}-{name}",
            hostname=name,
            environment=dict(env),
            labels={**self._labels, f"{engine.LABEL}.node": name},
            networking_config=api.create_networking_config(networking),
            host_config=api.create_host_config(
                network_mode=self._networks["data"],
                init=init,
                binds=how.binds,
                cap_drop=[] if name in layout.system.services else ["ALL"],  # a database changes its user
                security_opt=["no-new-privileges"],
            ),
            **said,
        )
        self.made[name] = made["Id"]
        api.connect_container_to_network(made["Id"], self._networks["control"], ipv4_address=layout.control(name))

    def restart(self, name: str) -> None:
        self._api.restart(self.made[name], timeout=0)

    def signal(self, name: str, signal: str) -> None:
        self._api.kill(self.made[name], signal)

    def start(self, name: str) -> None:
        self._api.start(self.made[name])

    def pause(self, name: str) -> None:
        self._api.pause(self.made[name])

    def unpause(self, name: str) -> None:
        if self._api.inspect_container(self.made[name])["State"]["Paused"]:  # it may have been killed meanwhile
            self._api.unpause(self.made[name])

    def runs(self, name: str) -> bool:
        return bool(self._api.inspect_container(self.made[name])["State"]["Running"])

    def exited(self) -> dict[str, int]:
        """Those that are not running any more, with their exit codes."""
        states = {name: self._api.inspect_container(id_)["State"] for name, id_ in list(self.made.items())}
        return {name: state["ExitCode"] for name, state in states.items() if state["Status"] in ("exited", "dead")}

    def tail(self, name: str) -> str:
        """The end of a container's log."""
        return self._api.logs(self.made[name], tail=_TAIL_LINES).decode("utf-8", "replace").strip()

    def save_log(self, name: str, directory: Path) -> None:
        """Write `nodes/<name>/{stdout,stderr}.log` into `directory`. Raises OSError."""
        into = directory / "nodes" / name
        into.mkdir(parents=True, exist_ok=True)
        for stream in ("stdout", "stderr"):
            out = stream == "stdout"
            log = self._api.logs(self.made[name], stdout=out, stderr=not out, timestamps=True)
            (into / f"{stream}.log").write_bytes(log)


def host_routes() -> list[IPv4Network]:
    """Networks that this machine has routes to, the default route apart."""
    routes: list[IPv4Network] = []
    with suppress(OSError, ValueError, IndexError):
        for line in Path("/proc/net/route").read_text().splitlines()[1:]:
            fields = line.split()
            address, mask = (int.from_bytes(bytes.fromhex(fields[i]), "little") for i in (1, 7))
            if mask:
                routes.append(IPv4Network((str(ipaddress.IPv4Address(address)), mask.bit_count())))
    return routes
