"""The tiny language: what its tokens become, and that nothing is silently misread."""

from __future__ import annotations

import pytest

from checkers.notation import NotationError, read
from harness.history import Rev, encode_op, text_digest


def test_a_commit_is_an_invoke_and_an_ok_of_the_next_revision() -> None:
    ops = read('d:+a d:a"He" d2:+b').ops
    assert [(o.type, o.f, o.node, o.job, o.rev.n) for o in ops if o.rev] == [
        ("invoke", "commit", "desktop-1", "a", 1),
        ("ok", "commit", "desktop-1", "a", 1),
        ("invoke", "commit", "desktop-1", "a", 2),
        ("ok", "commit", "desktop-1", "a", 2),
        ("invoke", "commit", "desktop-2", "b", 1),
        ("ok", "commit", "desktop-2", "b", 1),
    ]
    assert ops[2].value == {"store": "store-1", "f": "chunk", "set": {"updatedAt": 2}, "chunk": "He", "start": 0}


def test_a_chunk_starts_where_the_attempt_ends() -> None:
    starts = [o.value["start"] for o in read('d:+a d:a"é" d:a"x" d:a^ d:a"y"').ops if "chunk" in (o.value or {})]
    assert starts == [0, 0, 2, 2, 0, 0]


def test_a_failed_commits_revision_is_taken_again() -> None:
    ops = read('d:+a d:a"x"! d:a"y"? d:a"z"').ops
    assert [(o.type, o.rev.n) for o in ops[2:] if o.rev] == [
        ("invoke", 2),
        ("fail", 2),
        ("invoke", 2),
        ("invoke", 3),
        ("ok", 3),
    ]


def test_a_retry_is_a_new_attempt_with_an_empty_response() -> None:
    retry = read('d:+a d:a"x" d:a^').ops[-1]
    assert (retry.attempt, retry.value["response"]) == (2, "")


def test_a_row_shows_the_desktops_row_at_that_revision() -> None:
    op = read('d:+a d:a"He" d:a{status=running} m:a=2').ops[-1]
    assert (op.process, op.rev, op.attempt) == ("mobile-1/replica", Rev("device-of-desktop-1", 2), 1)
    assert (op.value["kind"], op.value["bytes"], op.value["digest"]) == ("row", 2, text_digest(b"He"))
    assert (op.value["set"]["status"], op.value["set"]["updatedAt"]) == ("created", 2)


def test_an_append_says_where_it_stands() -> None:
    op = read('d:+a d:a"He" d:a"llo" m:a=2 m:a@3').ops[-1]
    assert {k: op.value[k] for k in ("kind", "bytes", "end", "length", "before")} == {
        "kind": "append",
        "bytes": 5,
        "end": 5,
        "length": 3,
        "before": 2,
    }
    assert op.value["digest"] == text_digest(b"Hello")


def test_a_legacy_append_says_neither_revision_nor_end() -> None:
    op = read('d:+a d:a"He" m:a=1 m:a@2~').ops[-1]
    assert op.rev is None and "end" not in op.value
    assert op.value["digest"] == text_digest(b"He")


def test_raw_fields_fields_texts_and_causes_can_be_set() -> None:
    op = read('d:+a m:a=1"x y"{status=odd,tokensSent=3}(event:17)[visit=7,attempt=9]').ops[-1]
    assert (op.cause, op.attempt, op.value["visit"], op.value["digest"]) == ("event:17", 9, 7, text_digest(b"x y"))
    assert (op.value["set"]["status"], op.value["set"]["tokensSent"]) == ("odd", 3)


def test_a_scope_is_a_new_visit_and_a_restart_a_new_incarnation() -> None:
    ops = read("d:+a m:a=1 m:scope(s2) m:listed m:scope(project:p) m:restart m:a=1").ops[2:]
    kinds = [(o.value["kind"], o.value["visit"], o.incarnation) for o in ops]
    assert kinds == [("row", 1, 0), ("scope", 2, 0), ("listed", 2, 0), ("scope", 3, 0), ("row", 1, 1)]
    assert ops[3].value["set"] == {"scope": {"project": "p"}, "visit": 3}


