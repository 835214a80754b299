"""Who closed connections with which code is told; what faults tear, and orderly goodbyes, are not."""

from __future__ import annotations

from checkers.notation import read
from harness.report.told.closings import closings

BIG = 'reason="received 1009 (message too big) frame with 349 bytes exceeds limit of 300 bytes; then sent 1009"'


def told(line: str) -> list[str]:
    return [closing.told for closing in closings(read(line).ops)]


def test_by_client_and_code_with_how_often_and_when_first() -> None:
    line = f"d:up @2 d!link[state=closed,{BIG}] d:up @3 d!link[state=closed,{BIG}] m!link[state=closed,{BIG}]"
    assert told(line) == [
        "desktop-1's connection was closed 2 times with 1009 (message too big), first at 2.000 s",
        "mobile-1's connection was closed once with 1009 (message too big), at 3.100 s",
    ]


def test_a_code_that_a_program_chose_is_told_with_what_it_said() -> None:
    expired = 'reason="received 4401 (private use) token expired; then sent 4401 (private use) token expired"'
    own = 'reason="received 4321 (private use) go away; then sent 4321"'
    assert told(f"d:up d!link[state=closed,{expired}] d!link[state=closed,{own}]") == [
        "desktop-1's connection was closed once with 4401 (its token was refused, or has expired), at 0.100 s",
        "desktop-1's connection was closed once with 4321 (go away), at 0.200 s",
    ]
    assert told('d:up d!link[state=closed,reason="sent 1011 (internal error) keepalive; no close frame received"]') == [
        "desktop-1's connection was closed once with 1011 (internal error), at 0.100 s"
    ]


def test_what_ended_in_order_or_was_torn_is_not_told() -> None:
    reasons = (
        "received 1000 (OK); then sent 1000 (OK)",
        "received 1001 (going away)",
        "dead peer",
        "no close frame",
        "",
    )
    assert told(" ".join(f'd:up d!link[state=closed,reason="{reason}"]' for reason in reasons)) == []
