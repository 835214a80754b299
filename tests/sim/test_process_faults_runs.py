"""Whole runs with one fault of a process or machine each: it bites, it heals, and `hardened` comes through."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from harness import plan, registry
from harness.history import Op
from harness.runs.run import RunResult, execute
from harness.runtimes.sim.machines.store import StoreConnection
from harness.verdict import Verdict

HEAD = """\
version: 1
duration: 8s
topology: one-user
timing: fast
workload: {jobs: 12, rate: 15/s, mobile_rate: 1/s, spread: 7s, mix: {mobile: {switch: 0, close: 0, background: 0}}}
settle: {quiesce: 1s}
faults:
"""
# what a plan says, and what each of its occurrences measurably does
FAULTS: dict[str, tuple[str, set[str]]] = {
    "kill a desktop": ("{action: kill, nodes: [desktop-1], restart: 1s, at: 3s}", {"processes_killed"}),
    "end a desktop": ("{action: kill, nodes: [desktop-1], signal: TERM, restart: 1s, at: 3s}", {"processes_killed"}),
    "kill the relay": ("{action: kill, nodes: [relay], restart: 1s, at: 3s}", {"connections_lost"}),
    "kill a mobile": ("{action: kill, nodes: [mobile-1], restart: 1s, at: 3s}", {"processes_restarted"}),
    "a desktop without power": ("{action: kill, nodes: [desktop-1], power: true, at: 3s}", {"processes_killed"}),
    "a relay without power": ("{action: kill, nodes: [relay], power: true, at: 3s}", {"connections_lost"}),
    "a desktop's machine replaced": ("{action: kill, nodes: [desktop-1], wipe: true, at: 3s}", {"stores_wiped"}),
    "pause a desktop": ("{action: pause, nodes: [desktop-1], at: 2s, for: 4s}", {"callbacks_parked"}),
    "pause the relay": ("{action: pause, nodes: [relay], at: 2s, for: 4s}", {"bytes_left_unread"}),
    "pause a mobile": ("{action: pause, nodes: [mobile-1], at: 2s, for: 4s}", {"bytes_left_unread"}),
    "a relay's clock ahead": ("{action: clock, nodes: [relay], skew: 1h, at: 1s, for: 4s}", {"readings"}),
    "all clocks off": ('{action: clock, nodes: ["*"], skew: -1h, rate: 1.05, at: 1s, for: 4s}', {"clocks_set_off"}),
    "a slow consumer": ("{action: slow_consumer, nodes: [mobile-1], at: 2s, for: 2s}", {"bytes_unread"}),
    "a slow disk": ("{action: slow_disk, nodes: [desktop-1], latency: 150ms, at: 2s, for: 3s}", {"statements_slowed"}),
    "a full disk": ("{action: disk_full, nodes: [desktop-1], at: 2s, for: 2s}", {"writes_failed"}),
}


BURST = """\
version: 1
duration: 8s
topology: one-user
timing: fast
workload:
  script:
    - {at: 100ms, node: mobile-1, do: open}
    - {at: 500ms, node: desktop-1, do: create, job: a}
    - {at: 550ms, node: desktop-1, do: status, job: a, status: generatingStream}
""" + "".join(
    f"    - {{at: {2000 + 20 * k}ms, node: desktop-1, do: chunk, job: a, text: 'abcdefgh', repeat: 2500}}\n"
    for k in range(60)
)


def run(faults: str, seed: int, *, head: str = HEAD, profile: str = "hardened") -> RunResult:
    sim = registry.find("runtime", "sim")
    schedule = plan.expand(plan.parse(head + f"  - {faults}\n", "p"), seed, profile=profile, runtime_verbs=sim.VERBS)
    return execute(schedule, sim)


def ops(result: RunResult, f: str, type_: str | None = None) -> list[Op]:
    assert result.history is not None
    return [op for op in result.history.ops if op.f == f and (type_ is None or op.type == type_)]


def effect(result: RunResult) -> Counter[str]:
    found: Counter[str] = Counter()
    for op in ops(result, "fault-heal"):
        found.update(op.value["effect"])
    return found


def reasons(result: RunResult) -> list[Any]:
    return [(r.check, r.reason, r.message) for r in result.results if r.verdict not in (None, Verdict.VALID)]


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_bites_and_heals_and_equal_seeds_give_equal_runs(name: str) -> None:
    words, counted = FAULTS[name]
    first, second = run(words, 5), run(words, 5)
    assert counted <= {key for key, n in effect(first).items() if n > 0}
    assert reasons(first) == []
    assert first.trace_hash is not None
    assert first.trace_hash == second.trace_hash
    assert first.encoded is not None and second.encoded is not None
    assert first.encoded() == second.encoded()


# ---- down nodes -----------------------------------------------------------------------------------------------------


def test_what_a_dead_desktop_is_asked_fails_and_what_it_died_over_is_unknown() -> None:
    slow = "{action: slow_disk, nodes: [desktop-1], latency: 100ms, at: 1s, for: 6s}\n  - "
    result = run(slow + "{action: kill, nodes: [desktop-1], every: {mean: 1s}, restart: 300ms}", 3)
    codes = Counter((op.type, op.error["code"]) for op in result.history.ops if op.error and "code" in op.error)  # type: ignore[union-attr]
    assert codes["fail", "down"] > 0
    assert codes["info", "down"] > 0


SLOW_TO_GO = """\
version: 1
duration: 4s
topology: one-user
timing: {scale: 20}
workload:
  script:
    - {at: 100ms, node: mobile-1, do: open}
    - {at: 200ms, node: desktop-1, do: create, job: wide}
    - {at: 300ms, node: desktop-1, do: status, job: wide, status: running}
    - {at: 900ms, node: desktop-1, do: chunk, job: wide, text: abcdefghij, repeat: 5000}
    - {at: 3s, node: desktop-1, do: chunk, job: wide, text: ij}
