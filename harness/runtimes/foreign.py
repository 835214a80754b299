"""What a program of somebody else finds in its environment besides what the built-in components find."""

from __future__ import annotations

import re
from collections.abc import Mapping

from harness.schedule import Node, System
from targets.timing import Timing
from targets.tokens import sign

_NAMED = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


def told(system: System, node: Node, secret: str, probe_url: str, probe_token: str) -> dict[str, str]:
    """For one that does not know our timers by name and does not sign its own token. Call it by the clock of the run:
    tokens expire."""
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
