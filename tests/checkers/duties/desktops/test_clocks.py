"""A stamp that is wrong is a finding, unless a fault set the clock: it may have done so just before it was recorded."""

from __future__ import annotations

import pytest

from checkers.notation import read
from harness.judging.checking import check
from harness.schedule import CheckSpec

LINE = "%runtime=docker d:+a{updatedAt=1767225600000} @5 d:a{status=queued,updatedAt=1767229205000}"


@pytest.mark.parametrize(
    ("later", "accused"),
    [("", True), ("@6 fault:x heal:x", False), ("@30 fault:x heal:x", True)],
    ids=["no fault", "recorded right after it", "recorded long after it"],
)
def test_a_fault_may_be_at_work_before_it_is_recorded(later: str, accused: bool) -> None:
    run = read(f"{LINE} {later}")
    for op in run.ops:
        if op.f in ("fault-begin", "fault-heal"):
            op.value |= {"action": "clock", "nodes": ["desktop-1"]}
    (found,) = check(run, [CheckSpec(check="desktop")])
    assert ("wrong-time" in [found.reason, *found.others]) == accused
