"""What befell the nodes of a story: connections that ended, programs that began anew, sessions switched, caches that
answered. No checker tells it; it is read from the history, as far as it lies near the steps or reaches as far as them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection

from harness.history import History, Op
from harness.report.findings.causes import Around, Befell, read

_MOST_TICKS, _MOST_TOLD, _MOST_ALIKE, _MOST_FAR = 16, 8, 3, 4
_LEAST_BACK_NS, _MOST_BACK_NS = 150_000_000, 1_000_000_000


def near(
    history: History, nodes: Collection[str], jobs: Collection[str], taken: Collection[int], span: tuple[int, int, int]
) -> list[Befell]:
    """In time order. `taken`: ops that are steps; `span`: the first step, the symptom, the last step."""
    first_ns, symptom_ns, last_ns = span
    back_ns = min(_MOST_BACK_NS, max(_LEAST_BACK_NS, (symptom_ns - first_ns) * 3 // 5))
    around = Around(nodes, jobs, _devices(history))
    found, far, at_work = [], [], dict[tuple[object, object], Befell]()
    for op in history.ops:
        if op.time_ns > last_ns:
            break
        each = read(op, around)
        if each is None or op.index in taken:
            continue
        if op.time_ns >= first_ns - back_ns:
            found.append(each)
        elif op.f in ("fault-begin", "fault-heal") and not each.far:
            at_work.pop(_occurrence(op), None)
            at_work |= {_occurrence(op): each} if op.f == "fault-begin" else {}
        elif each.far and each.is_told:
            far.append(each)
    return _chosen(_without_idle_caches([*_lasting(far), *at_work.values(), *found]), symptom_ns)


def _occurrence(op: Op) -> tuple[object, object]:
    value = op.value if isinstance(op.value, dict) else {}
    return str(value.get("fault")), str(value.get("occurrence"))


def _devices(history: History) -> dict[str, str]:
    return {str(node.get("device_id") or name).lower(): name for name, node in history.header.nodes.items()}


def _lasting(far: list[Befell]) -> list[Befell]:
    """Of what was long before, the latest of each kind and node: it still holds."""
    latest = {(each.node, each.op.f): each for each in far}
    return sorted(latest.values(), key=lambda each: (each.weight, -each.time_ns))[:_MOST_FAR]


def _without_idle_caches(found: list[Befell]) -> list[Befell]:
    """How caches are filled matters only where one has answered."""
    answered = {each.node for each in found if each.op.f == "cache" and each.weight <= 1}
    return [each for each in found if each.op.f != "cache" or each.node in answered]


def _chosen(found: list[Befell], symptom_ns: int) -> list[Befell]:
    """Not too many, and not too many alike: the weighty ones, then those nearest to the symptom."""
    alike: Counter[tuple[str, str]] = Counter()
    told, kept = 0, list[Befell]()
    for each in sorted(found, key=lambda e: (e.weight, abs(symptom_ns - e.time_ns), e.op.index)):
        alike[each.node, each.short] += 1
        told += each.is_told
        if len(kept) < _MOST_TICKS and alike[each.node, each.short] <= _MOST_ALIKE and told <= _MOST_TOLD:
            kept.append(each)
    return sorted(kept, key=lambda e: (e.time_ns, e.op.index))
