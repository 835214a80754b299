"""What a program finds in its environment, as `targets` documents it, wherever it runs."""

from __future__ import annotations

import re
from collections.abc import Mapping

from harness.schedule import Node, System
from targets.timing import Timing
from targets.tokens import sign

_NAMED = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


def common(system: System, node: Node, secret: str) -> dict[str, str]:
    """What every node is told; `secret` is the one that signs tokens."""
    active = {} if node.desktop is None else {"DESKTOP_DEVICE_ID": system.node(node.desktop).device_id or ""}
    return active | {
        "NODE_NAME": node.name,
        "PROFILE": node.profile or system.profile,
        "WITH": ",".join(system.with_),
        "WITHOUT": ",".join(system.without),
        "POLICIES": ",".join(f"{slot}={choice}" for slot, choice in node.policies.items()),
        "TIMING_SCALE": f"{system.timing_scale:g}",
        "JWT_SECRET": secret,
    }


def of_client(node: Node, relay_url: str) -> dict[str, str]:
    """What a desktop or a mobile is told besides."""
    return {
        "RELAY_URL": relay_url,
        "DEVICE_ID": node.device_id or "",
        "DEVICE_NAME": node.name,
        "USER_ID": node.user_id or "",
    }


def told(system: System, node: Node, secret: str, probe_url: str, probe_token: str) -> dict[str, str]:
    """For a program of somebody else, that does not know our timers by name and does not sign its own token. Call it by
    the clock of the run: tokens expire."""
    seconds = Timing().scaled(system.timing_scale).as_seconds()
    timing = {f"TIMING_{name.upper()}": f"{value:g}" for name, value in seconds.items()}
    token = {"TOKEN": sign(node.user_id, secret)} if node.user_id is not None else {}
    return timing | token | {"HARNESS_PROBE_URL": probe_url, "HARNESS_PROBE_TOKEN": probe_token}


def own(node: Node, env: Mapping[str, str]) -> dict[str, str]:
    """`env` and what the node says of its own, which wins; `${NAME}` in it is what `env` says, if it says anything."""
    said = {name: filled(value, env) for name, value in node.env.items()}
    base = node.container.env if node.container is not None else {}
    return {**base, **env, **said}


def filled(text: str, env: Mapping[str, str]) -> str:
    """The text with `${NAME}` as `env` says it, if it says anything."""
    return _NAMED.sub(lambda found: env.get(found[1], found[0]), text)
