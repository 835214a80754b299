"""The mobile: a replica of one desktop's jobs, kept by events and repaired by fetches.

The core (`replica`) does no I/O and is told everything: frames, timers, user operations. Its rooms: `board` (what is
shown, and every observation of it) · `applier` (one event to one job) · `fetches` (one job) · `lists` (the whole
scope) · `watch` (what was missed) · `screen` (the user's lists and their cache) · `calls` (who waits for what). Where
the profiles differ, a room asks a slot of `policies*`. `app` is the shell around it.

`python -m targets.mobile`, or `await main([], env)`; see `targets` for the environment.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from targets.mobile.app import Mobile


async def main(argv: Sequence[str], env: Mapping[str, str]) -> None:
    """Run until cancelled."""
    await Mobile(env).run()
