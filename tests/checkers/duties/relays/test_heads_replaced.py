"""A head that waits is replaced by a newer one, which goes behind what came meanwhile: that is not a head untold."""

from __future__ import annotations

import pytest
from telling import judge

HAD = "wire:d>r[type=sync:head,msg=s/1]"
MET = (
    "r!conn[device=device-of-desktop-1,state=registered,conn=1] "
    "r!conn[device=device-of-mobile-1,state=registered,conn=2] "
    "wire:r>m[type=presence,source=device-of-desktop-1,msg=online/b/1]"
)
TAKEN, NEWER, LEFT = "r!deliver[msg=7]", "wire:d>r[type=sync:head,msg=s/2]", "wire:r>m[type=job:x,msg=7]"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (f"{TAKEN} {LEFT}", "untold-head"),  # the first head has its place before the event
        (f"{TAKEN} {NEWER} {LEFT}", None),  # the newer one has its place behind it
        (f"{TAKEN} {LEFT} {NEWER}", "untold-head"),  # it came too late for that
    ],
)
def test_a_newer_head_takes_the_place_of_the_one_that_waits(line: str, reason: str | None) -> None:
    assert judge(f"{HAD} {MET} {line} d:final", "reaction").reason == reason
