"""Faults: all kinds that a runtime can inject, the simplest and weakest first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Final

from hypothesis import strategies as st

from faults import Fault
from harness import plan as parsing
from harness import registry
from harness.plan.times.order import raw_name
from harness.runtimes import capabilities
from harness.strategies.acts import aims_of, params_of, timed
from harness.strategies.cast import Cast, cast_of
from harness.strategies.words import STEPS, Words
from harness.strategies.writing import as_text

_LENGTHS: Final = st.integers(1, 16)  # in steps
_CHANCES: Final = st.sampled_from([1.0, 0.5])
_MESSAGES: Final = st.sampled_from(
    [
        *("*", "job:*", "job:created", "job:response-appended", "job:finalized", "job:deleted"),
        *("rpc:*", "rpc-reply", "sync:*", "presence", "registered"),
    ]
).map(lambda type_: {"type": type_})
_STRENGTHS: Final[Mapping[str, Mapping[str, st.SearchStrategy[Any]]]] = {  # the simplest first
    "loss": {"match": _MESSAGES, "chance": _CHANCES},
    "hold": {"match": _MESSAGES, "release": st.sampled_from(["in-order", "reversed", "shuffled"])},
    "duplicate": {"match": _MESSAGES, "chance": _CHANCES, "delay": st.sampled_from(["50ms", "5ms", "250ms"])},
    "reorder": {"match": _MESSAGES, "chance": _CHANCES, "window": st.sampled_from([2, 1, "60ms", "300ms"])},
    "partition": {"drop": st.sampled_from(["blackhole", "reset", "refuse"])},
    "reconnect": {"how": st.sampled_from(["reset", "close", "half-open", "dead", "timeout"])},
    "delay": {"latency": st.sampled_from(["20ms", "5ms", "90ms"]), "jitter": st.sampled_from(["0s", "30ms"])},
    "pause": {},
    "kill": {"signal": st.sampled_from(["KILL", "TERM"])},
    "clock": {"skew": st.sampled_from(["1h", "-1h", "-24h", "500ms"])},
    "slow_consumer": {},
    "bandwidth": {"rate": st.sampled_from([60, 15, 4])},
    "limit_data": {"bytes": st.sampled_from([1500, 300, 6000])},
    "slicer": {},
    "slow_close": {},
    "slow_disk": {"latency": st.sampled_from(["20ms", "100ms"])},
    "disk_full": {},
    "toxic": {},
    "noise": {"chance": st.sampled_from([0.1, 0.5])},
}


def actions_on(topology: str, runtime: str) -> list[str]:
    """Those that can be injected there, the simplest first."""
    there = registry.names("fault")
    ordered = [name for name in _STRENGTHS if name in there] + [name for name in there if name not in _STRENGTHS]
    return [action for action in ordered if _can_be(action, topology, runtime)]


@cache
def _can_be(action: str, topology: str, runtime: str) -> bool:
    """Can it be injected there, and is there somebody whom it can befall? The example of a plug-in may also name what
    the topology does not have."""
    fault: Fault = registry.find("fault", action)
    if capabilities.lacking(fault, params_of(fault), registry.find("runtime", runtime).VERBS, {}) is not None:
        return False
    word, aims = aims_of(fault, cast_of(topology))
    if not aims:
        return False
    sample = timed(fault, {word: aims[:1]} if action in _STRENGTHS else {}, 0, 1)
    try:
        parsing.parse(as_text(topology, 0, {"script": []}, [sample]))
    except parsing.PlanErrors:
        return False
    return True


def one_fault(action: str, cast: Cast) -> st.SearchStrategy[Words]:
    fault: Fault = registry.find("fault", action)
    words: st.SearchStrategy[Words] = st.just({})
    if action in _STRENGTHS:
        word, aims = aims_of(fault, cast)
        words = st.fixed_dictionaries({word: st.sampled_from(aims).map(lambda aim: [aim]), **_STRENGTHS[action]})
    return st.builds(lambda *drawn: timed(fault, *drawn), words, STEPS, _LENGTHS)


def told_apart(drawn: Sequence[Words]) -> list[Words]:
    """Two faults of one action and aim need names; all others keep theirs, on which their draws depend."""
    seen: Counter[str] = Counter()
    found = []
    for fault in drawn:
        name = raw_name(fault)
        seen[name] += 1
        found.append({"name": f"{name} ({seen[name]})"[-60:], **fault} if seen[name] > 1 else fault)
    return found
