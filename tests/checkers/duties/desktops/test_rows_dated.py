"""A desktop that shows its whole rows stores when an attempt began to run, when it ended, and how long it took."""

from __future__ import annotations

import pytest
from telling import judge

RUNS, BEGUN = "d:a{status=running}", "d:a{status=running,startTime=5}"
ENDS, ENDED = "d:a{status=completed}", "d:a{status=completed,endTime=9,durationMs=4}"


@pytest.mark.parametrize(
    ("why", "line", "lacking"),
    [
        ("it never ran", "d:+a", None),
        ("it runs", f"d:+a {BEGUN}", None),
        ("nobody noted that it began", f"d:+a {RUNS}", "startTime"),
        ("it ran and ended", f"d:+a {BEGUN} {ENDED}", None),
        ("nobody noted that it ended", f"d:+a {BEGUN} {ENDS}", "endTime"),
        ("nobody noted how long it took", f"d:+a {BEGUN} d:a{{status=completed,endTime=9}}", "durationMs"),
        ("it ended without having run", "d:+a d:a{status=canceled,endTime=9}", None),
        ("it begins anew", f"d:+a {BEGUN} d:a{{status=failed,endTime=9,durationMs=4}} d:a^{{endTime=null}}", None),
        ("it shows only a part of its rows", f"%level=1 d:+a {RUNS}", None),
    ],
)
def test_a_row_tells_when(why: str, line: str, lacking: str | None) -> None:
    level = "" if line.startswith("%") else "%level=2 "
    found = judge(f"{level}{line} d:final[store=store-1]", "desktop")
    told = found.message.partition("stores no ")[2].split(" ")[0] if found.reason == "wrong-row" else None
    assert told == lacking, found.message
