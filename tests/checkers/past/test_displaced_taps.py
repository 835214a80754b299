"""Outside the simulator a tap is stamped by another process than the journal line that belongs to it.

True histories of the simulator are judged as if they came from containers, with their taps displaced by up to a quarter
of a second: whoever was innocent stays so, and what was found is found, by the same checker.
"""

from __future__ import annotations

import functools
import random
from collections.abc import Callable, Iterator, Sequence

import msgspec
import pytest
from telling import judge

from harness import plan, registry
from harness.history import History, Tap
from harness.hunting import ablations
from harness.judging.checking import check, overall
from harness.runs.run import execute
from harness.runtimes import Runtime
from harness.schedule import CheckSpec
from harness.verdict import CheckResult, Verdict

SIM: Runtime = registry.find("runtime", "sim")
SLACK_NS = 250_000_000
OF_TAPS = ("reaction", "resources", "rpc", "isolation", "liveness", "staleness")  # checkers that hear the wire
CALM = ("quickstart", "machines", "edge/offline-gaps", "edge/reconnection-race", "nightly/pairs", "variants/bursts")
Shift = Callable[[random.Random], int]
SHIFTS: dict[str, Shift] = {
    "as they are": lambda draw: 0,
    "a quarter of a second early": lambda draw: -SLACK_NS,
    "a quarter of a second late": lambda draw: SLACK_NS,
    "early by anything": lambda draw: -draw.randrange(SLACK_NS),
    "by anything": lambda draw: draw.randrange(-SLACK_NS, SLACK_NS),
    "a little": lambda draw: draw.randrange(-SLACK_NS // 25, SLACK_NS // 25),
}


def displaced(history: History, shift: Shift, seed: int) -> History:
    """What one side of a connection tells keeps its order; nothing else does."""
    draw, last, moved = random.Random(seed), dict[tuple[str, str, int], int](), list[Tap]()
    for tap in history.taps:
        key = (tap.link, tap.side, tap.conn)
        last[key] = max(tap.time_ns + shift(draw), last.get(key, tap.time_ns - SLACK_NS))
        moved.append(msgspec.structs.replace(tap, time_ns=last[key]))
    moved.sort(key=lambda tap: tap.time_ns)
    header = msgspec.structs.replace(history.header, runtime="docker")
    return History(header=header, ops=history.ops, taps=moved)


@functools.cache
def played(name: str, seed: int, without: tuple[str, ...]) -> tuple[History, list[CheckSpec] | None, set[str]]:
    """A run in the simulator: its history, what its plan asks, and which checkers say INVALID."""
    schedule = plan.expand(plan.load(name), seed, without=list(without), runtime_verbs=SIM.VERBS)
    result = execute(schedule, SIM)
    assert result.history is not None
    return result.history, schedule.checks or None, {name for name, _ in result.signatures}


def rejudged(
    name: str, seed: int, without: tuple[str, ...] = (), shifts: Sequence[str] = tuple(SHIFTS)
) -> Iterator[tuple[str, list[CheckResult], set[str]]]:
    history, asked, found = played(name, seed, without)
    for shift in shifts:
        yield shift, check(displaced(history, SHIFTS[shift], seed), asked), found


def objections(results: list[CheckResult]) -> dict[str, str]:
    return {r.check: f"{r.reason}: {r.message}" for r in results if r.verdict is Verdict.INVALID}


@pytest.mark.parametrize("name", CALM)
def test_what_is_right_stays_so(name: str) -> None:
    for shift, results, _ in rejudged(name, 1):
        assert (shift, objections(results), overall(results)) == (shift, {}, Verdict.VALID)


POLICIES = sorted(p for p, a in ablations.shown().items() if a.check in OF_TAPS)


@pytest.mark.parametrize("policy", POLICIES)
def test_a_safeguard_s_base_stays_right_and_its_loss_is_found(policy: str) -> None:
    """Half of the shifts for each, in turns."""
    shown, shifts = ablations.shown()[policy], list(SHIFTS)[POLICIES.index(policy) % 2 :: 2]
    for shift, results, _ in rejudged(shown.plan, shown.seed, shown.base, shifts):
        assert (shift, objections(results)) == (shift, {})
    for shift, results, found in rejudged(shown.plan, shown.seed, shown.without, shifts):
        said = objections(results)
        assert shown.check in said and set(said) <= found, (shift, said, found)


# ---- each kind in one line: a tap that was stamped before, or after, what it belongs to ------------------------------

UP = "%runtime=docker m!link[state=registered] m:scope(s1) m:listed"
HOLE = "m!trigger[what=hole,visit=2] m!fetch[what=list,licence=hole,corr=c,phase=begin,page=0,visit=2]"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        # the event that left a hole is on the wire before the line that says its revision
        (f"{UP} @9 wire:r>m[type=job:x,msg=7] d!emit[bus=link,msg=7,rev=2] {HOLE}", None),
        (f"{UP} @9 d!emit[bus=link,msg=7,rev=2] {HOLE} wire:r>m[type=job:x,msg=7]", None),
        # there never was one
        (f"{UP} @9 wire:r>m[type=job:x,msg=7] d!emit[bus=link,msg=7,rev=1] {HOLE}", "unlicensed"),
        (f"{UP} @9 {HOLE}", "unlicensed"),
        # it was filled a moment before, or long before
        (f"{UP} @9 d!emit[bus=link,msg=7,rev=2] d!emit[bus=link,msg=6,rev=1] wire:r>m[type=job:x,msg=7] "
         f"wire:r>m[type=job:x,msg=6] {HOLE}", None),
        (f"{UP} @9 d!emit[bus=link,msg=7,rev=2] d!emit[bus=link,msg=6,rev=1] wire:r>m[type=job:x,msg=7] "
         f"wire:r>m[type=job:x,msg=6] @12 {HOLE}", "unlicensed"),
        # a pause is told by one clock, also there
        (f"{UP} m!fetch[what=get,job=a,licence=miss,corr=g,phase=begin,visit=2] "
         "m!fetch[what=get,job=a,corr=g,phase=ok] "
         "m!fetch[what=get,job=a,licence=follow-up,corr=h,phase=begin,visit=2]", "too-soon"),
    ],
)  # fmt: skip
def test_licences_are_not_refused_for_a_clock(line: str, reason: str | None) -> None:
    tapped = "wire:r>d[type=registered,conn=1] "
    result = judge(tapped + line, "resources")
    reasons = {result.reason, *result.others} - {None}
    assert (reason in reasons) if reason is not None else "unlicensed" not in reasons, result


