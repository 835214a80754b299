"""A plan as its text: a counter-example can be written into a file, and played."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from faults import format_duration, parse_duration_ns
from harness import plan as parsing
from harness import registry
from harness.strategies.acts import length_word
from harness.strategies.words import OPENS_MS, Words, in_order

_AFTER_MS: Final = 200  # what comes last has so long to be seen
_GENERATED_MS: Final = 1500  # generated clients need so long at least


def as_text(topology: str, seed: int, workload: Words, drawn: Sequence[Words]) -> str:
    """One call or fault a line. It is over soon after the last of them."""
    calls = workload.get("script", [])
    generated = {word: workload[word] for word in in_order(workload) if word != "script"}
    ends = [parse_duration_ns(call["at"]) for call in calls] + [_heals_ns(fault) for fault in drawn]
    least_ms = _GENERATED_MS if generated else OPENS_MS
    duration_ns = max([least_ms * 10**6, *ends]) + _AFTER_MS * 10**6
    lines = [
        *("version: 1", f"duration: {format_duration(duration_ns)}", f"topology: {topology}"),
        *([f"seed: {seed}"] if seed else []),
        "draws: drawn",  # what is left out of a plan moves nothing else
        *("workload:", *(f"  {_pair(key, value)}" for key, value in generated.items())),
        *(["  script:", *(f"    - {parsing.on_one_line(call)}" for call in calls)] if calls else ["  script: []"]),
        *(["faults:", *(f"  - {parsing.on_one_line(fault)}" for fault in drawn)] if drawn else []),
        "settle: {quiesce: 500ms}",
    ]
    return "\n".join(lines) + "\n"


def _pair(key: str, value: Any) -> str:
    return parsing.on_one_line({key: value})[1:-1]


def _heals_ns(fault: Words) -> int:
    lasts = length_word(registry.find("fault", fault["action"]))
    return parse_duration_ns(fault["at"]) + parse_duration_ns(fault[lasts])
