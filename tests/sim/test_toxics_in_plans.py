"""Plans that use the byte layer: what each action does to a system that streams, and that healing restores it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import pytest

from harness import plan, registry
from harness.runs.run import RunResult, execute
from harness.runtimes import Runtime
from harness.verdict import Verdict

SIM: Runtime = registry.find("runtime", "sim")
BEGIN_S, HEAL_S, END_S = 3.0, 7.0, 12.0
WINDOW = f"at: {BEGIN_S:g}s, for: {HEAL_S - BEGIN_S:g}s"
QUICK_S = 0.01  # a link without a fault takes 1 to 3 ms
TEXT = "A response of some length that comes in many chunks. "
PLAN = """
version: 1
duration: 12s
topology: one-session
timing: fast
workload:
  jobs: 4
  rate: 20/s
  mobile_rate: 1/s
  ends_in_fault: 0%
  mix:
    desktop: {{retry: 0, delete: 0}}
    mobile: {{get: 1, list: 0, switch: 0, background: 0, close: 0, cancel: 0, delete: 0}}
  script: [{script}]
faults: [{faults}]
settle: {{quiesce: 1s}}
"""


@dataclass
class Transit:
    """One message over one direction. `took_s` is None when it never arrived."""

    sent_s: float
    took_s: float | None
    conn: int
    size: int


class Played:
    """One run of a plan with these faults. Times count from the first fault's begin, moved to `BEGIN_S`."""

    def __init__(self, *faults: str, script: str = "", seed: int = 3) -> None:
        text = PLAN.format(faults=", ".join(faults), script=script)
        schedule = plan.expand(plan.parse(text), seed, runtime_verbs=SIM.VERBS)
        self.result: RunResult = execute(schedule, SIM)
        assert self.result.history is not None
        self.history = self.result.history
        self.heals: list[dict[str, Any]] = [op.value for op in self.history.ops if op.f == "fault-heal"]
        begins = [op.time_ns for op in self.history.ops if op.f == "fault-begin"]
        self.origin_s = min(begins) / 1e9 - BEGIN_S if begins else 0.0

    @property
    def effect(self) -> dict[str, int]:
        (heal,) = self.heals
        return dict(heal["effect"])

    def transits(self, link: str, since_s: float, until_s: float) -> list[Transit]:
        """Messages that entered `link` in this time, in order."""
        entered: dict[int, list[Any]] = defaultdict(list)
        left: dict[int, list[Any]] = defaultdict(list)
        for tap in self.history.taps:
            if tap.link == link:
                (entered if tap.side == "in" else left)[tap.conn].append(tap)
        found = []
        for conn, taps in entered.items():
            for i, tap in enumerate(taps):
                out = left[conn][i] if i < len(left[conn]) else None
                sent_s = tap.time_ns / 1e9 - self.origin_s
                took_s = (out.time_ns - tap.time_ns) / 1e9 if out else None
                if since_s <= sent_s < until_s:
                    found.append(Transit(sent_s, took_s, conn, tap.bytes))
        return sorted(found, key=lambda t: t.sent_s)

    def times_s(self, link: str, since_s: float, until_s: float) -> list[float]:
        return [t.took_s for t in self.transits(link, since_s, until_s) if t.took_s is not None]

    def is_restored(self, *links: str) -> None:
        """After the heal everything arrives, quickly, and the run is VALID: nothing was lost for good."""
        for link in links:
            after = self.transits(link, HEAL_S + 1.0, END_S)
            assert len(after) > 5, link
            assert all(t.took_s is not None and t.took_s < QUICK_S for t in after), link
        assert self.result.verdict is Verdict.VALID, (self.result.signatures, self.result.ailments)


DOWN, UP = "relay->mobile-1", "desktop-1->relay"


def test_without_a_fault_every_message_is_quick() -> None:
    played = Played()
    assert max(played.times_s(DOWN, 0, END_S)) < QUICK_S
    assert played.result.verdict is Verdict.VALID


def test_a_bandwidth_makes_messages_queue_and_its_heal_lets_them_go() -> None:
    played = Played(f"{{action: bandwidth, links: [{DOWN}], rate: 2, {WINDOW}}}")
    during = played.transits(DOWN, BEGIN_S, HEAL_S)
    for one in during:
        if one.took_s is not None and one.sent_s + one.took_s < HEAL_S:
            assert one.took_s >= one.size / 2000
    assert max(played.times_s(DOWN, BEGIN_S, HEAL_S)) > 0.2
    assert all(t.took_s is not None and t.sent_s + t.took_s < HEAL_S + QUICK_S for t in during)
    assert max(played.times_s(UP, 0, END_S)) < QUICK_S
    assert played.effect["bytes_slowed"] > sum(t.size for t in during)
    played.is_restored(DOWN)


