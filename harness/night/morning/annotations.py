"""What GitHub Actions shows beside the sources: the worst failures, and no more of them than it shows."""

from __future__ import annotations

from collections.abc import Iterator

from harness.night.morning.telling import Morning

MOST = 10  # of one step; it drops the rest in silence


def lines(morning: Morning) -> Iterator[str]:
    """Workflow commands, one a line."""
    red = morning.red
    shown = red[: MOST - 1] if len(red) > MOST else red
    for failure in shown:
        least = failure.least
        title = f"{failure.standing}: {least.check} {least.reason}"
        yield f"::error title={_property(title)}::{_data(f'{failure.plan}, seed {failure.seed}: {least.message}')}"
    if len(red) > len(shown):
        yield f"::error title=more::{_data(f'{len(red) - len(shown)} more failures: see summary.md')}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