settle: {quiesce: 500ms}
faults:
"""


def test_a_kill_begins_with_its_signal_however_long_the_program_takes_to_go() -> None:
    narrow = "{action: bandwidth, links: [relay->mobile-1], rate: 20, at: 800ms, for: 1500ms}\n  - "
    result = run(narrow + "{action: kill, nodes: [relay], signal: TERM, restart: 100ms, at: 1s}", 1, head=SLOW_TO_GO)
    began = next(op for op in ops(result, "fault-begin") if op.value["action"] == "kill")
    closed = min(op.time_ns for op in ops(result, "link") if op.value.get("state") == "closed")
    assert began.time_ns <= closed
    assert reasons(result) == []


def test_commits_that_a_crash_left_open_are_answered_by_the_store_that_recovers() -> None:
    slow = "{action: slow_disk, nodes: [desktop-1], latency: 100ms, at: 1s, for: 6s}\n  - "
    answers: Counter[str] = Counter()
    for seed in range(3):
        result = run(slow + "{action: kill, nodes: [desktop-1], every: {mean: 700ms}, restart: 200ms}", seed)
        assert reasons(result) == []
        recovered = {op.time_ns for op in ops(result, "recovered")}
        commits = ops(result, "commit")
        assert sum(op.type == "invoke" for op in commits) == sum(op.type in ("ok", "fail") for op in commits)
        answers.update(op.type for op in commits if op.type != "invoke" and op.time_ns in recovered)
    assert answers["ok"] > 0
    assert answers["fail"] > 0


def test_a_restarted_mobile_is_a_new_incarnation_that_shows_its_screen_again() -> None:
    result = run("{action: kill, nodes: [mobile-1], restart: 500ms, at: 3s}", 2)
    (started,) = ops(result, "started")
    assert started.value == {"incarnation": 1}
    seen = [op for op in ops(result, "observe") if op.incarnation == 1]
    assert seen[0].time_ns >= started.time_ns
    assert seen[0].value["kind"] == "scope"
    assert max(op.time_ns for op in ops(result, "observe") if op.incarnation == 0) < started.time_ns
    (convergence,) = [r for r in result.results if r.check == "convergence"]
    assert convergence.verdict is Verdict.VALID


def test_the_user_of_a_restarted_mobile_opens_the_screen_that_was_open() -> None:
    head = BURST + "settle: {quiesce: 1s}\nfaults:\n"
    result = run("{action: kill, nodes: [mobile-1], restart: 500ms, at: 3s}", 1, head=head)
    again = [op.type for op in ops(result, "open") if op.process == "mobile-1/again"]
    assert again == ["invoke", "ok"]
    (convergence,) = [r for r in result.results if r.check == "convergence"]
    assert convergence.verdict is Verdict.VALID


def test_an_answer_that_comes_after_its_call_timed_out_harms_nobody() -> None:
    asks = BURST + "    - {at: 1600ms, node: mobile-1, do: get, job: nobody}\nsettle: {quiesce: 1s}\nfaults:\n"
    result = run("{action: slow_consumer, nodes: [mobile-1], at: 1500ms, for: 2s}", 1, head=asks, profile="documented")
    assert [op.error["code"] for op in ops(result, "get", "info") if op.error] == ["timeout"]
    assert result.ailments == []


def test_a_paused_mobile_is_dropped_by_its_relay_and_comes_back() -> None:
    result = run("{action: pause, nodes: [mobile-1], at: 2s, for: 4s}", 1)
    registered = [op for op in ops(result, "link") if op.node == "mobile-1" and op.value["state"] == "registered"]
    assert len(registered) >= 2


def test_times_of_the_history_are_never_skewed() -> None:
    straight = run("{action: pause, nodes: [mobile-1], at: 6s, for: 1s}", 1)
    skewed = run('{action: clock, nodes: ["*"], skew: 1h, at: 1s, for: 6s}', 1)
    for f in ("create", "observe"):
        last = max(op.time_ns for op in ops(skewed, f))
        assert abs(last - max(op.time_ns for op in ops(straight, f))) < 5e9


# ---- mailboxes ------------------------------------------------------------------------------------------------------


def test_the_mailbox_of_a_slow_consumer_overflows_and_the_replica_catches_up() -> None:
    head = BURST + "settle: {quiesce: 1s}\nfaults:\n"
    result = run("{action: slow_consumer, nodes: [mobile-1], at: 1500ms, for: 2s}", 1, head=head)
    assert len(ops(result, "drop")) > 5
    assert reasons(result) == []


def test_without_a_slow_consumer_the_same_burst_overflows_no_mailbox() -> None:
    head = BURST + "settle: {quiesce: 1s}\nfaults:\n"
    result = run("{action: slow_consumer, nodes: [desktop-1], at: 7s, for: 500ms}", 1, head=head)
    assert ops(result, "drop") == []


# ---- power ----------------------------------------------------------------------------------------------------------

POWER = "{action: kill, nodes: [desktop-1], power: true, restart: 500ms, at: 4s}"


def test_a_desktop_that_syncs_every_commit_keeps_its_word_in_six_power_cuts() -> None:
    assert [reasons(run(POWER, seed)) for seed in range(6)] == [[]] * 6


def test_a_desktop_that_does_not_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows whose events were already sent are gone after the power cut."""
    honest = StoreConnection.execute

    def hasty(self: StoreConnection, sql: str, parameters: Any = (), /) -> Any:
        return honest(self, sql.replace("synchronous=FULL", "synchronous=NORMAL"), parameters)

    monkeypatch.setattr(StoreConnection, "execute", hasty)
    results = [run(POWER, seed) for seed in range(6)]
    assert sum(effect(result)["store_bytes_lost"] > 0 for result in results) >= 5
    assert sum(result.verdict is Verdict.INVALID for result in results) >= 3


