"""What is shown is what a user of the phone asked for: the last one, or one who was not answered yet."""

from __future__ import annotations

import pytest
from telling import judge

OTHER = ",process=mobile-1/other"


def asks(scope: str, who: str = "") -> str:
    return f'm>open[value={{"scope":{{"session":"{scope}"}}}}{who}]'


def shows(scope: str) -> str:
    return f"m:scope({scope})[cause=local:open]"


ANSWERED = "m<ok"


@pytest.mark.parametrize(
    ("why", "line", "found"),
    [
        ("the one that was asked for", f"{asks('s1')} {shows('s1')} {ANSWERED}", False),
        ("another", f"{asks('s1')} {shows('s2')} {ANSWERED}", True),
        (
            "both of two who asked while it stood still",
            f"{asks('s1')} {asks('s2', OTHER)} {shows('s1')} {shows('s2')} {ANSWERED}",
            False,
        ),
        ("neither of two", f"{asks('s1')} {asks('s2', OTHER)} {shows('s3')}", True),
        (
            "what somebody was answered before",
            f"{asks('s1')} {shows('s1')} {ANSWERED} {asks('s2', OTHER)} {shows('s1')}",
            True,
        ),
    ],
)
def test_the_scope_shown_is_one_that_was_asked_for(why: str, line: str, found: bool) -> None:
    assert judge(f"{line} m:final", "replica").reason == ("another-scope" if found else None)
