"""The text shown is a prefix of what was written: ways to break it, innocent twins, and what cannot be decided."""

from __future__ import annotations

import pytest
from telling import judge, named

from checkers.notation import read
from harness.verdict import CheckResult, Verdict

NAME = "stream-integrity"
HELLO = 'd:+a d:a"He" d:a"llo" d:a" you" m:a=1'


def _reasons(line: str) -> list[str]:
    return named(line, NAME).get(NAME, [])


@pytest.mark.parametrize(
    ("why", "line", "reasons"),
    [
        ("in order", f"{HELLO} m:a@2 m:a@3 m:a@4", []),
        ("twice", f"{HELLO} m:a@2 m:a@2", ["double-append"]),
        ("twice, later", f"{HELLO} m:a@2 m:a@3 m:a@2", ["double-append"]),
        ("after a row that has it", f"{HELLO} m:a=3 m:a@3", ["double-append"]),
        ("before a row that has it", f"{HELLO} m:a@2 m:a=3", []),
        ("one missing", f"{HELLO} m:a@2 m:a@4", ["gap"]),
        ("one missing, repaired by a row", f"{HELLO} m:a@2 m:a=4", []),
        ("out of order", f"{HELLO} m:a@2 m:a@4 m:a@3", ["reorder"]),
        ("out of order, the earlier ones in a batch", f'{HELLO} m:a@4 m:a@3"Hello"[end=5,length=5]', ["reorder"]),
        ("out of order, then missing", f'{HELLO} d:a"." m:a@2 m:a@4 m:a@3 m:a=2 m:a@5', ["reorder", "gap"]),
        ("foreign", f'{HELLO} m:a@2 m:a@3"LLO"', ["foreign-bytes"]),
        ("foreign, as a row", f'{HELLO} m:a=3"Hexxo"', ["foreign-bytes"]),
        ("from the future", 'd:+a m:a=1 m:a"x" d:a"x"', ["foreign-bytes"]),
        ("shorter", f"{HELLO} m:a=3 m:a=2", ["shrunk"]),
        ("shorter after a gap", f"{HELLO} m:a@3 m:a=2", ["gap"]),
        ("shorter in a new visit", f"{HELLO} m:a=3 m:scope(s1) m:a=2", []),
        ("shorter in a new incarnation", f"{HELLO} m:a=3 m:restart m:a=2", []),
        ("shorter after it left", f"{HELLO} m:a=3 m:~a m:a=2", []),
        ("same text again", f"{HELLO} m:a=3 m:a=3", []),
        ("other end stated", f"{HELLO} m:a@2[end=3]", ["wrong-length"]),
        ("other length shown", f"{HELLO} m:a@2[bytes=3]", ["wrong-length"]),
        ("only begun", 'd:+a m:a=1 d:a"x"? m:a@2', []),
        ("failed before", 'd:+a m:a=1 d:a"x"! m:a@2', ["foreign-bytes"]),
    ],
)  # fmt: skip
def test_a_text_is_judged(why: str, line: str, reasons: list[str]) -> None:
    assert _reasons(line) == reasons


@pytest.mark.parametrize(
    ("why", "line", "reasons"),
    [
        ("in order", f"{HELLO} m:a@2~ m:a@3~", []),
        ("twice", f"{HELLO} m:a@2~ m:a@3~ m:a@3~", ["double-append"]),
        ("one missing", f"{HELLO} m:a@2~ m:a@4~", ["gap"]),
        ("out of order", f"{HELLO} m:a@2~ m:a@4~ m:a@3", ["reorder"]),
        ("foreign", f'{HELLO} m:a@2~ m:a"LLO"', ["foreign-bytes"]),
    ],
)
def test_legacy_chunks_that_say_nothing_are_judged_by_their_text(why: str, line: str, reasons: list[str]) -> None:
    assert _reasons(line) == reasons


def test_the_revision_shown_before_a_legacy_chunk_is_not_the_chunks() -> None:
    history = read(f"{HELLO} m:a@2 m:a@3~")
    history.ops[-1].rev = history.ops[-2].rev
    assert judge(history, NAME).reason is None


