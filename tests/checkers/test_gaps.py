"""What a gap tells is held against what a later event proves to be lost, and against nothing else."""

from __future__ import annotations

import pytest
from telling import judge

SENT = " ".join(f"wire:d>r[type=job:x,job=a,msg={n},side=out]" for n in range(1, 7))


def left(*names: int) -> str:
    return " ".join(f"wire:r>m[type=job:x,job=a,msg={n},side=in]" for n in names)


def gap(lost: object) -> str:
    return f"wire:r>m[type=sync:gap,msg={lost},side=in]"


@pytest.mark.parametrize(
    ("why", "line", "found"),
    [
        ("all of two gaps", f"{left(1)} {gap(1)} {left(3)} {gap(1)} {left(5)}", False),
        ("one too few in the second", f"{left(1)} {gap(1)} {left(3)} {gap(0)} {left(5)}", True),
        ("two, and then one", f"{left(1)} {gap(2)} {left(4)} {gap(1)} {left(6)}", False),
        ("more than is proved: what comes later may prove it", f"{left(1)} {gap(3)} {left(3)}", False),
        ("what came before the first that it got was not for it", f"{left(4)} {gap(1)} {left(6)}", False),
        ("no gap at all: another rule's affair", left(1, 4), False),
        ("nothing came after it", f"{left(1)} {gap(1)}", False),
        ("a number that is none", f"{left(1)} {gap('many')}", True),
    ],
    ids=lambda value: value if isinstance(value, str) and "wire:" not in value else "",
)
def test_a_gap_is_held_against_what_is_proved(why: str, line: str, found: bool) -> None:
    assert judge(f"m:up {SENT} {line} m:final", "wire").reason == ("gap-understated" if found else None)


def test_where_no_order_is_promised_nothing_is_proved() -> None:
    line = f"{SENT} {left(1)} {gap(1)} {left(6)}"
    assert judge(f"m:up {line} m:final", "wire").reason == "gap-understated"
    assert judge(f"%with=transport.delivery-order m:up {line} m:final", "wire").reason is None
