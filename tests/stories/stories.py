"""What faults do, told as stories of one run that has them all; the same on every runtime.

A story looks at the history of the run and returns what is wrong with it, or nothing. `verbs` are those of the ground
that it proves. Lower bounds are exact; what real time can stretch is given more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from statistics import median
from typing import Any, Final

from harness.history import History, Op, Tap
from harness.runs.run import RunResult
from harness.verdict import Verdict

MS: Final = 1_000_000
TOPOLOGY: Final = """\
users:
  - id: alice
    desktops: [{id: desktop-1, projects: {app: [session-1, session-2]}}]
    mobiles:
      - {id: mobile-1, desktop: desktop-1, scope: {session: session-1}}
      - {id: mobile-2, desktop: desktop-1, scope: {session: session-1}}
      - {id: mobile-3, desktop: desktop-1, scope: {session: session-1}}
      - {id: mobile-4, desktop: desktop-1, scope: {session: session-1}}
timing: fast
nodes:
  mobile-3: {env: {TOKEN_LIFE_S: "3"}}
"""
PLAN: Final = """\
version: 1
duration: 13s
topology: all.yaml
workload:
  jobs: 10
  rate: 25/s
  mobile_rate: 1/s
  spread: 12500ms
  mix: {mobile: {background: 0, switch: 0, close: 0}}
  script:
    - {at: 400ms, node: desktop-1, do: create, job: kept}
    - {at: 2300ms, node: mobile-1, do: get, job: a1}
    - {at: 2100ms, node: mobile-4, do: get, job: a1}
    - {at: 9500ms, node: desktop-1, do: tokens, job: kept, sent: 1}
    - {at: 10500ms, node: desktop-1, do: create, job: second}
    - {at: 11500ms, node: desktop-1, do: create, job: third}
    - {at: 12500ms, node: desktop-1, do: create, job: fourth}
faults:
  - {name: apart, action: partition, links: [mobile-1<->relay], at: 800ms, for: 700ms}
  - {name: one way, action: partition, links: [relay->mobile-1], at: 2s, for: 600ms}
  - {name: twice, action: duplicate, links: [relay->mobile-1], chance: 1.0, at: 3s, for: 600ms}
  - {name: reset, action: reconnect, clients: [mobile-1], how: reset, downtime: 100ms, at: 4s}
  - {name: refused, action: partition, links: [mobile-1<->relay], drop: refuse, at: 5200ms, for: 300ms}
  - {name: slow, action: delay, links: [relay->mobile-1], latency: 80ms, at: 5800ms, for: 600ms}
  - {name: asleep, action: pause, nodes: [mobile-2], at: 1s, for: 4500ms}
  - {name: lost, action: loss, links: [relay->mobile-3], chance: 0.5, at: 4300ms, for: 600ms}
  - {name: slow disk, action: slow_disk, nodes: [desktop-1], latency: 40ms, at: 2500ms, for: 700ms}
  - {name: killed, action: kill, nodes: [desktop-1], restart: 300ms, at: 7100ms}
  - {name: wrong clock, action: clock, nodes: [desktop-1], skew: 1h, at: 3400ms, for: 900ms}
  - {name: relay gone, action: kill, nodes: [relay], restart: 300ms, at: 8s}
  - {name: new disk, action: kill, nodes: [desktop-1], restart: 300ms, wipe: true, at: 10s}
  - {name: spared, action: toxic, links: ["*->relay"], type: latency, stream: downstream, toxicity: 0.6,
     attributes: {latency: 150}, at: 300ms, for: 450ms}
  - {name: silence, action: toxic, links: [mobile-4->relay], type: timeout, stream: downstream,
     attributes: {timeout: 200}, at: 1s, for: 600ms}
  - {name: slowly, action: slow_close, links: [mobile-4->relay], delay: 300ms, at: 2600ms, for: 1s}
  - {name: ended, action: kill, nodes: [mobile-4], signal: TERM, restart: 200ms, at: 2900ms}
  - {name: resets, action: toxic, links: [mobile-4->relay], type: reset_peer, stream: upstream,
     attributes: {timeout: 20}, at: 1900ms, for: 500ms}
  - {name: deaf, action: slow_consumer, nodes: [mobile-3], at: 4900ms, for: 700ms}
  - {name: narrow, action: bandwidth, links: [relay->mobile-3], rate: 20, at: 5700ms, for: 400ms}
  - {name: sliced, action: slicer, links: [relay->mobile-3], average_size: 200, at: 6200ms, for: 200ms}
  - {name: sliced too, action: slicer, links: [relay->mobile-3], average_size: 90, at: 6200ms, for: 200ms}
  - {name: limited, action: limit_data, links: [relay->mobile-3], bytes: 600, at: 6500ms, for: 500ms}
