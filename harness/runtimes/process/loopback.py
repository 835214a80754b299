"""Two networks of loopback addresses for each run: 127.X.Y.0/24, which Linux has without being asked.

An address of its own for every program, so that all use the same ports, and no outgoing connection ever takes the port
of one that is being started anew: those leave from 127.0.0.1.
"""

from __future__ import annotations

import hashlib
import socket
from ipaddress import IPv4Network

from harness.runtimes import RuntimeUnavailable
from harness.runtimes.sockets.layout import CONTROL_PORT, WIRE_HOST, Subnets

_POOL = IPv4Network("127.64.0.0/10")
_TRIES = 64


def subnets(run_id: str) -> Subnets:
    """Two that nobody uses. Raises `RuntimeUnavailable`."""
    networks = list(_POOL.subnets(new_prefix=24))
    begin = int.from_bytes(hashlib.sha256(run_id.encode()).digest()[:4], "big")
    for at in range(_TRIES):
        data, control = (networks[(begin + 2 * at + which) % len(networks)] for which in (0, 1))
        if _is_free(str(control[WIRE_HOST])):
            return Subnets(data=data, control=control)
    raise RuntimeUnavailable(f"no addresses of {_POOL} are free: end other runs, or see `harness doctor --sweep`")


def trouble() -> list[str]:
    """Why there are no such addresses; empty: there are."""
    if _is_free("127.64.0.1", port=0):
        return []
    return ["this machine has no loopback addresses besides 127.0.0.1 (Linux has): use --runtime docker or sim"]


def _is_free(host: str, port: int = CONTROL_PORT) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True
