"""`at: {after: registered, node: desktop-1, within: 200ms}`: a fault that waits for an event."""

from __future__ import annotations

import pytest

from harness import plan, registry
from harness.history import Op
from harness.plan.meaning.moments import known
from harness.runs.run import RunResult, execute
from harness.schedule import Awaited, decode_schedule, encode_schedule
from harness.shrink.explicit import explicit, fault_of, words_of
from harness.verdict import Verdict

SIM = registry.find("runtime", "sim")
HEAD = (
    "version: 1\ndraws: here\nduration: 4s\ntopology: one-user\ntiming: fast\n"
    "workload: {jobs: 4, rate: 20/s, mix: {mobile: {background: 0}}}\n"
)
CUT = "action: reconnect, clients: [mobile-1], how: reset, downtime: 50ms"
NS_PER_MS = 1_000_000


def made(*faults: str, head: str = HEAD) -> plan.Plan:
    return plan.parse(f"{head}faults:\n" + "".join(f"  - {{{fault}}}\n" for fault in faults), "p")


def played(*faults: str, seed: int = 1, head: str = HEAD) -> RunResult:
    return execute(plan.expand(made(*faults, head=head), seed, runtime_verbs=SIM.VERBS), SIM)


def ops(result: RunResult, f: str, node: str | None = None) -> list[Op]:
    assert result.history is not None
    return [op for op in result.history.ops if op.f == f and (node is None or op.node == node)]


def begins_ns(result: RunResult, fault: str) -> list[int]:
    return [op.time_ns for op in ops(result, "fault-begin") if op.value["fault"] == fault]


def test_it_begins_a_drawn_time_after_the_event_of_its_node() -> None:
    when = "at: {after: registered, node: mobile-1, within: 80ms}"
    result = played(f"name: first, {CUT}, at: 1s", f"name: again, {CUT}, {when}")
    (first_ns,), (again_ns,) = begins_ns(result, "first"), begins_ns(result, "again")
    back = [op.time_ns for op in ops(result, "link", "mobile-1") if op.value["state"] == "registered"]
    back_ns = next(time_ns for time_ns in back if time_ns > first_ns)
    assert back_ns <= again_ns <= back_ns + 80 * NS_PER_MS
    assert result.verdict is Verdict.VALID


@pytest.mark.parametrize(
    ("event", "node", "f", "type_"),
    [("commit", "desktop-1", "commit", "invoke"), ("open", "mobile-1", "open", "invoke")],
)
def test_calls_and_commits_count_when_they_begin(event: str, node: str, f: str, type_: str) -> None:
    result = played(f"name: then, {CUT}, at: {{after: {event}, node: {node}}}")
    first = next(op for op in ops(result, f, node) if op.type == type_)
    assert begins_ns(result, "then") == [first.time_ns]


def test_the_nth_one_may_be_meant_and_an_exact_time_after_it() -> None:
    result = played(f"name: then, {CUT}, at: {{after: commit, node: desktop-1, nth: 7, later: 3ms}}")
    commits = [op for op in ops(result, "commit", "desktop-1") if op.type == "invoke"]
    assert begins_ns(result, "then") == [commits[6].time_ns + 3 * NS_PER_MS]


def test_a_message_counts_when_it_leaves_its_node() -> None:
    result = played(f"name: then, {CUT}, at: {{after: 'rpc:job.list', node: mobile-1}}")
    assert result.history is not None
    sent = [tap for tap in result.history.taps if (tap.link, tap.side) == ("mobile-1->relay", "in")]
    assert begins_ns(result, "then")[0] in [tap.time_ns for tap in sent if tap.type == "rpc:job.list"]


def test_without_its_event_there_is_no_fault_and_the_run_is_judged_all_the_same() -> None:
    result = played(f"name: never, {CUT}, at: {{after: registered, node: desktop-1}}")
    assert begins_ns(result, "never") == []
    assert result.verdict is Verdict.VALID


def test_one_that_begins_late_heals_with_the_plan() -> None:
    head = HEAD.replace(
        "workload: {jobs: 4, rate: 20/s, mix: {mobile: {background: 0}}}",
        "workload: {script: [{at: 3s, node: mobile-1, do: list}]}",
    )
    slow = (
        "name: late, action: delay, links: [mobile-1->relay], latency: 5ms, for: 2s, at: {after: list, node: mobile-1}"
    )
    result = played(slow, head=head)
    (begin,), (heal,) = ops(result, "fault-begin"), ops(result, "fault-heal")
    assert 900 * NS_PER_MS < heal.time_ns - begin.time_ns < 1100 * NS_PER_MS


def test_a_schedule_with_a_moment_survives_its_file_and_can_be_written_out() -> None:
    schedule = plan.expand(made(f"name: a, {CUT}, at: {{after: commit, node: desktop-1, within: 40ms, nth: 2}}"), 3)
    assert decode_schedule(encode_schedule(schedule)) == schedule
    (at,) = explicit(schedule).faults
    assert at.moment is not None
    assert (at.moment.after, at.moment.node, at.moment.nth) == ("commit", "desktop-1", 2)
    assert 0 < at.moment.later_ns < 40 * NS_PER_MS
    assert fault_of(words_of(at), schedule.system) == at
    assert not at.fixed


def test_a_plan_with_a_moment_is_written_as_it_was_read() -> None:
    found = made(f"name: a, {CUT}, at: {{after: commit, node: desktop-1, within: 40ms}}")
    assert plan.expand(plan.parse(plan.dump(found)), 1).faults == plan.expand(found, 1).faults


def test_different_seeds_draw_different_times() -> None:
    found = made(f"name: a, {CUT}, at: {{after: commit, node: desktop-1, within: 40ms}}")
    drawn = {plan.expand(found, seed).faults[0].moment for seed in range(5)}
    assert len(drawn) == 5
    assert Awaited(after="commit", node="desktop-1") not in drawn


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            "at: {after: registred, node: mobile-1}",
            r"no event of mobile-1 is called 'registred'(?s:.*)did you mean regis",
        ),
        ("at: {after: registered, node: mobile-2}", r"no node 'mobile-2' in this topology"),
        ("at: {after: finalize, node: mobile-1}", r"no event of mobile-1 is called 'finalize'"),
        ("at: {after: registered}", r"the key 'node' is missing here"),
        ("at: {after: registered, node: mobile-1, wthin: 1s}", r"unknown key 'wthin'(?s:.*)did you mean within"),
        ("at: {after: registered, node: mobile-1, within: 5}", r"a duration needs a unit"),
        ("at: 5", r"a duration needs a unit"),
        ("every: 1s, at: {after: registered, node: mobile-1}", r"waits for an event has no 'every'"),
    ],
)
def test_a_moment_that_makes_no_sense_is_refused_where_it_stands(words: str, said: str) -> None:
    with pytest.raises(plan.PlanErrors, match=said):
        made(f"name: a, {CUT}, {words}")


def test_every_call_of_a_role_is_an_event_of_its_nodes() -> None:
    assert {"registered", "dropped", "commit", "finalize"} <= set(known("desktop"))
    assert {"registered", "open", "switch", "foreground", "observe"} <= set(known("mobile"))
    assert "open" not in known("desktop")
