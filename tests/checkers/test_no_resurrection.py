"""A deleted job stays away, and an existing one stays."""

from __future__ import annotations

import pytest
from telling import judge, named

NAME = "no-resurrection"


@pytest.mark.parametrize(
    ("why", "line", "reasons"),
    [
        ("deleted and gone", "d:+a m:a=1 d:-a m:-a", []),
        ("back as a row", "d:+a m:a=1 d:-a m:-a m:a=1", ["resurrected"]),
        ("back as a change", "d:+a d:a{status=x} m:a=1 d:-a m:-a m:a@2", ["resurrected"]),
        ("back as a chunk", 'd:+a d:a"x" m:a=1 d:-a m:-a m:a@2', ["resurrected"]),
        ("back in a new visit", "d:+a m:a=1 d:-a m:-a m:scope(s1) m:a=1", ["resurrected"]),
        ("back in a new incarnation", "d:+a m:a=1 d:-a m:-a m:restart m:a=1", []),
        ("still shown after the delete", "d:+a m:a=1 d:-a m:a=1 m:-a", []),
        ("never shown as deleted", "d:+a d:-a m:a=1", []),
        ("a deletion nobody could commit yet", "d:+a m:a=1 d:-a? m:-a", []),
        ("another job", "d:+a d:+b m:a=1 d:-a m:-a m:b=2", []),
        ("another replica", "d:+a m:a=1 d:-a m:-a m2:a=1", []),
        ("gone without a delete", "d:+a m:a=1 m:-a", ["vanished"]),
        ("gone by a delete that failed", "d:+a m:a=1 d:-a! m:-a", ["vanished"]),
        ("gone before its delete", "d:+a m:a=1 m:-a d:-a", ["vanished"]),
        ("left with its scope", "d:+a m:a=1 m:~a m:a=1", []),
        ("removed although never shown", "d:+a m:-a", []),
        ("removed once it had left", "d:+a m:a=1 m:~a m:-a", []),
        ("of another session than the open one", "d:+a/s2 m:scope(s1) m:a=1 m:-a", []),
        ("of the open session", "d:+a/s2 m:scope(s2) m:a=1 m:-a", ["vanished"]),
        ("of the open project", "d:+a/s2 m:scope(project:p) m:a=1 m:-a", ["vanished"]),
        ("of another project", "d:+a/s2 m:scope(project:q) m:a=1 m:-a", []),
        ("of another desktop than the active one", "d:+b d2:+a m:a=1 m:-a", []),
    ],
)
def test_a_job_stays_or_stays_away(why: str, line: str, reasons: list[str]) -> None:
    assert named(line, NAME).get(NAME, []) == reasons


def test_both_kinds_are_named_the_first_first() -> None:
    result = judge("d:+a d:+b m:a=1 m:b=2 m:-b d:-a m:-a m:a=1", NAME)
    assert (result.reason, result.others) == ("vanished", ["resurrected"])


def test_a_resurrection_is_told_with_delete_removal_and_return() -> None:
    result = judge("d:+a m:a=1 d:-a m:-a(event:4) m:a=1(list:c9)", NAME)
    assert result.message == (
        "mobile-1 showed job a as deleted at 0.300 s and shows it again at 0.400 s (from a job.list); "
        "desktop-1 deleted it at 0.200 s"
    )
    assert result.evidence == [4, 5, 6]
    assert [line["index"] for line in result.details["story"]] == [4, 5, 6]


def test_a_loss_is_told_with_what_was_shown_before() -> None:
    result = judge("d:+a m:a=1 m:-a(list:c9)", NAME)
    assert result.message == (
        "mobile-1 shows job a as deleted at 0.200 s (from a job.list), but desktop-1 never deleted it"
    )
    assert result.evidence == [2, 3]
