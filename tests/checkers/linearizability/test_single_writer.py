"""The one-pass check of a single writer's versions, against the frontier."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracle import counted, fuzz, wgl

from checkers.linearizability import Linearizable, Operation, Trial, frontier, single_writer
from checkers.linearizability.decide import MODELS, decide_one
from harness.interchange.jsonl import FORMAT, Line, decode


def lines(*said: str) -> list[Line]:
    """`w1 invoke 3` → a line; the process's letter says whether it writes."""
    found = []
    for text in said:
        process, type_, *value = text.split()
        f = "write" if process[0] == "w" else "read"
        found.append(Line(process=process, type=type_, f=f, value=int(value[0]) if value else None))
    return found


def test_a_read_may_return_what_is_being_written_or_what_was_before():
    overlapping = ("w invoke 1", "r invoke", "r ok 1", "s invoke", "s ok {}", "w ok 1")
    assert single_writer.explains(lines(*(t.format(1) for t in overlapping))) is None
    assert single_writer.explains(lines(*(t.format("") for t in overlapping))) == 4  # another one has read 1 already


def test_a_read_from_the_future_fails_where_it_returns():
    assert single_writer.explains(lines("r invoke", "r ok 1", "w invoke 1", "w ok 1")) == 1


@pytest.mark.parametrize(
    "said",
    [
        ("w invoke 2", "w ok 2", "w invoke 1"),
        ("w invoke 1", "w2 invoke 2"),
        ("w invoke 1", "w fail 1"),
        ("r ok 1",),
        ("w invoke 1", "w ok 1", "w invoke 3"),  # what stands between was perhaps never written
        ("w invoke 1", "w ok 1", "r invoke", "r ok 0"),  # nil is not 0
        ("w invoke 1", "w ok 2"),
        ("w invoke 1",),
        ("r invoke", "r invoke"),
        ("r invoke", "r info"),
    ],
)
def test_other_histories_are_left_to_other_methods(said):
    with pytest.raises(single_writer.NotVersioned):
        single_writer.explains(lines(*said))


@st.composite
def histories(draw) -> list[Line]:
    """One writer counts up, three readers read something near; all overlap as they like."""
    under_way: dict[str, int | None] = {}
    written, found = 0, []
    for _ in range(draw(st.integers(1, 14))):
        process = draw(st.sampled_from(["w", "r", "s", "t"]))
        f = "write" if process == "w" else "read"
        if process in under_way:
            value = under_way.pop(process)
            if f == "read":
                value = draw(st.integers(max(0, written - 2), written + 1))
            found.append(Line(process=process, type="ok", f=f, value=value))
        else:
            if f == "write":
                written += 1
            under_way[process] = written if f == "write" else None
            found.append(Line(process=process, type="invoke", f=f, value=under_way[process]))
    return found


@fuzz(300)
@given(histories())
def test_it_says_what_the_frontier_says_or_leaves_it_to_others(found):
    for line in found:
        line.value = line.value or None  # version 0 is the register that nobody wrote
    text = b"\n".join(msgspec.json.encode(line) for line in found).decode()
    trial = FORMAT.read(text)
    answer = frontier.decide(trial, MODELS["register"].space(trial.operations))
    try:
        says = single_writer.explains(decode(text.encode()))
    except single_writer.NotVersioned:
        return
    assert (says is None) == isinstance(answer, Linearizable)


def test_a_writer_whose_writes_return_is_judged_in_one_pass():
    said = ["r invoke", "w invoke 1", "w ok 1", "r ok 1", "s invoke", "w invoke 2", "s ok 1", "w ok 2"]
    assert single_writer.explains(lines(*said)) is None


@fuzz(300)
@given(counted())
def test_where_no_write_is_lost_it_explains_what_the_oracle_explains(trial):
    says = single_writer.counts(trial)
    assert says <= wgl(trial, "register")
    if all(o.outcome == "ok" for o in trial.operations if o.f == "write"):
        assert says == wgl(trial, "register")


WRITE, READ = Operation(f="write", value=1), Operation(f="read", result=1)


@pytest.mark.parametrize(
    "operations",
    [
        [Operation(f="write", value=2), Operation(f="write", value=1)],
        [Operation(f="write", value=1), Operation(f="write", value=3), Operation(f="read", result=2)],
        [Operation(f="write", value=1, outcome="fail"), READ],
        [Operation(f="write", value=True), Operation(f="read", result=True)],
        [Operation(f="write", value=7), Operation(f="read", result=6)],
        [WRITE, Operation(f="read", result=0)],
        [WRITE, Operation(f="read", result="1")],
    ],
)
def test_what_is_no_count_is_left_to_others_by_both_engines(operations, compiled):
    trial = Trial(operations, [e for n in range(len(operations)) for e in (n, ~n)])
    assert not single_writer.counts(trial)
    for by in (None, compiled):
        answer = decide_one(trial, MODELS["register"], by=by)
        assert not isinstance(answer, Linearizable) or answer.method != single_writer.METHOD
        assert isinstance(answer, Linearizable) == wgl(trial, "register")


@fuzz(300)
@given(trial=counted())
def test_both_engines_decide_a_count_by_the_same_method(trial, compiled):
    pure, fast = (decide_one(trial, MODELS["register"], by=by) for by in (None, compiled))
    assert pure == fast
