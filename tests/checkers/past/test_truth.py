"""The folding of commits: rows and texts at every revision, and what becomes of commits that did not happen."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from checkers.past.truth import Attempt, JobTruth, Truth
from harness.history import Op, OpType, Rev, text_digest


def _commit(n: int, type_: OpType = "ok", *, job: str = "a", attempt: int = 1, store: str = "s", **value: Any) -> Op:
    return Op(
        index=n,
        time_ns=n,
        process="desktop-1/store",
        type=type_,
        f="commit",
        node="desktop-1",
        job=job,
        session="s1",
        rev=Rev("dev-1", n),
        attempt=attempt,
        value={"f": "status", "store": store, **value},
    )


def _folded(*ops: Op, job: str = "a") -> JobTruth:
    truth = Truth()
    for op in ops:
        truth.feed(op)
    found = truth.job("desktop-1", job)
    assert found is not None
    return found


def test_a_column_holds_its_value_from_one_revision_to_the_next() -> None:
    job = _folded(_commit(1, set={"status": "created"}), _commit(4, set={"x": 1}), _commit(6, set={"status": "done"}))
    assert [job.value_at("status", n) for n in (0, 1, 5, 6, 99)] == [None, "created", "created", "done", "done"]
    assert job.row_at(3) == {"status": "created"}
    assert job.row_at(6) == {"status": "done", "x": 1}


def test_the_text_at_a_revision_is_what_was_written_by_then() -> None:
    job = _folded(_commit(1), _commit(2, chunk="né", start=0), _commit(5, chunk="x", start=3))
    assert [job.text_at(n) for n in (0, 1, 2, 4, 5)] == [None, (0, 0), (0, 3), (0, 3), (0, 4)]
    assert job.attempts[0].text == "néx".encode()
    assert [(c.number, c.start, c.end, c.n) for c in job.attempts[0].chunks] == [(1, 0, 3, 2), (2, 3, 4, 5)]


def test_a_new_attempt_starts_its_text_anew() -> None:
    job = _folded(
        _commit(1), _commit(2, chunk="old"), _commit(3, attempt=2, response=""), _commit(4, attempt=2, chunk="n")
    )
    assert [(a.number, a.text) for a in job.attempts] == [(1, b"old"), (2, b"n")]
    assert (job.text_at(2), job.text_at(3), job.text_at(4)) == ((0, 3), (1, 0), (1, 1))


def test_a_final_body_equal_to_the_chunks_changes_nothing() -> None:
    job = _folded(_commit(1), _commit(2, chunk="ab"), _commit(3, response="ab"))
    assert [a.text for a in job.attempts] == [b"ab"]


def test_a_rewritten_text_is_a_text_of_its_own() -> None:
    job = _folded(_commit(1), _commit(2, chunk="ab"), _commit(3, response="xyz"))
    assert [(a.number, a.text) for a in job.attempts] == [(1, b"ab"), (1, b"xyz")]


def test_a_begun_commit_counts_and_a_failed_one_is_taken_out() -> None:
    begun = [_commit(1), _commit(2, "invoke", set={"status": "x"}, chunk="half")]
    assert _folded(*begun).value_at("status", 2) == "x"
    failed = _folded(*begun, _commit(2, "fail", set={"status": "x"}, chunk="half"))
    assert failed.value_at("status", 2) is None
    assert failed.attempts[0].text == b"" and failed.attempts[0].chunks == []
    assert list(failed.failed) == [2] and 2 not in failed.entries


def test_a_failed_delete_leaves_the_job() -> None:
    delete = {"f": "delete"}
    assert _folded(_commit(1), _commit(2, "invoke", **delete)).deleted is not None
    assert _folded(_commit(1), _commit(2, "invoke", **delete), _commit(2, "fail", **delete)).deleted is None


def test_a_revision_lost_in_a_crash_belongs_to_who_takes_it_again() -> None:
    truth = Truth()
    for op in (
        _commit(1),
        _commit(2, "invoke", chunk="lost"),
        _commit(2, "invoke", job="b"),
        _commit(2, "ok", job="b"),
    ):
        truth.feed(op)
    a, b = truth.job("desktop-1", "a"), truth.job("desktop-1", "b")
    assert a is not None and b is not None
    assert list(a.entries) == [1] and a.attempts[0].text == b""
    assert list(b.entries) == [2]


def test_an_answer_keeps_the_entry_and_says_that_it_happened() -> None:
    job = _folded(_commit(1, "invoke", chunk="x"), _commit(1, "ok", chunk="x"))
    assert job.entries[1].state == "ok" and job.attempts[0].text == b"x"


def test_another_store_of_a_desktop_voids_the_former() -> None:
    job = _folded(_commit(7, set={"status": "old"}), _commit(1, store="t", set={"status": "new"}))
    assert list(job.entries) == [1] and job.value_at("status", 9) == "new"


def test_the_latest_commit_of_a_column_is_found_and_of_the_text_too() -> None:
    job = _folded(_commit(1, set={"x": 1}), _commit(2, chunk="t"), _commit(3, set={"x": 2}), _commit(4, set={"y": 1}))
    assert [e.n if (e := job.last_change(name)) else None for name in ("x", "response", "z")] == [3, 2, None]
    earlier = job.last_change("x", until=2)
    assert earlier is not None and earlier.n == 1


def test_a_commit_that_cannot_be_read_is_counted_and_nothing_more() -> None:
    truth = Truth()
    good = _commit(3)
    for index, broken in enumerate(({"value": 7}, {"value": {"f": 1}}, {"rev": None}, {"job": None})):
        fields = {name: getattr(good, name) for name in good.__struct_fields__}
        truth.feed(Op(**{**fields, **broken, "index": index}))
    assert truth.malformed == [0, 1, 2, 3] and truth.jobs == {}


@given(st.lists(st.text(max_size=4), max_size=12), st.integers(0, 60))
def test_a_prefix_is_known_by_its_length_and_digest(chunks: list[str], size: int) -> None:
    attempt = Attempt(1)
    for n, chunk in enumerate(chunks):
        attempt.append(chunk.encode(), n, _commit(n))
    whole = "".join(chunks).encode()
    assert attempt.text == whole and attempt.length == len(whole)
    expected = text_digest(whole[:size]) if size <= len(whole) else None
    assert attempt.digest_at(size) == expected
    assert attempt.is_prefix(len(whole), text_digest(whole))
    assert not attempt.is_prefix(len(whole), text_digest(whole + b"x"))
