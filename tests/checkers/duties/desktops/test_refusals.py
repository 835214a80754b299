"""A desktop that fails an operation has a reason, in its store or in a fault of its own."""

from __future__ import annotations

import pytest

from checkers.notation import read
from harness.judging.checking import check
from harness.schedule import CheckSpec

FAILED = "d>create(b) d<fail(store_failed)"
ENDED = "d:+a d:a{status=completed} @1"


@pytest.mark.parametrize(
    ("why", "line", "accused"),
    [
        ("nothing is wrong", f"d:+a {FAILED}", True),
        ("a fault of its own", f"d:+a fault:x {FAILED} heal:x", False),
        ("one that heals meanwhile", "d:+a fault:x d>create(b) heal:x d<fail(store_failed)", False),
        ("one that has healed", f"d:+a fault:x heal:x @9 {FAILED}", True),
        ("the job is there", "d:+a d>chunk(a){chunk=x} d<fail(not_found)", True),
        ("the job came meanwhile", "d>chunk(a){chunk=x} d:+a d<fail(not_found)", False),
        ("it had ended just so", f"{ENDED} d>finalize(a){{status=completed}} d<fail(invalid_params)", True),
        ("it had ended otherwise", f"{ENDED} d>finalize(a){{status=failed}} d<fail(invalid_params)", False),
        ("it goes on", f"{ENDED} d:a{{status=queued}} d>finalize(a){{status=completed}} d<fail(invalid_params)", False),
        (
            "it ends meanwhile",
            "d:+a d>finalize(a){status=completed} d:a{status=completed} d<fail(invalid_params)",
            False,
        ),
        ("it is asked for what makes no sense", "d:+a d>chunk(a){chunk=x} d<fail(invalid_params)", False),
    ],
)
def test_an_operation_fails_for_a_reason(why: str, line: str, accused: bool) -> None:
    run = read(line)
    for op in run.ops:
        if op.f in ("fault-begin", "fault-heal"):
            op.value |= {"action": "disk_full", "nodes": ["desktop-1"]}
    (found,) = check(run, [CheckSpec(check="desktop")])
    assert ("failed-for-nothing" in [found.reason, *found.others]) == accused, why