def test_a_slicer_makes_every_piece_wait() -> None:
    played = Played(f"{{action: slicer, links: [{DOWN}], average_size: 20, delay: 1ms, {WINDOW}}}")
    for one in played.transits(DOWN, BEGIN_S, HEAL_S):
        # At least one piece of 20 bytes is whole; all but the first wait for the pause of the one before.
        assert one.took_s is None or one.sent_s + one.took_s >= HEAL_S or one.took_s >= (one.size / 20 - 1) * 0.001
    assert max(played.times_s(DOWN, BEGIN_S, HEAL_S)) > 2 * QUICK_S
    assert played.effect["slices"] >= played.effect["bytes_sliced"] / 20
    played.is_restored(DOWN)


@pytest.mark.parametrize("action", ["limit_data", "toxic"])
def test_a_limit_ends_connection_after_connection_at_its_byte(action: str) -> None:
    said = {
        "limit_data": f"{{action: limit_data, links: [{DOWN}], bytes: 2500, {WINDOW}}}",
        "toxic": f"{{action: toxic, links: [{DOWN}], type: limit_data, attributes: {{bytes: 2500}}, {WINDOW}}}",
    }[action]
    played = Played(said)
    during = played.transits(DOWN, BEGIN_S, HEAL_S)
    conns = {t.conn for t in during}
    assert len(conns) > 3
    assert {t.conn for t in played.transits(DOWN, 0, BEGIN_S)} == {min(conns)}
    for conn in conns:
        delivered = [t.size for t in during if t.conn == conn and t.took_s is not None]
        assert sum(delivered) <= 2500
    assert any(t.took_s is None for t in during)
    assert played.effect["connections_closed"] >= len(conns) - 1
    assert len({t.conn for t in played.transits(DOWN, HEAL_S + 1, END_S)}) == 1
    played.is_restored(DOWN)


SHUT = "{at: 4s, node: mobile-1, do: background}, {at: 8s, node: mobile-1, do: foreground}"


@pytest.mark.parametrize(("delay_s", "heard_after_s"), [(1.0, 1.0), (2.0, 2.0), (3.5, HEAL_S - 4.0)])
def test_a_slow_close_keeps_the_end_of_a_connection_from_the_relay(delay_s: float, heard_after_s: float) -> None:
    """The phone closes at 4 s; the last delay is longer than the fault lasts, and its heal lets the end go."""
    fault = f"{{action: slow_close, links: [mobile-1->relay], delay: {delay_s * 1000:g}ms, {WINDOW}}}"
    played = Played(fault, script=SHUT)
    prompt_s = _relay_heard_of_the_end_at_s(Played(script=SHUT))
    assert _relay_heard_of_the_end_at_s(played) - prompt_s == pytest.approx(heard_after_s, abs=0.02)
    assert played.effect == {"closes_slowed": 1}
    assert played.result.verdict is Verdict.VALID


def _relay_heard_of_the_end_at_s(played: Played) -> float:
    registered_ns = next(op.time_ns for op in played.history.ops if op.f == "conn")
    closed = [op.time_ns for op in played.history.ops if op.f == "conn" and op.value["state"] == "closed"]
    return (closed[0] - registered_ns) / 1e9


def test_a_slow_close_that_met_no_close_leaves_the_run_unknown() -> None:
    played = Played(f"{{action: slow_close, links: [mobile-1->relay], delay: 3s, {WINDOW}}}")
    assert played.heals[0]["exercised"] is False
    assert played.result.verdict is Verdict.UNKNOWN


def test_a_timeout_drops_what_is_sent_and_closes_when_it_heals() -> None:
    played = Played(f"{{action: toxic, links: [{UP}], type: timeout, stream: upstream, {WINDOW}}}")
    during = played.transits(UP, BEGIN_S + 0.1, HEAL_S)
    assert during
    assert all(t.took_s is None for t in during)
    assert played.effect["bytes_dropped"] > 0
    assert {t.conn for t in played.transits(UP, HEAL_S + 1, END_S)}.isdisjoint({t.conn for t in during[:1]})
    played.is_restored(UP)


def test_reset_peer_ends_whatever_speaks() -> None:
    said = (
        f"{{action: toxic, links: [{UP}], type: reset_peer, stream: upstream, attributes: {{timeout: 100}}, {WINDOW}}}"
    )
    played = Played(said)
    assert played.effect["connections_closed"] == 1  # the one that was open before
    assert played.effect["connections_reset"] >= 2
    played.is_restored(UP)


def test_a_toxicity_spares_connections_and_is_the_same_for_a_seed() -> None:
    said = (
        f"{{action: toxic, links: [{DOWN}], type: latency, toxicity: 50%, attributes: {{latency: 300}}, {WINDOW}}}",
    )
    slowed = [max(Played(*said, seed=seed).times_s(DOWN, BEGIN_S, HEAL_S)) > 0.29 for seed in range(8)]
    assert {True, False} == set(slowed)
    assert slowed == [max(Played(*said, seed=seed).times_s(DOWN, BEGIN_S, HEAL_S)) > 0.29 for seed in range(8)]