def test_equal_chunks_are_told_apart_by_offset_where_content_cannot() -> None:
    same = 'd:+a d:a"a" d:a"a" m:a=1'
    assert _reasons(f"{same} m:a@2 m:a@2") == ["double-append"]
    assert _reasons(f"{same} m:a@2 m:a@3") == []


def test_equal_legacy_chunks_are_undecidable_and_the_text_shown_is_right() -> None:
    assert _reasons('d:+a d:a"a" d:a"a" m:a=1 m:a@2~ m:a@2~') == []


def test_equal_chunks_out_of_order_are_no_double_append() -> None:
    assert _reasons('d:+a d:a"x" d:a"a" d:a"a" m:a=2 m:a@4 m:a@3') == ["reorder"]


def test_an_empty_chunk_is_known_by_its_revision() -> None:
    empty = 'd:+a d:a"x" d:a"" d:a"" m:a=2'
    assert _reasons(f"{empty} m:a@3 m:a@4") == []
    assert _reasons(f"{empty} m:a@3 m:a@3") == ["double-append"]


def test_a_batch_of_chunks_is_one_append() -> None:
    batch = f'{HELLO} m:a@2 m:a@4"llo you"[end=9]'
    assert _reasons(batch) == []
    assert _reasons(f'{HELLO} m:a@4"llo you"[end=9]') == ["gap"]


def test_a_retry_begins_a_text_of_its_own() -> None:
    retried = 'd:+a d:a"old" d:a^ d:a"new"'
    assert _reasons(f"{retried} m:a=2 m:a@3 m:a@4") == []
    assert _reasons(f"{retried} m:a=2 m:a=4") == []


def test_a_chunk_of_a_former_attempt_is_no_beginning_of_a_later_one() -> None:
    retried = 'd:+a d:a"x" d:a^'
    assert _reasons(f"{retried} m:a=2 m:a=3 m:a@2[attempt=1]") == ["mixed-attempts"]
    assert _reasons(f"{retried} m:a=1 m:a@2[attempt=1] m:a=3") == []
    assert _reasons(f"{retried} m:a=3[attempt=null] m:a@2[attempt=null]") == [], "nobody says whose text it is"


def test_texts_of_two_attempts_are_not_mixed() -> None:
    retried = 'd:+a d:a"old" d:a^ d:a"new"'
    assert _reasons(f"{retried} m:a=2 m:a@4[attempt=2]") == ["mixed-attempts"]
    assert _reasons(f"{retried} m:a=2 m:a{{status=queued}}[attempt=2]") == ["mixed-attempts"]
    assert _reasons(f"{retried} m:a=4 m:a@2[attempt=1]") == ["mixed-attempts"]


def test_one_wrong_text_is_one_anomaly_until_it_is_right_again() -> None:
    result = judge(f'{HELLO} d:a"!" m:a@3 m:a@4 m:a@5 m:a=5', NAME)
    assert (result.reason, result.others, result.details["count"]) == ("gap", [], 1)
    again = judge(f"{HELLO} m:a@3 m:a=2 m:a@2", NAME)
    assert (again.reason, again.others) == ("gap", ["double-append"])


def test_each_replica_is_judged_by_itself() -> None:
    assert _reasons(f"{HELLO} m:a@2 m2:a=1 m2:a@2 m:a@3 m2:a@3") == []
    assert _reasons(f"{HELLO} m:a@2 m2:a=1 m2:a@2 m2:a@2") == ["double-append"]


def test_jobs_of_other_desktops_with_their_own_revisions_are_their_own() -> None:
    assert _reasons('d:+a d2:+b d:a"x" d2:b"y" m:a=1 m:b=1 m:a@2 m:b@2') == []
    assert _reasons('d:+a d2:+b d:a"x" d2:b"y" m:a=1 m:b=1 m:a@2 m:b@2 m:b@2') == ["double-append"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [("HeHello", "double-append"), ("llo", "gap"), ("Hellx", "foreign-bytes"), ("Hello", None), ("He", None)],
)
def test_the_final_text_is_judged_too(text: str, reason: str | None) -> None:
    history = read(f"{HELLO} m:final")
    history.ops[-1].value["jobs"]["a"]["response"] = text
    assert judge(history, NAME).reason == reason


