"""A run's jobs for Elle and Knossos: what they are given, and that it is right exactly where the run is."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checkers import notation
from checkers.linearizability import Linearizable, Malformed
from checkers.linearizability.decide import MODELS, decide
from checkers.linearizability.values import Literal
from harness.interchange.edn import FORMAT
from harness.interchange.edn_text import values
from harness.interchange.export_jobs import append_lines, revision_lines
from harness.judging.checking import check
from harness.schedule import CheckSpec


def word(name: str) -> Literal:
    return Literal(f":{name}")


def lists(line: str) -> list[str]:
    return append_lines(notation.read(line)).lines


def reads(line: str) -> list[str]:
    """What came back of reads, in order."""
    found = []
    for _, op in values("\n".join(lists(line))):
        if op[word("type")] == word("ok"):
            found += [f"{key} {' '.join(map(str, chunks))}" for f, key, chunks in op[word("value")] if f == word("r")]
    return found


def fine(lines: list[str], model: str = "append") -> bool:
    trial = FORMAT.read("\n".join(lines))
    assert trial.operations
    return all(isinstance(judged.answer, Linearizable) for judged in decide(trial, MODELS[model]))


DOUBLED = 'd:+a d:a"He" d:a"llo" m:a=1 m:a@2 m:a@3 m:a@3'


def test_each_op_is_a_transaction_as_elle_has_them():
    said = lists('d:+a d:a"He" m:a=2')
    assert said == [
        '{:index 0, :time 200000000, :type :invoke, :process 0, :f :txn, :value [[:r "a/1" nil]]}',
        '{:index 1, :time 200000000, :type :invoke, :process 1, :f :txn, :value [[:append "a/1" 1]]}',
        '{:index 2, :time 200000000, :type :ok, :process 1, :f :txn, :value [[:append "a/1" 1]]}',
        '{:index 3, :time 300000000, :type :ok, :process 0, :f :txn, :value [[:r "a/1" [1]]]}',
    ]


@pytest.mark.parametrize(
    ("line", "told", "right"),
    [
        (DOUBLED, ["a/1 1", "a/1 1 2", "a/1 1 2 2"], False),
        (DOUBLED.removesuffix(" m:a@3"), ["a/1 1", "a/1 1 2"], True),
        ('d:+a d:a"a" d:a"a" m:a=1 m:a@2 m:a@2', ["a/1 1", "a/1 1 1"], False),  # it says itself which chunk it was
        ('d:+a d:a"a" d:a"a" m:a=1 m:a@2~ m:a@2~', ["a/1 1", "a/1 1 2"], True),  # it does not: nobody can tell
        ('d:+a d:a"He" d:a"llo" m:a=1 m:a@3', ["a/1 2"], False),
        ('d:+a d:a"He" m:a=2 m:a"x" m:a"x"', ["a/1 1", "a/1 -1", "a/1 -2"], False),  # what nobody appended
        ('d:+a d:+b d:b"y" m:a=1 m:a"x"', ["a/1 -1"], False),
        ('d:+a d:a"He" m:a=2 d:a^ d:a"x" m:a=4', ["a/1 1", "a/2 1"], True),  # an attempt is a list of its own
        ('d:+a d:a"He" d:a^ m:a=3"He" d:a"x"', ["a/2 -1"], False),  # nor what is shown before it began
        ('d:+a d:a"He"! m:a=1 d:a"a" m:a=2', ["a/1 2"], True),  # a chunk that did not happen is no part of it
        ('d:+a d:a"He" d:a"llo" m>get(a) m<ok(a=2)', ["a/1 1"], False),  # an answer is as of its call
        ('d:+a d:a"He" m>get(a) d:a"llo" m<ok(a=2)', ["a/1 1"], True),
        ('d:+a d:a"He" d:a"llo" m:a=2', ["a/1 1"], True),  # a replica may show what was there before
        ('d:+a d:a"He" d:+b d:b"x" m>list m<ok(a=2,b=4)', ["a/1 1", "b/1 1"], True),  # a list reads all at once
        ('d:+a d:a"He" d:final', ["a/1 1"], True),
    ],
)
def test_a_text_is_read_as_the_chunks_that_it_consists_of(line, told, right):
    assert reads(line) == told
    assert fine(lists(line)) == right


def test_a_commit_that_was_never_answered_is_info_and_its_process_goes_on_under_another_number():
    said = lists('d:+a d:a"x"? d:a"y"')
    ops = [
        (op[word("process")], op[word("type")].text[1:], op[word("value")][0][2]) for _, op in values("\n".join(said))
    ]
    assert ops == [(0, "invoke", 1), (1, "invoke", 2), (1, "ok", 2), (0, "info", 1)]


def test_answers_that_may_come_from_a_cache_are_left_out_and_counted():
    line = 'd:+a d:a"He" d:a"llo" m>list m<ok(a=2){source=cache}'
    assert append_lines(notation.read(line)).left_out == 1
    assert not reads(line)
    assert not fine(lists('d:+a d:a"He" d:a"llo" m>list m<ok(a=2)'))


def test_a_history_without_the_beginning_of_a_text_is_refused():
    history = notation.read('d:+a d:a"He" d:a"llo"')
    history.ops = [op for op in history.ops if op.value.get("chunk") != "He"]
    with pytest.raises(Malformed, match="begins at byte 2 of its response, of which only 0 were committed before"):
        append_lines(history)


def test_a_text_that_begins_anew_within_an_attempt_is_another_list():
    history = notation.read('d:+a d:a"He" m:a=2 d:a^ d:a"llo" m:a=4')
    for op in history.ops:
        op.attempt = 1
    said = append_lines(history).lines
    assert said[-1].endswith('[[:r "a/1~2" [1]]]}')
    assert fine(said)


def test_a_commit_that_replaces_a_text_is_refused():
    history = notation.read('d:+a d:a"He" d:a{status=queued}')
    history.ops[-2].value["response"] = "another"
    with pytest.raises(Malformed, match="a commit replaces the response of job a, which no append does"):
        append_lines(history)


def test_a_history_without_texts_is_refused():
    with pytest.raises(Malformed, match="no commit of a desktop tells a chunk"):
        lists("d:+a d:a{status=running} m:a=1")


@st.composite
def streams(draw) -> str:
    """A text of few letters, and a replica that applies and installs what it likes of it."""
    chunks = draw(st.lists(st.text("ab", min_size=1, max_size=2), min_size=1, max_size=5))
    said = ["d:+a", *(f'd:a"{chunk}"' for chunk in chunks), "m:a=1"]
    expected = 2
    for _ in range(draw(st.integers(1, 7))):
        revision = draw(st.sampled_from([expected, expected, expected, draw(st.integers(2, len(chunks) + 1))]))
        if revision > len(chunks) + 1:
            break
        said.append(f"m:a{draw(st.sampled_from('@='))}{revision}")
        expected = revision + 1
    return " ".join(said)


@settings(max_examples=300, deadline=None, database=None, derandomize=True)
@given(streams())
def test_what_elle_is_given_is_right_where_no_stream_was_broken(line):
    (judged, *_) = check(notation.read(line), [CheckSpec(check="stream-integrity")])
    assert judged.check == "stream-integrity"
    if judged.reason != "shrunk":
        assert fine(lists(line)) == (judged.reason is None)


# ---- revisions for Knossos -------------------------------------------------------------------------------------------


def revisions(line: str, job: str = "a") -> list[str]:
    return revision_lines(notation.read(line), job).lines


def test_a_job_is_a_register_of_its_revisions():
    said = revisions("d:+a d:+b d:a{status=queued} m>get(a) m<ok(a=3)")
    assert [line.split(", ", 2)[2] for line in said] == [
        ":type :invoke, :process 0, :f :write, :value 1}",
        ":type :ok, :process 0, :f :write, :value 1}",
        ":type :invoke, :process 0, :f :write, :value 3}",
        ":type :ok, :process 0, :f :write, :value 3}",
        ":type :invoke, :process 1, :f :read, :value nil}",
        ":type :ok, :process 1, :f :read, :value 3}",
    ]


def test_a_stale_answer_is_a_stale_read():
    assert not fine(revisions("d:+a d:a{status=queued} m>get(a) m<ok(a=1)"), "register")
    assert fine(revisions("d:+a m>get(a) d:a{status=queued} m<ok(a=1)"), "register")


def test_what_cannot_be_a_register_is_refused_with_the_reason():
    with pytest.raises(Malformed, match="no desktop wrote a job 'z'; it has: a"):
        revisions("d:+a", "z")
    with pytest.raises(Malformed, match="no answer tells the revision of job a"):
        revisions("d:+a m:a=1")
