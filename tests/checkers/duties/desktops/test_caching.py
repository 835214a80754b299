"""A desktop's cache throws pages away for a reason."""

from __future__ import annotations

import pytest
from telling import judge

LINES = ("miss", "outdated", "bypass", "fill", "refuse")
MISS, OUTDATED, BYPASS, FILL, REFUSE = (f"d!cache[what={what},key=k]" for what in LINES)


@pytest.mark.parametrize(
    ("why", "line", "reason"),
    [
        ("a write since the read began", f'd:+a @1 {MISS} d:a"x" {REFUSE}', None),
        ("a write that has not ended", f'd:+a @1 d:a"x"? {MISS} {REFUSE}', None),
        ("no write", f"d:+a @1 {MISS} {REFUSE}", "useless-cache"),
        ("no write, and the page is kept", f"d:+a @1 {MISS} {FILL}", None),
        ("the first of two readers at once", f'd:+a @1 {MISS} d:a"x" {MISS} {FILL} {REFUSE}', None),
        (
            "a reader of another key",
            f'd:+a @1 {MISS.replace("k]", "other]")} d:a"x" {MISS} {REFUSE}',
            "useless-cache",
        ),
        ("a page found outdated, and a write meanwhile", f'd:+a @1 {OUTDATED} d:a"x" {REFUSE}', None),
        ("a read past the cache, begun before", f'd:+a @1 {BYPASS} d:a"x" {MISS} {REFUSE} {FILL}', None),
        ("the same without a write", f"d:+a @1 {OUTDATED} {REFUSE}", "useless-cache"),
        ("a read of which no line tells", f"d:+a @1 {REFUSE}", None),
    ],
)
def test_a_page_is_refused_for_a_write_only(why: str, line: str, reason: str | None) -> None:
    assert judge(line, "desktop").reason == reason, why