# ---- refused --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "place", "message"),
    [
        (
            "{action: slow_disk, nodes: [relay], latency: 9ms}",
            "p:8:33",
            "slow_disk cannot befall relay: it keeps no store",
        ),
        ("{action: disk_full, nodes: [mobile-1]}", "p:8:33", "disk_full cannot befall mobile-1: it keeps no store"),
        ("{action: pause, nodes: [desktop-2]}", "p:8:29", "no node 'desktop-2' in this topology"),
        ("{action: kill, nodes: [relay], for: 3s}", "p:8:41", "write restart instead of for"),
        ("{action: kill, nodes: [relay], power: true, signal: TERM}", "p:8:5", "a power cut sends no signal"),
        ("{action: clock, nodes: [relay]}", "p:8:5", "a clock that is right"),
        ("{action: clock, nodes: [relay], skew: 3}", "p:8:43", "a duration needs a unit"),
        ("{action: kill, nodes: [relay], at: 7s, restart: 2s}", "p:8:53", "lasts until 9s"),
    ],
)
def test_a_fault_that_makes_no_sense_is_refused_at_its_place(words: str, place: str, message: str) -> None:
    with pytest.raises(plan.PlanErrors) as caught:
        plan.expand(plan.parse(HEAD + f"  - {words}\n", "p"), 1)
    assert message in str(caught.value)
    assert f"{place}: error" in str(caught.value)


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ("{action: kill, nodes: [relay], power: true, at: 1s}", "no `power: true`"),
        ("{action: clock, nodes: [relay], rate: 1.1, at: 1s}", "no `rate`: programs share the clock"),
        ("{action: disk_full, nodes: [desktop-1], at: 1s}", "share the disk"),
    ],
)
def test_docker_refuses_what_only_the_simulator_can_do_with_the_reason(words: str, why: str) -> None:
    docker = registry.find("runtime", "docker")
    found = plan.parse(HEAD + f"  - {words}\n", "p")
    with pytest.raises(plan.PlanErrors, match=rf"p:8:14: error: this runtime cannot do(?s:.*){why}"):
        plan.expand_on(docker, found, 1)


def test_docker_kills_and_pauses() -> None:
    docker = registry.find("runtime", "docker")
    for words in ("{action: kill, nodes: [relay], at: 1s}", "{action: pause, nodes: [relay], at: 1s, for: 1s}"):
        assert plan.expand(plan.parse(HEAD + f"  - {words}\n", "p"), 1, runtime_verbs=docker.VERBS).faults


FULL_AND_NEW = """\
version: 1
duration: 3s
topology: one-user
timing: fast
workload: {jobs: 4, rate: 10/s, spread: 2900ms}
faults:
  - {action: disk_full, nodes: [desktop-1], at: 800ms, for: 1s}
  - {action: kill, nodes: [desktop-1], restart: 300ms, wipe: true, at: 1s}
"""


def test_a_desktop_that_starts_with_a_new_store_on_a_full_disk_waits_for_room() -> None:
    sim = registry.find("runtime", "sim")
    result = execute(plan.expand(plan.parse(FULL_AND_NEW, "p"), 1, runtime_verbs=sim.VERBS), sim)
    assert result.history is not None
    assert [op.value for op in result.history.ops if op.f == "exited"] == []
    assert sum(op.f == "recovered" for op in result.history.ops) == 2
