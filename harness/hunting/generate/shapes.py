"""What users do: a shape of the workload, and words laid over it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, Final

from harness.hunting.generate.cast import Cast

S: Final = 10**9


@dataclass(frozen=True)
class Shape:
    """`workload` as a plan says it; the run lasts so long at least, and is quiet so long at its end."""

    workload: dict[str, Any]
    duration_s: float = 4.0
    quiesce: str = "500ms"
    weight: float = 1.0


_CALLS: Final = {"list": 2, "get": 4, "switch": 0.3, "cancel": 2, "delete": 2}
_STREAM: Final = {"chunk": 12, "finalize": 1, "retry": 1.5}

SHAPES: Final[dict[str, Shape]] = {
    "mixed": Shape({"jobs": 8, "rate": "20/s", "mobile_rate": "4/s"}, weight=2),
    "calls": Shape({"jobs": 8, "rate": "12/s", "mobile_rate": "8/s", "crossed": 0.3, "mix": {"mobile": _CALLS}}),
    "readers": Shape(
        {
            "jobs": 10,
            "rate": "15/s",
            "mobile_rate": "3/s",
            "readers": 0.6,
            "crossed": 0.2,
            "mix": {"desktop": {"delete": 1.5, "retry": 2}, "mobile": {"cancel": 1, "delete": 1}},
        },
        weight=1.5,
    ),
    "lives": Shape(
        {
            "jobs": 8,
            "rate": "25/s",
            "mobile_rate": "3/s",
            "lives": {"again": 0.35, "patched": 0.25, "silent": 0.1, "brief": 0.2},
        },
        weight=1.5,
    ),
    "clusters": Shape(
        {
            "jobs": 4,
            "rate": "25/s",
            "mobile_rate": "1/s",
            "mix": {"desktop": _STREAM},
            "content": {"unicode": 1, "clusters": 0.8, "legacy": 0, "large": 0},
        }
    ),
    "echoes": Shape(
        {
            "jobs": 4,
            "rate": "25/s",
            "mobile_rate": "1/s",
            "mix": {"desktop": _STREAM},
            "content": {"repeat": 0.8, "empty": 0.15, "legacy": 0, "large": 0},
        }
    ),
    "legacy": Shape(
        {"jobs": 6, "rate": "20/s", "mobile_rate": "3/s", "readers": 0.3, "content": {"legacy": 0.3, "large": 0}}
    ),
    "fields": Shape({"jobs": 10, "rate": "25/s", "mobile_rate": "4/s", "fields": "all"}, weight=1.5),
    "burst": Shape({"jobs": 8, "rate": "110/s", "mobile_rate": "2/s", "content": {"large": 0}}, duration_s=2.5),
    "large": Shape({"jobs": 6, "rate": "40/s", "mobile_rate": "1/s", "content": {"large": 0.5}}, duration_s=3),
    "heavy": Shape(  # lists of several pages
        {"jobs": 7, "rate": "60/s", "mobile_rate": "2/s", "content": {"large": 1}, "mix": {"mobile": {"list": 4}}},
        duration_s=2.5,
        weight=0.5,
    ),
    "screens": Shape(
        {
            "jobs": 8,
            "rate": "15/s",
            "mobile_rate": "7/s",
            "crossed": 0.4,
            "mix": {
                "mobile": {"switch": 6, "close": 2, "reopen": 2, "background": 2, "list": 2, "get": 2, "delete": 0.5}
            },
        },
        weight=1.5,
    ),
    "sparse": Shape(
        {
            "jobs": 5,
            "rate": "3/s",
            "mobile_rate": "1/s",
            "mix": {"mobile": {"list": 6, "get": 2, "background": 0.3, "close": 0.2, "switch": 1}},
            "content": {"large": 0},
        },
        duration_s=20,
    ),
    "quiet": Shape({"jobs": 8, "rate": "15/s", "mobile_rate": "3/s", "ends_in_fault": 0.6}, quiesce="5s"),
}
_ODD_SHARE: Final = 0.3
_OVERLAYS: Final[tuple[dict[str, Any], ...]] = (
    {"lives": {"again": 0.3, "brief": 0.15}},
    {"lives": {"patched": 0.3, "silent": 0.2}},
    {"fields": "all"},
    {"crossed": 0.3},
    {"readers": 0.3},
    {"users": 2},
    {"ends_in_fault": 0.7},
)


def workload(
    shape: Shape, random: Random, calls: Mapping[str, float], rate: str = "", *, peace: bool = False
) -> dict[str, Any]:
    """The shape, in half of the draws with something laid over it. `calls`: weights of what phones' users do
    often, at this `rate`.

    In peace there are no legacy events, unless the shape is about them: each of them costs a fetch, and what is judged
    only where nothing has to be fetched would not be.
    """
    overlay = random.choice(_OVERLAYS) if random.random() < 0.5 else {}
    found = {**overlay, **shape.workload} if "ends_in_fault" not in overlay else {**shape.workload, **overlay}
    if calls:
        mix = found.get("mix", {})
        mobile = {**mix.get("mobile", {}), **calls}
        found = {**found, "mix": {**mix, "mobile": mobile}, "mobile_rate": rate}
    return {**found, "content": {"legacy": 0, **found.get("content", {})}} if peace else found


def ending(cast: Cast, duration_s: float) -> list[dict[str, Any]]:
    """A screen is open in the end, and a job streams to it: a run of which nothing was judged is a run for nothing."""
    phone, desktop = {"node": cast.mobiles[0]}, {"node": cast.desktops[0], "job": "last"}
    calls: list[tuple[int, dict[str, Any]]] = [
        (900, {**phone, "do": "open"}),
        (700, {**desktop, "do": "create"}),
        (600, {**desktop, "do": "status", "status": "running"}),
        (500, {**desktop, "do": "chunk", "text": "at "}),
        (250, {**desktop, "do": "chunk", "text": "last"}),
    ]
    return [{"at": f"{round(duration_s * 1000) - before_ms}ms", **call} for before_ms, call in calls]


def odd(cast: Cast, random: Random) -> list[dict[str, Any]]:
    """In some plans somebody asks for what is so already, or cannot be, which is no mistake."""
    if random.random() >= _ODD_SHARE:
        return []
    job = {"node": cast.desktops[0], "job": "odd"}
    user = {"node": cast.mobiles[0], "job": "odd"}
    ends = {**job, "do": "finalize", "status": random.choice(("completed", "failed", "canceled"))}
    gone = {**random.choice((job, user)), "do": "delete"}
    calls: Sequence[dict[str, Any]] = random.choice(
        (
            (ends, ends),
            (gone, {**job, "do": "create"}),
            ({"node": user["node"], "do": "open"}, ends, {**user, "do": "cancel"}),
        )
    )
    first = {**job, "do": "create"}
    return [{"at": f"{400 + 200 * i}ms", **call} for i, call in enumerate((first, *calls))]


def wishing(cast: Cast) -> list[dict[str, Any]]:
    """Users cancel and delete what they see: what is shown in advance is shown of such calls alone."""
    phone, desktop = {"node": cast.mobiles[0]}, {"node": cast.desktops[0]}
    calls: list[tuple[int, dict[str, Any]]] = [(100, {**phone, "do": "open"})]
    for n, (job, do) in enumerate((("hope", "cancel"), ("wish", "delete"), ("want", "cancel"))):
        at_ms = 500 + 700 * n
        calls += [(at_ms, {**desktop, "job": job, "do": "create"}), (at_ms + 500, {**phone, "job": job, "do": do})]
    return [{"at": f"{at_ms}ms", **call} for at_ms, call in calls]


OPTIONS: Final[tuple[dict[str, str], ...]] = (
    {"option.batching": "batched"},
    {"option.payload": "delta"},
    {"option.optimistic": "overlay"},
    {"option.batching": "batched", "option.payload": "delta", "option.optimistic": "overlay"},
    {"transport.delivery-order": "any"},
    {"transport.absent-devices": "sixteen"},
    {"transport.offline-queue": "kept"},
    {"list-cache.mobile-events": "dropped-by-events"},
    {"order.revisions": "fetch-instead"},
)