def test_stream_says_the_direction_whichever_way_the_link_is_named() -> None:
    for links in ("mobile-1->relay", "relay->mobile-1", "mobile-1<->relay"):
        said = f"{{action: toxic, links: [{links}], type: latency, stream: downstream, attributes: {{latency: 9}}}}"
        text = PLAN.format(faults=said, script="")
        (fault,) = plan.expand(plan.parse(text), 1).faults
        assert fault.directions == ["relay->mobile-1"]


def test_a_partition_of_one_direction_leaves_the_other_open() -> None:
    played = Played(f"{{action: partition, links: [{DOWN}], at: 3s, for: 1s}}")
    held = played.transits(DOWN, 3, 4)
    assert len(held) >= 3
    assert all(t.took_s is not None and t.sent_s + t.took_s >= 4 for t in held)
    assert max(played.times_s("mobile-1->relay", 3, 4)) < QUICK_S
    played.is_restored(DOWN)


def test_a_link_that_flaps_holds_and_releases_each_time() -> None:
    played = Played(f"{{action: partition, links: [{DOWN}], at: 3s, for: 500ms, every: 1s}}")
    assert len(played.heals) == 9
    assert all(heal["exercised"] for heal in played.heals)
    for i in range(8):
        held = played.transits(DOWN, 3 + i, 3.49 + i)
        assert held
        assert all(t.took_s is not None and t.sent_s + t.took_s >= 3.5 + i for t in held)
        assert max(played.times_s(DOWN, 3.51 + i, 3.99 + i)) < QUICK_S
    assert played.result.verdict is Verdict.VALID


def test_a_half_open_connection_never_resumes() -> None:
    played = Played("{action: reconnect, clients: [mobile-1], how: half-open, at: 3s, downtime: 500ms}")
    (old,) = {t.conn for t in played.transits(DOWN, 0, BEGIN_S)}
    after = played.transits(DOWN, BEGIN_S + 0.01, END_S)
    assert all(t.took_s is None for t in after if t.conn == old)
    assert any(t.conn != old for t in after)
    played.is_restored("mobile-1->relay")


def test_a_dead_connection_never_resumes_and_both_ends_find_out_for_themselves() -> None:
    """A dead peer is given 3 s; what a client says in those reaches nobody, and what is said to it neither."""
    played = Played("{action: reconnect, clients: [mobile-1], how: dead, at: 3s, downtime: 500ms}")
    (old,) = {t.conn for t in played.transits(DOWN, 0, BEGIN_S)}
    for way in (DOWN, "mobile-1->relay"):
        after = [t for t in played.transits(way, BEGIN_S + 0.01, END_S) if t.conn == old]
        assert after
        assert all(t.took_s is None for t in after)
    assert any(t.conn != old for t in played.transits(DOWN, BEGIN_S + 2.5, END_S))
    ends = [
        op.time_ns / 1e9 - played.origin_s - BEGIN_S
        for op in played.history.ops
        if op.f == ("link" if op.node == "mobile-1" else "conn") and op.value["state"] in ("closed", "replaced")
    ]
    told = [op.value.get("reason") for op in played.history.ops if op.f == "link" and op.value["state"] == "closed"]
    assert min(ends) > 2.5
    assert told == ["dead peer"]


def test_a_latency_and_a_bandwidth_of_one_plan_overlap_and_heal_apart() -> None:
    played = Played(
        f"{{action: delay, links: [{DOWN}], latency: 300ms, at: 3s, for: 2s}}",
        f"{{action: bandwidth, links: [{DOWN}], rate: 50, at: 4s, for: 3s}}",
    )
    assert min(played.times_s(DOWN, 3.01, 4.69)) >= 0.3
    assert all(t.took_s is not None and t.took_s >= t.size / 50_000 for t in played.transits(DOWN, 5.01, 6.9))
    played.is_restored(DOWN)


@pytest.mark.parametrize(
    ("said", "complaint"),
    [
        ("type: bandwidth, attributes: {rat: 3}", "bandwidth has no attribute 'rat'; did you mean rate?"),
        ("type: limit_data, attributes: {rate: 3}", "limit_data has no attribute 'rate'; it has: bytes"),
        ("type: slicer", "average_size is at least 1"),
        ("type: slicer, attributes: {average_size: 4, size_variation: 4}", "less than its average_size"),
        ("type: latencie", "did you mean latency"),
        ("type: latency, attributes: {latency: 1.5}", "whole number"),
        ("type: latency, stream: up", "upstream"),
        ("type: latency, toxicity: 1.5", "between 0 and 1"),
    ],
)
def test_what_toxiproxy_would_ignore_is_an_error(said: str, complaint: str) -> None:
    with pytest.raises(plan.PlanErrors) as caught:
        plan.parse(PLAN.format(faults=f"{{action: toxic, links: [{DOWN}], {said}}}", script=""))
    assert complaint in str(caught.value)
