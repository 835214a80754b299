"""A relay: the bench plays desktops and mobiles of users that nobody else has.

`bench` · `manners`, `events`, `calls` (checks).

May use: `harness/conform`, `harness/runtimes`, `harness/wire`, `targets`.
"""

from __future__ import annotations

from harness.conform import Check
from harness.conform.relay import calls, events, manners
from harness.conform.relay.bench import RelayBench

CHECKS: tuple[Check[RelayBench], ...] = (*manners.CHECKS, *events.CHECKS, *calls.CHECKS)
