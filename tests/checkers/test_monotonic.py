"""What a replica shows of a job never goes back to an older revision."""

from __future__ import annotations

import pytest
from telling import judge, named

from checkers.notation import read

NAME = "monotonic"
JOB = "d:+a d:a{status=running} d:a{tokensSent=1} d:a{status=completed} d:a{tokensSent=2}"


@pytest.mark.parametrize(
    ("why", "line", "reasons"),
    [
        ("forward", f"{JOB} m:a=1 m:a@2 m:a=3 m:a@4 m:a@5", []),
        ("the same again", f"{JOB} m:a=3 m:a=3 m:a@3", []),
        ("an older row", f"{JOB} m:a=3 m:a=2", ["older-row"]),
        ("an older row after it ended", f"{JOB} m:a=4 m:a=3", ["terminal-undone"]),
        ("older fields", f"{JOB} m:a=5 m:a@3", ["older-fields"]),
        ("an older status after it ended", f"{JOB} m:a=4 m:a@2", ["terminal-undone"]),
        ("still older than the newest", f"{JOB} m:a=5 m:a=3 m:a=4", ["terminal-undone", "older-row"]),
        ("no revision to compare", f"{JOB} m:a=5 m:a@2~", []),
        ("another job", "d:+a d:+b d:b{status=x} m:b=3 m:a=1", []),
        ("another replica", f"{JOB} m:a=5 m2:a=1", []),
        ("another incarnation", f"{JOB} m:a=5 m:restart m:a=1", []),
        ("another visit of one incarnation", f"{JOB} m:a=5 m:scope(s1) m:a=3", ["terminal-undone"]),
        ("a shorter text is judged elsewhere", 'd:+a d:a"x" d:a"y" m:a=3 m:a@2', []),
    ],
)
def test_a_replica_goes_forward_or_back(why: str, line: str, reasons: list[str]) -> None:
    assert named(line, NAME).get(NAME, []) == reasons


def test_an_old_message_that_changes_nothing_visible_takes_nobody_back() -> None:
    shown = "d:+a d:a{status=running} d:a{tokensSent=1} m:a=3"
    history = read(f"{shown} m:a@2")
    for op in history.ops:
        op.value.get("set", {}).pop("updatedAt", None)
    assert judge(history, NAME).reason is None


def test_a_retry_may_undo_an_end() -> None:
    line = "d:+a d:a{status=failed} d:a^ m:a=2 m:a@3"
    assert named(line, NAME) == {}
    late = "d:+a d:a{status=failed} d:a^ d:a{status=failed} m:a=4 m:a@3[attempt=1]"
    assert named(late, NAME)[NAME] == ["older-fields"]  # the attempt that ended is another one
    assert named("d:+a d:a{status=failed} d:a^ d:a{status=failed} m:a=4 m:a@3", NAME)[NAME] == ["terminal-undone"]


def test_revisions_of_two_desktops_are_not_compared() -> None:
    assert named("d:+a d:a{status=x} d2:+b m:a=2 m:b=1", NAME) == {}


def test_a_wiped_store_begins_anew() -> None:
    history = read("d:+a d:a{status=x} m:a=2 d2:+a m:a=1")
    for op in history.ops[5:]:  # the same desktop with another store
        op.node = op.node.replace("desktop-2", "desktop-1") if op.node else None
        if op.f == "commit":
            op.value["store"], op.rev = "another", history.ops[0].rev
    assert judge(history, NAME).reason is None


def test_the_message_names_both_revisions_both_times_and_the_field() -> None:
    result = judge(f"{JOB} m:a=4(get:c1) m:a@2(event:9)", NAME)
    assert result.message == (
        "mobile-1 showed job a at revision 4 (0.500 s) and went back to revision 2 at 0.600 s: "
        "status “completed” became “running” again"
    )
    assert result.evidence == [10, 11] and result.first == 11
    assert [line["what"] for line in result.details["story"]] == [
        "mobile-1 shows revision 4 of job a fetched by job.get",
        "mobile-1 shows revision 2 of it from an event, with status “running”",
    ]
