"""A batch follows what its first chunk follows, as long as nothing of it is shown already."""

from __future__ import annotations

import pytest

from checkers.notation import read
from harness.judging.checking import check
from harness.schedule import CheckSpec

OPEN = "m!link[state=registered] m:scope(s1) m:listed d:+a m:a=1"
CHUNKS = 'd:a"x" d!emit[bus=link,msg=6,job=a,rev=2] d:a"y" d!emit[bus=link,msg=7,job=a,rev=3]'
BATCH = f"{CHUNKS} d!batch[msg=7,job=a] @1 wire:r>m[type=job:x,job=a,msg=7]"


@pytest.mark.parametrize(
    ("why", "shown", "accused"),
    [
        ("it fits, and is not shown", "", True),
        ("it fits, and is shown", "m:a@3(event:7)", False),
        ("a list shows its first chunk at that instant", "m:a=2(list:c)", False),
        ("a list shows all of it", "m:a=3(list:c)", False),
    ],
)
def test_a_batch_that_fits_is_applied(why: str, shown: str, accused: bool) -> None:
    run = read(f"{OPEN} {BATCH} {shown} @2 d:final")
    for op in run.ops:
        if op.f == "batch":
            op.value["revs"] = [2, 3]
    (found,) = check(run, [CheckSpec(check="replica")])
    assert ("not-applied" in [found.reason, *found.others]) == accused, why