def test_a_text_already_told_is_not_told_again_at_the_end() -> None:
    result = judge(f"{HELLO} m:a@2 m:a@2 m:final", NAME)
    assert (result.reason, result.others, result.details["count"]) == ("double-append", [], 1)


def _doubled() -> CheckResult:
    return judge('d:+a d:a"Привет" tap:m=7 m:a=1 m:a@2(event:7) tap:m=7 m:a@2(event:7)', NAME)


def test_a_double_append_is_explained_with_chunk_times_and_both_texts() -> None:
    result = _doubled()
    assert result.verdict is Verdict.INVALID
    assert result.message == (
        "mobile-1 appended chunk 1 of job a twice at 0.600 s: it shows “ПриветПривет” (24 bytes) "
        "where desktop-1 had written “Привет” (12 bytes)"
    )


def test_the_evidence_is_the_chunks_commit_its_first_application_and_its_second() -> None:
    assert _doubled().evidence == [2, 5, 6]
    assert judge(f"{HELLO} m:a=3 m:a@2", NAME).evidence == [2, 9, 10]


def test_the_story_tells_the_delivery_that_the_wire_saw() -> None:
    result = _doubled()
    assert result.details["expected_text"] == "Привет"
    assert result.details["shown_text"] == "ПриветПривет"
    assert (result.details["job"], result.details["node"]) == ("a", "mobile-1")
    assert result.details["story"] == [
        {"index": 2, "what": "desktop-1 wrote chunk 1 “Привет” (12 bytes)"},
        {"index": 5, "what": "mobile-1 appended chunk 1 and shows 12 bytes"},
        {
            "index": None,
            "what": "the relay's link delivered chunk 1 to mobile-1 2 times",
            "at_ns": 600_000_000,
            "node": "mobile-1",
            "msg": "7",
        },
        {"index": 6, "what": "mobile-1 appended chunk 1 a second time and shows 24 bytes"},
    ]


def test_a_chunk_that_a_fetched_row_held_is_told_so() -> None:
    result = judge('d:+a d:a"Hi" m:a=2(get:c1) m:a@2(event:7)', NAME)
    whats = [line["what"] for line in result.details["story"]]
    assert whats[1] == "mobile-1 fetched the whole row (job.get) and shows 2 bytes"
    assert result.message.startswith("mobile-1 appended chunk 1 of job a twice (first within a whole row) at 0.300 s")


def test_out_of_order_is_told_with_both_chunks() -> None:
    result = judge(f"{HELLO} m:a@2 m:a@4 m:a@3", NAME)
    assert result.message.startswith("mobile-1 appended chunk 3 of job a before chunk 2 at 0.600 s: it shows “He you”")
    assert [line["what"] for line in result.details["story"]][-2:] == [
        "mobile-1 appended chunk 3 without chunk 2 and shows 6 bytes",
        "mobile-1 appended chunk 2 after it",
    ]
    assert set(result.evidence) == {4, 6, 9, 10, 11}


def test_long_texts_are_cut_around_their_first_difference() -> None:
    long = "x" * 500
    result = judge(f'd:+a d:a"{long}" d:a"end" d:a"{long}" m:a=1 m:a@2 m:a@3 m:a@3', NAME)
    assert "shows “…xxxxxxxxxxxxxendend” (506" in result.message
    assert "written “…xxxxxxxxxxxxxendxxx" in result.message
    assert len(result.message) < 250


def test_foreign_text_is_read_from_the_final_state_when_it_is_still_shown() -> None:
    assert judge('d:+a d:a"end" m:a=1 m:a@2"END" m:final', NAME).details["shown_text"] == "END"
    unknown = judge('d:+a d:a"end" m:a=1 m:a@2"END"', NAME)  # a digest does not say what it is of
    assert unknown.details["shown_text"] is None
    assert "3 bytes are shown, desktop-1 had written 3 bytes" in unknown.message
