"""An event that nothing disturbs takes too long."""

from __future__ import annotations

from collections.abc import Iterator

from harness.history import Op
from injections import Edit, Scene, injects
from injections.edits import MS
from injections.scenes import AFTER_NS

PAUSE_NS = 65 * MS


def calm_hits(scene: Scene) -> Iterator[Op]:
    """Events shown as soon as they came, in a run without faults, long after everybody registered and listed."""
    if any(scene.ops("fault-begin")):
        return
    for op in scene.observed():
        calm = {c.node for c in scene.calm if 0 < op.time_ns - c.time_ns < AFTER_NS}
        if (op.cause or "").startswith("event:") and calm == {*scene.mobiles}:
            yield op


@injects(
    "latency",
    "slow",
    sites=calm_hits,
    companions=["replica/not-applied", "desktop/wrong-time"],
    because="what was delivered before the pause is applied after it, and what was stamped stays as it is",
)
def it_waits(edit: Edit, op: Op) -> None:
    edit.pause(op, PAUSE_NS)