@pytest.mark.parametrize(
    ("line", "found"),
    [
        # the relay's own lines say what was first, whatever the taps say
        ("r!drop[device=device-of-mobile-1,event=job:x,msg=6] r!deliver[event=job:x,msg=7] "
         "wire:r>m[type=job:x,msg=7,side=in] @9 d:final", True),
        ("r!deliver[event=job:x,msg=7] r!drop[device=device-of-mobile-1,event=job:x,msg=6] "
         "wire:r>m[type=job:x,msg=7,side=in] @9 d:final", False),
        ("r!drop[device=device-of-mobile-1,event=job:x,msg=6] wire:r>m[type=sync:gap,side=in] "
         "r!deliver[event=job:x,msg=7] wire:r>m[type=job:x,msg=7,side=in] @9 d:final", False),
    ],
)  # fmt: skip
def test_a_gap_that_was_not_told_is_seen_by_the_relay_s_own_order(line: str, found: bool) -> None:
    assert (judge(f"%runtime=docker {line}", "reaction").reason == "untold-gap") is found


def test_a_head_that_leaves_before_its_event_is_seen_by_the_order_of_the_wire() -> None:
    up = "%runtime=docker wire:r>d[type=registered,conn=1] d!link[state=registered] "
    head, event = "wire:d>r[type=sync:head,msg=s/1,side=in,conn=1]", "wire:d>r[type=job:x,msg=7,side=in,conn=1]"
    emit = "d!emit[bus=link,msg=7,rev=1]"
    assert judge(f"{up} {emit} {head} {event} @9 d:final", "resources").reason == "early-head"
    assert judge(f"{up} {emit} {event} {head} @9 d:final", "resources").reason is None
    kept = f"%runtime=docker {emit} wire:r>d[type=registered,conn=1] d!link[state=registered] {head} {event} @9 d:final"
    assert judge(kept, "resources").reason is None  # handed to a link that was down, it waited


@pytest.mark.parametrize(("apart_s", "reason"), [(0.4, None), (9, "answer-nobody-asked")])
def test_an_answer_is_compared_with_a_request_within_the_slack_of_both(apart_s: float, reason: str | None) -> None:
    begin, ok = "m!call[corr=c1,method=job.get,phase=begin]", "m!call[corr=c1,phase=ok]"
    reply, ask = "wire:r>m[type=rpc-reply,msg=c1]", "wire:m>r[type=rpc:job.get,msg=c1]"
    line = f"%runtime=docker {begin} @1 {reply} {ok} @{1 + apart_s:g} {ask}"
    assert judge(line, "rpc").reason == reason