settle: {quiesce: 800ms}
"""


@dataclass(frozen=True)
class Told:
    """A run, by its own words."""

    result: RunResult

    @property
    def history(self) -> History:
        assert self.result.history is not None
        return self.result.history

    def ops(self, f: str, node: str | None = None) -> Iterator[Op]:
        return (op for op in self.history.ops if op.f == f and node in (None, op.node))

    def begun_ns(self, fault: str) -> int:
        return next(op.time_ns for op in self.ops("fault-begin") if op.value["fault"] == fault)

    def healed_ns(self, fault: str) -> int:
        return next(op.time_ns for op in self.ops("fault-heal") if op.value["fault"] == fault)

    def effect(self, fault: str) -> dict[str, int]:
        found: dict[str, int] = next(op.value["effect"] for op in self.ops("fault-heal") if op.value["fault"] == fault)
        return found

    def taps(self, link: str, side: str, fault: str, for_ms: int, after_ms: int = 150) -> list[Tap]:
        """Of what passed while a fault surely was at work: it may have begun before it was recorded."""
        begun_ns = self.begun_ns(fault)
        first_ns, last_ns = begun_ns + after_ms * MS, begun_ns + (for_ms - 150) * MS
        return [t for t in self.history.taps if t.link == link and t.side == side and first_ns <= t.time_ns <= last_ns]

    def took_ms(self, link: str, fault: str, for_ms: int) -> list[float]:
        """How long each message took that entered while a fault surely was at work."""
        came = {t.msg: t.time_ns for t in self.history.taps if t.link == link and t.side == "out"}
        sent = [t for t in self.taps(link, "in", fault, for_ms) if t.msg in came and t.msg]
        return [(came[t.msg] - t.time_ns) / MS for t in sent]

    def links(self, node: str, state: str) -> list[Op]:
        return [op for op in self.ops("link", node) if op.value["state"] == state]


Holds = Callable[[Told], bool]
STORIES: dict[str, tuple[Holds, frozenset[str]]] = {}


def story(*verbs: str) -> Callable[[Holds], Holds]:
    def keep(holds: Holds) -> Holds:
        STORIES[holds.__name__] = (holds, frozenset(verbs))
        return holds

    return keep


@story()
def everything_is_survived(told: Told) -> bool:
    return told.result.verdict is Verdict.VALID and told.result.ailments == []


@story("hold")
def a_partition_keeps_what_is_said_and_lets_it_go_when_it_heals(told: Told) -> bool:
    quiet = not told.taps("relay->mobile-1", "out", "apart", 700) and not told.taps(
        "mobile-1->relay", "out", "apart", 700
    )
    kept = {t.msg for t in told.taps("relay->mobile-1", "in", "apart", 700) if t.msg}
    came = {t.msg for t in told.history.taps if t.link == "relay->mobile-1" and t.side == "out"}
    return quiet and bool(kept) and kept <= came


@story("hold")
def a_cut_of_one_way_leaves_the_other_open(told: Told) -> bool:
    return not told.taps("relay->mobile-1", "out", "one way", 600) and bool(
        told.taps("mobile-1->relay", "out", "one way", 600)
    )


@story("messages")
def a_duplicate_arrives_twice(told: Told) -> bool:
    sent = [t.msg for t in told.taps("relay->mobile-1", "in", "twice", 500) if t.msg and t.type.startswith("job:")]
    came = [t.msg for t in told.history.taps if t.link == "relay->mobile-1" and t.side == "out"]
    return len(sent) > 3 and all(came.count(msg) == 2 for msg in sent)


@story("messages")
def what_is_lost_enters_and_does_not_arrive(told: Told) -> bool:
    sent = {t.msg for t in told.taps("relay->mobile-3", "in", "lost", 600) if t.msg}
    came = {t.msg for t in told.history.taps if t.link == "relay->mobile-3" and t.side == "out"}
    return bool(sent & came) and bool(sent - came)


@story("cut")
def a_reset_ends_the_connection_and_the_client_comes_back(told: Told) -> bool:
    begun_ns, until_ns = told.begun_ns("reset"), told.begun_ns("refused")
    closed = [op for op in told.links("mobile-1", "closed") if begun_ns <= op.time_ns < until_ns]
    again = [op for op in told.links("mobile-1", "registered") if begun_ns < op.time_ns < until_ns]
    return told.effect("reset")["connections_cut"] == 1 and bool(closed and again)


@story("refuse")
def who_is_refused_comes_back_when_it_heals(told: Told) -> bool:
    after_ns = told.begun_ns("refused")
    return told.effect("refused")["connections_cut"] == 1 and bool(
        [op for op in told.links("mobile-1", "registered") if op.time_ns > after_ns + 300 * MS]
    )


@story("delay")
def a_delay_is_as_long_as_it_says(told: Told) -> bool:
    took_ms = told.took_ms("relay->mobile-1", "slow", 500)
    return len(took_ms) > 2 and median(took_ms) >= 79


@story("pause")
def who_sleeps_past_the_ping_is_given_up_and_comes_back(told: Told) -> bool:
    begun_ns = told.begun_ns("asleep")
    device = told.history.header.nodes["mobile-2"]["device_id"]
    gone = [op for op in told.ops("conn", "relay") if op.value["device"] == device and op.value["state"] == "closed"]
    back = [op for op in told.links("mobile-2", "registered") if op.time_ns > begun_ns + 4500 * MS]
    return any(op.time_ns > begun_ns + 1000 * MS for op in gone) and bool(back)


@story("kill")
def a_kill_loses_the_memory_and_not_the_disk(told: Told) -> bool:
    stores = [op.value["store"] for op in told.ops("recovered", "desktop-1")]
    kept = [op for op in told.ops("commit", "desktop-1") if op.job == "kept" and op.type == "ok"]
    return stores[0] == stores[1] and [op.incarnation for op in kept] == [0, 1]


@story("kill", "wipe_store")
def a_wiped_disk_is_another_one(told: Told) -> bool:
    stores = [op.value["store"] for op in told.ops("recovered", "desktop-1")]
    return len(stores) == 3 and stores[1] != stores[2] and told.effect("new disk")["stores_wiped"] == 1


@story("skew")
def a_wrong_clock_is_the_programs_own(told: Told) -> bool:
    begun_ns = told.begun_ns("wrong clock")
    stamps = [(op.time_ns, op.value["set"]["updatedAt"]) for op in told.ops("commit", "desktop-1") if _stamped(op)]
    ahead = [(at_ns, stamp - at_ns / MS) for at_ns, stamp in stamps]
    right = ahead[0][1]
    wrong = [off - right for at_ns, off in ahead if begun_ns + 150 * MS < at_ns < begun_ns + 750 * MS]
    return bool(wrong) and all(abs(off - 3_600_000) < 10_000 for off in wrong) and abs(ahead[-1][1] - right) < 10_000


def _stamped(op: Op) -> bool:
    value: Any = op.value
    return op.type == "invoke" and isinstance(value, dict) and "updatedAt" in (value.get("set") or {})


@story("slow_disk")
def a_slow_disk_slows_commits_down(told: Told) -> bool:
    begun_ns = told.begun_ns("slow disk")
    invoked = {op.rev.n: op.time_ns for op in told.ops("commit") if op.type == "invoke" and op.rev is not None}
    took_ms = [
        (op.time_ns - invoked[op.rev.n]) / MS
        for op in told.ops("commit", "desktop-1")
        if op.type == "ok" and op.rev is not None and begun_ns + 150 * MS < invoked[op.rev.n] < begun_ns + 600 * MS
    ]
    return bool(took_ms) and min(took_ms) >= 30


@story("kill")
def when_the_relay_is_back_all_come_back(told: Told) -> bool:
    after_ns = told.begun_ns("relay gone") + 250 * MS
    clients = [name for name, node in told.history.header.nodes.items() if node["role"] != "relay"]
    return all(any(op.time_ns > after_ns for op in told.links(name, "registered")) for name in clients)


@story()
def who_has_a_token_that_expires_comes_back_with_another(told: Told) -> bool:
    calm_ns = told.begun_ns("relay gone")
    registered = [op for op in told.links("mobile-3", "registered") if op.time_ns < calm_ns]
    closed = [str(op.value.get("reason")) for op in told.links("mobile-3", "closed") if op.time_ns < calm_ns]
    return len(registered) >= 2 and any("4401" in reason for reason in closed)


@story("toxic.latency", "toxicity")
def a_toxicity_spares_some(told: Told) -> bool:
    """Of the connections that phones have some are slow and some are not, for as long as it is at work."""
    quickest_ms = [
        min(took, default=0) for n in (1, 2, 3, 4) if (took := told.took_ms(f"relay->mobile-{n}", "spared", 400))
    ]
    slowest_ms = max(quickest_ms)
    return slowest_ms >= 140 and min(quickest_ms) <= slowest_ms - 60  # whatever else the machine has to do


@story("toxic.timeout")
def a_timeout_drops_and_closes(told: Told) -> bool:
    did = told.effect("silence")
    return did["bytes_dropped"] > 0 and not told.taps("relay->mobile-4", "out", "silence", 300, after_ms=100)


@story("toxic.slow_close")
def a_slow_close_is_heard_later(told: Told) -> bool:
    """The phone is ended 300 ms after that began; the relay hears of it so much later again."""
    begun_ns, device = told.begun_ns("slowly"), told.history.header.nodes["mobile-4"]["device_id"]
    heard = [
        op.time_ns
        for op in told.ops("conn", "relay")
        if op.value["device"] == device and op.value["state"] == "closed" and op.time_ns > begun_ns
    ]
    return told.effect("slowly")["closes_slowed"] >= 1 and min(heard) >= begun_ns + 450 * MS


@story("toxic.reset_peer")
def a_reset_peer_ends_whoever_speaks(told: Told) -> bool:
    did = told.effect("resets")
    return did.get("connections_reset", 0) + did.get("connections_closed", 0) >= 1


@story("stall")
def who_does_not_read_gets_nothing(told: Told) -> bool:
    begun_ns = told.begun_ns("deaf")
    shown = [op for op in told.ops("observe", "mobile-3") if begun_ns + 150 * MS < op.time_ns < begun_ns + 550 * MS]
    later = [op for op in told.ops("observe", "mobile-3") if op.time_ns > begun_ns + 550 * MS]
    return told.effect("deaf")["bytes_unread"] > 0 and not shown and bool(later)


@story("toxic.bandwidth")
def a_narrow_link_slows_bytes(told: Told) -> bool:
    """20 bytes a millisecond. What was under way at its begin or its end is slow for a part of its way only."""
    sent = [tap for tap in told.taps("relay->mobile-3", "in", "narrow", 400) if tap.msg]
    took_ms = told.took_ms("relay->mobile-3", "narrow", 400)
    least_ms = min((tap.bytes for tap in sent), default=0) / 20
    return told.effect("narrow")["bytes_slowed"] > 0 and bool(took_ms) and max(took_ms) >= 0.9 * least_ms > 5


@story("toxic.slicer")
def two_slicers_at_once_are_two(told: Told) -> bool:
    return told.effect("sliced")["bytes_sliced"] > 0 and told.effect("sliced too")["bytes_sliced"] > 0


@story("toxic.limit_data")
def a_limit_closes_the_connection(told: Told) -> bool:
    begun_ns, until_ns = told.begun_ns("limited"), told.begun_ns("killed") + 500 * MS
    closed = [op for op in told.links("mobile-3", "closed") if begun_ns <= op.time_ns <= until_ns]
    return told.effect("limited")["bytes_counted"] >= 600 and bool(closed)
