"""What somebody chose of a plan's system reaches whoever plays it, whole."""

from __future__ import annotations

from pathlib import Path

import msgspec

from harness import plan, registry
from harness.hunting.campaign import Order
from harness.schedule import Choice

CHOICE = Choice(
    profile="documented", with_=("order.set",), without=("legacy.hint",), duration_ns=60 * 10**9, topology="two-mobiles"
)


def test_nothing_of_it_is_lost_on_the_way_to_an_order() -> None:
    assert set(CHOICE.chosen()) == set(msgspec.structs.asdict(CHOICE))
    assert Choice(**CHOICE.chosen()) == CHOICE
    order = Order(runtime="sim", store=Path("store"), keep="none", campaign="c", **CHOICE.chosen())
    assert order.chosen() == CHOICE.chosen()


def test_a_schedule_is_of_the_system_that_was_chosen() -> None:
    sim = registry.find("runtime", "sim")
    found = plan.load("quickstart")
    chosen, planned = plan.expand_on(sim, found, 0, CHOICE), plan.expand_on(sim, found, 0)
    assert {n.name for n in chosen.system.nodes} - {n.name for n in planned.system.nodes} == {"mobile-2"}
    assert (chosen.system.profile, list(chosen.system.with_), list(chosen.system.without)) == (
        "documented",
        ["order.set"],
        ["legacy.hint"],
    )
    assert chosen.duration_ns == 60 * 10**9 != planned.duration_ns
    assert planned == plan.expand(found, 0, runtime_verbs=sim.VERBS)
