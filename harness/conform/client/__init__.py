"""A desktop or a mobile: the bench plays the relay that it dials, and whoever is behind it.

`bench` · `probing` · `manners`, `desktop`, `mobile`, `reconnect` (checks).

May use: `harness/conform`, `harness/runtimes`, `harness/wire`, `harness`, `targets`.
"""

from __future__ import annotations

from harness.conform import Check
from harness.conform.client import desktop, manners, mobile, reconnect
from harness.conform.client.bench import ClientBench


def checks(role: str) -> tuple[Check[ClientBench], ...]:
    """Those of a role, in the order in which they can be played: the last ones end the connection."""
    own = {"desktop": desktop.CHECKS, "mobile": mobile.CHECKS}[role]
    return (*manners.CHECKS, *own, *reconnect.CHECKS)
