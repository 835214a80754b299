"""Lives of jobs that chance hardly ever leads to: each a row of calls, made among everything else that goes on."""

from __future__ import annotations

from typing import Final

from harness.workload.words import Lives

PACE: Final = 0.5  # share of a client's calls that go to jobs which are led
BRIEF_NS: Final = 40_000_000  # a brief job lives no longer than an answer of a list is under way
_STREAM: Final = ("chunk", "progress", "chunk")

CALLS: Final[dict[str, tuple[str, ...]]] = {
    "again": (*_STREAM, "fail", "retry", *_STREAM, "fail", "retry", "chunk", "finalize"),
    "patched": ("chunk", "progress", "metadata", "progress", "metadata", "chunk", "progress", "finalize"),
}


def drawn(lives: Lives, share: float) -> str:
    """The life that belongs to a draw from [0, 1); empty: as the mix has it."""
    for name in Lives.model_fields:
        share -= getattr(lives, name)
        if share < 0:
            return name
    return ""