def test_finals_hold_what_each_node_shows() -> None:
    desktop, mobile = read('d:+a d:+b d:a"x" d:-b m:a=1 d:final m:final[foreground=false]').ops[-2:]
    assert list(desktop.value["jobs"]) == ["a"] and desktop.value["jobs"]["a"]["response"] == "x"
    assert mobile.value["jobs"]["a"]["response"] == "" and mobile.value["foreground"] is False


def test_calls_faults_taps_and_options_are_told() -> None:
    history = read("%scheduled=2 %profile=documented @1.5 m>get(a) m<fail fault:x heal:x fault:x inert:x tap:m=17")
    assert [(o.process, o.type, o.f) for o in history.ops[:2]] == [
        ("mobile-1/user", "invoke", "get"),
        ("mobile-1/user", "fail", "get"),
    ]
    assert [o.value.get("exercised") for o in history.ops[2:]] == [None, True, None, False]
    assert history.ops[0].time_ns == 1_600_000_000
    assert (history.header.profile, history.header.scheduled_ops) == ("documented", 2)
    assert history.header.faults == [{"fault": "x", "action": "partition", "fixed": True, "occurrences": 2}]
    assert [(t.link, t.side, t.msg) for t in history.taps] == [("relay->mobile-1", "out", "17")]


def test_messages_and_journal_lines_are_told() -> None:
    history = read("%other=m2 wire:d>r[msg=7,job=a] wire:r>m2[type=presence,side=out] m2!call[corr=c,n=1] r!conn")
    seen = [(t.link, t.side, t.type, t.job, t.msg) for t in history.taps]
    assert seen == [
        ("desktop-1->relay", "in", "job:status-changed", "a", "7"),
        ("desktop-1->relay", "out", "job:status-changed", "a", "7"),
        ("relay->mobile-2", "out", "presence", None, None),
    ]
    assert [(o.process, o.type, o.f, o.value) for o in history.ops] == [
        ("mobile-2/journal", "info", "call", {"corr": "c", "n": 1}),
        ("relay/journal", "info", "conn", {}),
    ]
    assert [history.header.nodes[n].get("user") for n in ("desktop-1", "mobile-2", "relay")] == ["u1", "u2", None]


def test_a_token_can_be_said_many_times_and_a_revision_be_another() -> None:
    ops = read('d:+a d:a"2*3"*2 m:a=1[rev=9]').ops
    assert [op.value["chunk"] for op in ops if op.type == "ok" and op.f == "commit" and op.rev.n > 1] == ["2*3", "2*3"]
    assert ops[-1].rev == Rev("device-of-desktop-1", 9)


def test_indices_count_and_times_never_go_back() -> None:
    ops = read('d:+a d:a"x" m:a=1 m:a@2 m:final d:final').ops
    assert [o.index for o in ops] == list(range(len(ops)))
    assert [o.time_ns for o in ops] == sorted(o.time_ns for o in ops)
    assert all(encode_op(o) for o in ops)


@pytest.mark.parametrize(
    ("line", "quoted"),
    [
        ("d:+a x:a=1", "'x'"),
        ("d:+a m:a=7", "revision 7"),
        ("d:+a m:a=1;", "';'"),
        ('d:+a d:a"open', '"open'),
        ("m<ok", "no open call"),
        ("m>get m<maybe", "no way to return"),
        ("d:=1", "'d:=1'"),
        ("wire:d>r[conn=x]", "wire"),
    ],
)
def test_a_token_that_is_none_is_quoted_in_the_error(line: str, quoted: str) -> None:
    with pytest.raises(NotationError) as error:
        read(line)
    assert quoted in str(error.value)
