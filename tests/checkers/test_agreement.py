"""Same job, same revision: same content."""

from __future__ import annotations

import pytest
from telling import judge, named

from checkers.notation import read
from harness.history import Rev

NAME = "agreement"
JOB = 'd:+a d:a{status=queued} d:a"Hi" d:a{tokensSent=7}'


@pytest.mark.parametrize(
    ("why", "line", "reasons"),
    [
        ("whole rows", f"{JOB} m:a=1 m:a=2 m:a=4", []),
        ("rows out of order", f"{JOB} m:a=4 m:a=1", []),
        ("changes", f"{JOB} m:a=1 m:a@2 m:a@3 m:a@4", []),
        ("a row with another field", f"{JOB} m:a=4{{tokensSent=8}}", ["wrong-field"]),
        ("a row with one field more", f"{JOB} m:a=4{{odd=1}}", ["wrong-field"]),
        ("a row with one null more", f"{JOB} m:a=4{{odd=null}}", []),
        ("a row with another text", f'{JOB} m:a=4"Ho"', ["wrong-text"]),
        ("a row with the text of another revision", f'{JOB} m:a=2"Hi"', ["wrong-text"]),
        ("a change with another value", f"{JOB} m:a=1 m:a@2{{status=running}}", ["wrong-field"]),
        ("an append with another field", f"{JOB} m:a=1 m:a@3{{status=running}}", ["wrong-field"]),
        ("an append's text is not judged here", f'{JOB} m:a=1 m:a@3"Ho"', []),
        ("no revision", f"{JOB} m:a{{status=odd}}", []),
        ("two replicas, one of them wrong", f"{JOB} m:a=4 m2:a=4{{status=odd}}", ["wrong-field"]),
        ("a commit that failed before", 'd:+a d:a"x"! m:a@2', ["uncommitted"]),
        ("a commit under way", 'd:+a d:a"x"? m:a=2', []),
        ("two faults of one revision", f'{JOB} m:a=4"Ho" m:a=4{{status=odd}}', ["wrong-text", "wrong-field"]),
    ],
)
def test_an_observation_agrees_with_its_revision_or_not(why: str, line: str, reasons: list[str]) -> None:
    assert named(line, NAME).get(NAME, []) == reasons


def test_a_revision_that_was_never_written_is_named() -> None:
    history = read("d:+a d:+b m:a=1")
    history.ops[-1].rev = Rev("device-of-desktop-1", 2)  # revision 2 is of job b
    result = judge(history, NAME)
    assert (result.reason, result.evidence) == ("unknown-revision", [4])
    assert "revision 2 which its desktop never wrote" in result.message


def test_what_was_shown_of_a_commit_that_fails_later_was_never_committed() -> None:
    history = read('d:+a d:a"x"? m:a@2')
    begun = history.ops[2]
    fields = {name: getattr(begun, name) for name in begun.__struct_fields__}
    history.ops.append(type(begun)(**{**fields, "index": 4, "time_ns": 10**9, "type": "fail"}))
    result = judge(history, NAME)
    assert (result.reason, result.evidence) == ("uncommitted", [3, 4])
    history.ops[-1].type = "ok"
    assert judge(history, NAME).reason is None


def test_a_device_id_is_the_same_in_capitals() -> None:
    history = read(f"{JOB} m:a=4{{status=odd}}")
    history.ops[-1].rev = Rev("DEVICE-OF-DESKTOP-1", 4)
    assert judge(history, NAME).reason == "wrong-field"


def test_the_message_names_job_revision_field_and_both_values() -> None:
    result = judge(f"{JOB} m:a=1 m:a@2{{status=running}}(event:3)", NAME)
    assert result.message == (
        "mobile-1 shows job a at revision 2 with status “running”, where desktop-1 wrote “queued” (at 0.500 s)"
    )
    assert result.evidence == [3, 9]
    assert result.details["field"] == "status"
    assert result.details["story"][-1]["what"] == "mobile-1 shows revision 2 of job a from an event"


def test_a_wrong_text_is_shown_when_the_final_state_still_holds_it() -> None:
    result = judge(f'{JOB} m:a=4"Ho" m:final', NAME)
    assert "with the text “Ho”, where desktop-1 wrote “Hi”" in result.message
    assert (result.details["expected_text"], result.details["shown_text"]) == ("Hi", "Ho")
    assert "with 2 bytes of text, where desktop-1 wrote 2 bytes" in judge(f'{JOB} m:a=4"Ho"', NAME).message


def test_of_two_objects_only_the_place_that_differs_is_told() -> None:
    history = read("d:+a d:a{metadata=x} m:a=1 m:a@2")
    for op in history.ops[2:4]:
        op.value["set"]["metadata"] = {"kept": 1, "stream": {"progress": 40}}
    history.ops[-1].value["set"]["metadata"] = {"kept": 1, "stream": {"progress": 20}}
    result = judge(history, NAME)
    assert "with metadata.stream.progress 20, where desktop-1 wrote 40" in result.message
    history.ops[-1].value["set"]["metadata"] = {"kept": 1}
    assert 'with metadata.stream no value, where desktop-1 wrote {"progress": 40}' in judge(history, NAME).message
