"""A client that speaks steadily sends heartbeats, unless there is no room for them."""

from __future__ import annotations

import pytest
from telling import judge

BEGUN = "m:up wire:r>m[type=registered]"


def calls(first_s: int, last_s: int, more: str = "") -> str:
    """One every ten seconds; a heartbeat is due every thirty."""
    return " ".join(f"@{s} wire:m>r[type=rpc:x,msg=c{s}{more}]" for s in range(first_s, last_s, 10))


@pytest.mark.parametrize(
    ("why", "line", "missing"),
    [
        ("it speaks and sends none", calls(10, 90), True),
        ("it sends one in the middle", f"{calls(10, 50)} wire:m>r[type=heartbeat] {calls(60, 100)}", False),
        ("it says nothing for long", f"{calls(10, 30)} {calls(80, 110)}", False),
        ("what it sends leaves at once", calls(10, 90, ",bytes=40000"), True),
        ("what it sends waits", calls(10, 90, ",bytes=40000,side=in"), False),
        ("little waits", calls(10, 90, ",bytes=1000,side=in"), True),
        (
            "it waited, and there has been room for long",
            f"{calls(0, 10, ',bytes=40000,side=in')} @20 wire:m>r[msg=c0,bytes=40000,side=out] {calls(25, 105)}",
            True,
        ),
        (
            "it waited, and there has been room for a moment",
            f"{calls(10, 50, ',bytes=40000,side=in')} wire:m>r[bytes=160000,side=out] {calls(50, 90)}",
            False,
        ),
    ],
)
def test_only_a_full_path_excuses_it(why: str, line: str, missing: bool) -> None:
    found = judge(f"{BEGUN} {line} @120 m:final", "wire")
    assert ("no-heartbeat" in [found.reason, *found.others]) == missing, why
