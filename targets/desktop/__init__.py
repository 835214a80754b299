"""The desktop: source of truth. Jobs in SQLite, an event on two buses for every mutation, and answers to calls.

`python -m targets.desktop`, or `await main([], env)`; see `targets` for the environment.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from targets.desktop.component import Desktop


async def main(argv: Sequence[str], env: Mapping[str, str]) -> None:
    """Run until cancelled."""
    await Desktop(env).run()
