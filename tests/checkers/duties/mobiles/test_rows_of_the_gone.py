"""A row that comes after the news that its job is gone, which the phone never showed, is not shown; others are."""

from __future__ import annotations

import pytest
from telling import judge

ASKED = "m!link[state=registered] m:scope(s1) m:listed d:+a d:+b m!fetch[what=get,job={},corr=g,phase=begin,visit=2]"
GONE = "d:-a wire:r>m[type=job:deleted,job=a,msg=9]"
CAME = "m!fetch[what=get,job={},corr=g,phase=ok,asOf=2] d:final"


@pytest.mark.parametrize(
    ("job", "between", "reason"),
    [
        ("a", GONE, None),  # the row is of revision 2, and the job was deleted at 3
        ("b", GONE, "row-not-shown"),  # another job is gone
        ("a", "d:-a", "row-not-shown"),  # it is gone, but the phone has not heard of it
    ],
)
def test_what_is_older_than_a_deletion_that_was_heard_of_is_not_due(job: str, between: str, reason: str | None) -> None:
    assert judge(f"{ASKED.format(job)} {between} {CAME.format(job)}", "replica").reason == reason
