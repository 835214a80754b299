"""The relay: a WebSocket server between a user's devices that keeps nothing but who is connected and what is asked.

`python -m targets.relay`, or `await main([], env)`; see `targets` for the environment. `MAILBOX_SIZE` sets how many
events may wait for one device (16).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from targets.relay.server import Relay


async def main(argv: Sequence[str], env: Mapping[str, str]) -> None:
    """Serve until cancelled."""
    await Relay(env).run()
