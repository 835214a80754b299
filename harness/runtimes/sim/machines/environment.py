"""What a simulated node finds in its environment, as `targets` documents it."""

from __future__ import annotations

from typing import Final

from harness.runtimes.node_env import common, of_client, own, told
from harness.schedule import Node, System
from harness.seeds import child_seed

PORT: Final = 8000
PATH: Final = "/ws/device-link"
STORE_LATENCY_MS: Final = "0.2..2.0"  # as a local database takes it; without it no read could race a write

DESK: Final = "probe.harness"  # where foreign programs open their probe; no name of a topology has a dot
DESK_PORT: Final = 9000


def token_of(node: str) -> str:
    """Everything is in one process: a token tells nodes apart, and guards nothing."""
    return f"probe-of-{node}"


def environment(system: System, node: Node, seed: int, store: str) -> dict[str, str]:
    """`store` is the SQLite URI of a desktop. The node's own `env` wins. Call it in virtual time: tokens expire."""
    secret = f"{child_seed(seed, 'jwt'):016x}" * 2  # HS256 wants 32 bytes
    env = common(system, node, secret)
    if node.role == "relay":
        env |= {"RELAY_HOST": "0.0.0.0", "RELAY_PORT": str(PORT)}
    else:
        env |= _client(system, node)
    if node.role == "desktop":
        env |= {"STORE": store, "STORE_LATENCY_MS": STORE_LATENCY_MS}
    if node.kind == "module":
        env |= told(system, node, secret, f"ws://{DESK}:{DESK_PORT}/", token_of(node.name))
        if node.role != "relay":
            del env["JWT_SECRET"]  # its token is all that it gets
    return own(node, env)


def _client(system: System, node: Node) -> dict[str, str]:
    server = next((server for client, server in system.links if client == node.name), "relay")
    return of_client(node, f"ws://{server}:{PORT}{PATH}")
