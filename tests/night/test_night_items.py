"""Which runs a night has, in which order, and which of them are a shard's."""

from __future__ import annotations

from pathlib import Path

from night_rig import SMALL

from harness.night.executors.local import Local
from harness.night.items import PHASES, Item, Items, Shard
from harness.night.words import parse
from harness.night.work import Packed, work

ABLATIONS = "  - {name: gone, plans: [ablations/length.bytes], ablations: true}\n"


def items(text: str = SMALL, number: int = 0) -> Items:
    return Items(parse(text, Path("n.yaml")), "n", number, Path("store"))


WHOLE = Shard()


def all_of(found: Items, shard: Shard = WHOLE) -> list[Item]:
    return [item for phase in PHASES for item in found.of(phase, shard, frozenset())]


def told(item: Item) -> tuple[object, ...]:
    return item.number, item.part, item.task.plan, item.task.seed, item.policy


def test_the_shards_are_the_night_each_item_once() -> None:
    night = items(SMALL + ABLATIONS)
    whole = all_of(night)
    parts = [item for k in (1, 2, 3) for item in all_of(night, Shard(k, 3))]
    assert [told(item) for item in sorted(parts, key=lambda item: item.number)] == [told(item) for item in whole]
    assert [item.number for item in whole] == list(range(len(whole)))
    planned = [sum(night.planned(phase, Shard(k, 3)) for phase in PHASES) for k in (1, 2, 3)]
    assert sum(planned) == len(whole) and max(planned) - min(planned) <= 1


def test_parts_take_turns_so_that_a_night_that_ends_early_has_tried_each() -> None:
    text = "version: 1\nparts:\n" + "".join(
        f"  - {{name: {name}, plans: [edge/missing-jobs], seeds: {seeds}}}\n" for name, seeds in (("a", 40), ("b", 4))
    )
    half = all_of(items(text))[:22]
    assert sum(item.part == "b" for item in half) == 2


def test_fresh_seeds_are_those_of_the_nights_number() -> None:
    text = SMALL.replace("seeds: 3", "seeds: 3, fresh: true")

    def seeds(number: int) -> set[int]:
        return {item.task.seed for item in all_of(items(text, number)) if item.part == "drawn"}

    assert seeds(0) == {0, 1, 2} and seeds(7) == {21, 22, 23}


def test_what_is_done_is_not_given_out_again() -> None:
    whole = all_of(items())
    done = frozenset(item.number for item in whole[::2])
    left = list(items().of("simulated", Shard(), done))
    assert [item.number for item in left] == [item.number for item in whole[1::2]]


def test_a_plan_that_a_runtime_cannot_play_is_left_out_and_said() -> None:
    text = "version: 1\nparts:\n  - {name: real, plans: [nightly/noise*, quickstart], runtime: process}\n"
    found = items(text)
    assert found.left_out and all(one.what != "quickstart" and one.why for one in found.left_out)


def test_an_ablation_is_caught_where_its_loss_shows_and_nowhere_else() -> None:
    gone = {item.policy: item for item in all_of(items(SMALL + ABLATIONS)) if item.policy is not None}
    wanted = [gone["length.bytes"], gone["transport.token-expiry"]]
    caught = {}
    for item, packed in Local().results(work, wanted, 1, 300.0):
        assert isinstance(packed, Packed) and packed.row is None and packed.outcome.caught is not None
        caught[item.policy] = packed.outcome.caught
    assert (caught["length.bytes"].caught_by, caught["length.bytes"].runs) == ("stream-integrity", 1)
    assert caught["transport.token-expiry"].caught_by is None


def test_of_an_ablation_every_safeguard_is_one_item_with_the_base_that_its_plan_names() -> None:
    gone = [item for item in all_of(items(SMALL + ABLATIONS)) if item.policy is not None]
    assert len(gone) > 50 and len({item.policy for item in gone}) == len(gone)
    assert {item.task.order.keep for item in gone} == {"none"}
    assert any(item.base for item in gone) and all(item.policy not in item.base for item in gone)
