"""What a program of somebody else finds in its environment besides what the built-in components find."""

from __future__ import annotations

from harness.schedule import Node, System
from targets.timing import Timing
from targets.tokens import sign


def told(system: System, node: Node, secret: str, probe_url: str, probe_token: str) -> dict[str, str]:
    """For one that does not know our timers by name and does not sign its own token. Call it by the clock of the run:
    tokens expire."""
    seconds = Timing().scaled(system.timing_scale).as_seconds()
    timing = {f"TIMING_{name.upper()}": f"{value:g}" for name, value in seconds.items()}
    token = {"TOKEN": sign(node.user_id, secret)} if node.user_id is not None else {}
    return timing | token | {"HARNESS_PROBE_URL": probe_url, "HARNESS_PROBE_TOKEN": probe_token}
