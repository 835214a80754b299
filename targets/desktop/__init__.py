"""The desktop: source of truth. Jobs in SQLite, an event on two buses for every mutation, and answers to calls.

`python -m targets.desktop`, or `await main([], env)`; see `targets` for the environment.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from targets.desktop.component import Desktop
from targets.desktop.store import opened
from targets.protocol import device_id


async def main(argv: Sequence[str], env: Mapping[str, str]) -> None:
    """Run until cancelled."""
    device = device_id(env["DEVICE_ID"])
    await Desktop(env, device, await opened(env, device)).run()
