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


@pytest.mark.parametrize("first", [(1, 4), (4,)], ids=["a late copy of what came before", "the first that is for it"])
def test_what_came_before_a_connection_is_not_lost_to_it(first: tuple[int, ...]) -> None:
    """A link that sends messages again brings an old event when the connection is new."""
    came = [f"wire:d>r[type=job:x,job=a,msg={n},side=out]" for n in range(1, 8)]
    granted = "wire:r>m[type=resumed,msg=s,side=in,conn=2] wire:r>m[type=resumed,msg=s,side=out,conn=2]"
    later = " ".join(
        f"wire:r>m[type={kind},msg={name},side=in,conn=2]"
        for kind, name in (*(("job:x", name) for name in first), ("sync:gap", 1), ("job:x", 6))
    )
    line = f"{' '.join(came[:3])} {granted} {' '.join(came[3:])} {later}"
    assert judge(f"m:up {line} m:final", "wire").reason is None
    assert judge(f"m:up {line.replace('sync:gap,msg=1', 'sync:gap,msg=0')} m:final", "wire").reason == "gap-understated"


def test_where_no_order_is_promised_nothing_is_proved() -> None:
    line = f"{SENT} {left(1)} {gap(1)} {left(6)}"
    assert judge(f"m:up {line} m:final", "wire").reason == "gap-understated"
    assert judge(f"%with=transport.delivery-order m:up {line} m:final", "wire").reason is None
