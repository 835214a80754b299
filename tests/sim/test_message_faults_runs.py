"""Whole runs with message faults: they bite, they heal, taps and journals agree, and `hardened` comes through."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from harness import plan, registry
from harness.history import Tap
from harness.runs.run import RunResult, execute
from harness.runtimes import Runtime
from harness.verdict import Verdict
from harness.wire.classify import classify

SIM: Runtime = registry.find("runtime", "sim")
HEAD = """\
version: 1
duration: 10s
topology: one-user
timing: fast
workload: {jobs: 6, rate: 15/s, content: {unicode: 30%, repeat: 20%}}
faults:
"""
DOWN, UP = "relay->mobile-1", "desktop-1->relay"
FAULTS: dict[str, tuple[list[str], set[str]]] = {
    "loss before the mobile": ([f"{{action: loss, links: [{DOWN}], chance: 20%, at: 1s, for: 7s}}"], {"messages_lost"}),
    "loss behind the desktop": ([f"{{action: loss, links: [{UP}], chance: 20%, at: 1s, for: 7s}}"], {"messages_lost"}),
    "reorder everywhere": (
        ['{action: reorder, links: ["*<->*"], chance: 20%, window: 3, at: 1s, for: 7s}'],
        {"messages_kept", "messages_reordered"},
    ),
    "reorder within a time": (
        [f"{{action: reorder, links: [{DOWN}], chance: 30%, window: 300ms, at: 1s, for: 7s}}"],
        {"messages_reordered"},
    ),
    "hold, reversed": (
        [f'{{action: hold, links: [{DOWN}], release: reversed, match: {{type: "job:*"}}, at: 2s, for: 3s}}'],
        {"messages_kept"},
    ),
    "hold, shuffled": ([f"{{action: hold, links: [{UP}], release: shuffled, at: 2s, for: 3s}}"], {"messages_kept"}),
    "duplicates": (
        ['{action: duplicate, links: ["*<->*"], chance: 30%, copies: 2, delay: 300ms, at: 1s, for: 7s}'],
        {"messages_duplicated", "copies"},
    ),
    "all at once": (
        [
            '{action: loss, links: ["*<->*"], chance: 5%, at: 1s, for: 7s}',
            f"{{action: hold, links: [{DOWN}], release: reversed, at: 3s, for: 1s}}",
            '{action: reorder, links: ["*<->*"], chance: 20%, window: 2, at: 1s, for: 7s}',
            '{action: duplicate, links: ["*<->*"], chance: 20%, delay: 200ms, at: 1s, for: 7s}',
        ],
        {"messages_lost", "messages_kept", "messages_reordered", "copies"},
    ),
}


def run(faults: list[str], seed: int, *, profile: str = "hardened", **options: Any) -> RunResult:
    text = HEAD + "".join(f"  - {fault}\n" for fault in faults)
    schedule = plan.expand(plan.parse(text, "p"), seed, profile=profile, runtime_verbs=SIM.VERBS)
    return execute(schedule, SIM, options=options)


def reasons(result: RunResult) -> list[Any]:
    return [(r.check, r.reason, r.message) for r in result.results if r.verdict not in (None, Verdict.VALID)]


def effect(result: RunResult) -> Counter[str]:
    assert result.history is not None
    found: Counter[str] = Counter()
    for op in result.history.ops:
        if op.f == "fault-heal":
            assert op.value["exercised"]
            found.update(op.value["effect"])
    return found


@pytest.mark.parametrize("name", FAULTS)
def test_a_message_fault_bites_heals_and_is_survived_by_the_hardened_profile(name: str) -> None:
    faults, counted = FAULTS[name]
    result = run(faults, 4)
    did = effect(result)
    assert counted <= {key for key, n in did.items() if n > 0}
    outcomes = ("messages_released", "messages_reordered", "messages_in_place", "died_with_connection")
    assert did["messages_kept"] <= sum(did[outcome] for outcome in outcomes), "nothing is kept for ever"
    assert reasons(result) == []
    assert result.trace_hash == run(faults, 4).trace_hash


@pytest.mark.parametrize("name", FAULTS)
def test_every_message_fault_finds_something_in_the_documented_profile(name: str) -> None:
    for seed in range(8):
        if any(r.verdict is Verdict.INVALID for r in run(FAULTS[name][0], seed, profile="documented").results):
            return
    pytest.fail("eight seeds and no finding")


# ---- taps ------------------------------------------------------------------------------------------------------


def _events(taps: list[Tap], side: str, link: str = DOWN) -> Iterator[tuple[Tap, dict[str, Any]]]:
    for tap in taps:
        if tap.side == side and tap.link == link and tap.msg is not None and tap.type.startswith("job:"):
            yield tap, json.loads(tap.payload or "")["payload"]


@pytest.mark.parametrize("name", ["loss before the mobile", "reorder everywhere", "hold, reversed", "all at once"])
def test_taps_read_again_agree_with_the_journals(name: str) -> None:
    """Every frame crosses a link as the bytes that were written: what a tap holds is what a node acted on."""
    history = run(FAULTS[name][0], 6, tap_payload=True).history
    assert history is not None
    taps = history.taps
    for tap in taps:
        assert tap.payload is not None and tap.bytes == len(tap.payload.encode())
        assert classify(tap.payload.encode()) == (tap.type, tap.job, tap.msg, tap.source)
    sent = {(tap.link, tap.conn, tap.payload) for tap in taps if tap.side == "in"}
    assert all((tap.link, tap.conn, tap.payload) in sent for tap in taps if tap.side == "out")
    arrived = {tap.msg: (tap, payload) for tap, payload in reversed(list(_events(taps, "out")))}
    compared = 0
    for op in history.ops:
        kind, _, message = (op.cause or "").partition(":")
        if op.f != "observe" or kind != "event":
            continue
        tap, payload = arrived[message]
        assert tap.time_ns <= op.time_ns
        assert op.job == payload["jobId"]
        if op.value["kind"] == "append":
            assert op.value["length"] == len(payload["chunk"].encode())
            compared += 1
    assert compared > 10


def test_a_lost_message_is_in_no_tap_behind_the_fault_and_in_no_journal() -> None:
    history = run(FAULTS["loss before the mobile"][0], 4).history
    assert history is not None
    sent = {tap.msg for tap in history.taps if tap.side == "in" and tap.link == DOWN and tap.msg}
    came = {tap.msg for tap in history.taps if tap.side == "out" and tap.link == DOWN and tap.msg}
    acted = {op.cause.partition(":")[2] for op in history.ops if op.f == "observe" and op.cause}
    assert len(sent - came) > 5
    assert not acted & (sent - came)
