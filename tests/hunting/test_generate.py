"""Plans that nobody wrote: each seed draws one, and a map of what was met leads the draws."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from harness import plan, registry
from harness.history import Header, History, Op
from harness.hunting.campaign import Campaign, Order
from harness.hunting.generate.atlas import Atlas, universe
from harness.hunting.generate.cast import TOPOLOGIES
from harness.hunting.generate.generator import Generator
from harness.hunting.generate.shapes import OPTIONS, SHAPES
from harness.hunting.generate.troubles import TROUBLES, UPGRADED_BYTES
from harness.hunting.met import cells
from harness.runs.run import execute
from harness.verdict import Verdict

SIM = registry.find("runtime", "sim")
MANY = 400


def read(generator: Generator, number: int) -> plan.Plan:
    name, text = generator.plan(number)
    return plan.parse(text, name)


def written(seeds: range, **options: bool) -> list[plan.Plan]:
    generator = Generator(seeds, **options)
    return [read(generator, number) for number in range(len(seeds))]


PLANS = written(range(MANY), guided=False)


def actions(found: plan.Plan) -> set[str]:
    """Those of its troubles; a reconnect that only gives a reason to register again carries another's name."""
    return {f.action for f in found.words.faults if str(f.name).startswith(f.action)}


def test_every_action_topology_and_shape_is_drawn() -> None:
    assert {action for found in PLANS for action in actions(found)} == set(registry.names("fault"))
    assert {found.words.topology for found in PLANS} == set(TOPOLOGIES)
    titles = Counter(found.title.rsplit(", ", 2)[1] for found in PLANS)
    assert set(titles) == set(SHAPES)


def test_every_kind_of_trouble_and_every_option_is_drawn() -> None:
    drawn = {kind for found in PLANS for kind in found.title.rsplit(", ", 2)[0].split(" and ")}
    assert drawn == {"peace", *TROUBLES}
    chosen = [found.words.policies for found in PLANS if found.words.policies]
    assert all(option in chosen for option in OPTIONS)


def test_a_connection_ends_with_the_last_byte_of_the_answer_that_opened_it() -> None:
    text = f"""
version: 1
title: cut when upgraded
duration: 1s
topology: one-user
timing: fast
workload: {{jobs: 2, rate: 10/s}}
faults:
  - {{name: again, action: reconnect, clients: [mobile-1], how: reset, downtime: 20ms, at: 400ms}}
  - {{name: cut, action: limit_data, links: [relay->mobile-1], bytes: {UPGRADED_BYTES}, at: 390ms, for: 300ms}}
"""
    run = execute(plan.expand(plan.parse(text, "cut"), 0, runtime_verbs=SIM.VERBS), SIM)
    states = [
        (op.value.get("state"), op.value.get("reason"))
        for op in run.history.ops
        if op.node == "mobile-1" and op.f == "link"
    ]
    met = states.index(("closed", "the socket is closed"))
    assert states[met - 1] == ("open", None), states


def test_single_faults_come_first_then_pairs_and_everything_in_the_last_fifth() -> None:
    def troubles(found: plan.Plan) -> int:
        drawn = found.title.rsplit(", ", 2)[0]
        return 0 if drawn == "peace" else len(drawn.split(" and "))

    parts = [PLANS[: MANY // 2], PLANS[MANY // 2 : MANY * 4 // 5], PLANS[MANY * 4 // 5 :]]
    counts = [{troubles(found) for found in part} for part in parts]
    assert counts[:2] == [{0, 1}, {0, 2}]
    assert counts[2] == {0, 3, 4, 5, 6}
    peace = [sum(troubles(found) == 0 for found in PLANS[first : first + 50]) for first in range(0, MANY, 50)]
    assert all(8 <= calm <= 12 for calm in peace), peace


def test_a_plan_is_written_out_and_stands_for_itself() -> None:
    for found in PLANS[::20]:
        again = plan.parse(found.source.text, found.name)
        assert plan.expand(again, 7, runtime_verbs=SIM.VERBS) == plan.expand(found, 7, runtime_verbs=SIM.VERBS)
        assert not any(at.fixed for at in plan.expand(found, 7).faults), "a drawn fault may meet nothing"


def test_equal_seeds_give_equal_plans() -> None:
    texts = [[found.source.text for found in written(seeds)] for seeds in (range(40), range(40), range(40, 80))]
    assert texts[0] == texts[1]
    assert not set(texts[0]) & set(texts[2])


def test_a_plan_that_its_seed_alone_draws_is_the_same_among_others_and_by_itself() -> None:
    many = Generator(range(100), guided=False, staged=False)
    for seed in (0, 37, 93):
        alone = Generator(range(seed, seed + 1), guided=False, staged=False)
        assert alone.plan(0) == many.plan(seed)
    counts = [many.plan(number).text.count("{name: ") for number in range(100)]
    assert 0 in counts and 1 in counts and max(counts[:20]) > 2, "not only single faults come first"


def test_a_topology_that_is_asked_for_is_the_only_one() -> None:
    generator = Generator(range(10), topology="two-mobiles")
    assert {read(generator, number).words.topology for number in range(10)} == {"two-mobiles"}


def test_the_hardened_system_is_silent_on_what_is_drawn() -> None:
    for number in (3, 70, 130, 210, 260, 330, 390):
        result = execute(plan.expand(PLANS[number], number, runtime_verbs=SIM.VERBS), SIM)
        assert result.verdict is Verdict.VALID, (number, result.signatures, result.ailments)


# ---- the map --------------------------------------------------------------------------------------------------------


def op(time_ns: int, process: str, type_: str, f: str, **fields: object) -> Op:
    return Op(index=time_ns, time_ns=time_ns, process=process, type=type_, f=f, **fields)  # type: ignore[arg-type]


def fault(time_ns: int, f: str, **more: object) -> Op:
    told = {"fault": "x", "action": "kill", "occurrence": 0, "directions": [], "nodes": ["mobile-1"], **more}
    return op(time_ns, "nemesis", "info", f, value=told)


def met(*ops: Op) -> list[str]:
    nodes = {"relay": {"role": "relay"}, "desktop-1": {"role": "desktop"}, "mobile-1": {"role": "mobile"}}
    header = Header(plan="p", seed=0, runtime="sim", profile="hardened", nodes=nodes)
    return cells(History(header=header, ops=list(ops), complete=True, problem=None, taps=[]))


REGISTERED = op(1, "mobile-1/journal", "info", "link", node="mobile-1", value={"state": "registered"})
CHUNK = op(2, "desktop-1/store", "ok", "commit", node="desktop-1", value={"f": "chunk"})
LIST = op(3, "mobile-1/user", "invoke", "list", node="mobile-1")
LISTED = op(4, "mobile-1/user", "ok", "list", node="mobile-1")


def test_a_cell_says_what_a_fault_fell_upon() -> None:
    heal = fault(9, "fault-heal", exercised=True)
    assert met(REGISTERED, CHUNK, LIST, fault(5, "fault-begin"), heal) == [
        "kill mobile | registered | streaming | list"
    ]
    assert met(REGISTERED, CHUNK, LIST, LISTED, fault(5, "fault-begin"), heal) == [
        "kill mobile | registered | streaming | idle"
    ]
    assert met(fault(5, "fault-begin"), heal) == ["kill mobile | down | none | idle"]


def test_a_fault_that_met_nothing_fell_upon_nothing() -> None:
    assert met(REGISTERED, fault(5, "fault-begin"), fault(9, "fault-heal", exercised=False)) == []


def test_what_is_overdue_comes_first_and_what_is_rare_by_intention_stays_rare() -> None:
    atlas = Atlas()
    for _ in range(10):
        atlas.chose([["usual"], ["usual"], ["usual"], ["rare"]], ["usual"])
    assert atlas.worth(["rare"]) > atlas.worth(["usual"]), "drawn 2.5 times and never chosen"
    assert atlas.choose([["usual"], ["rare"], ["usual", "rare"]]) == [1, 2, 0]
    for _ in range(4):
        atlas.chose([["usual"], ["usual"], ["usual"], ["rare"]], ["rare"])
    assert atlas.worth(["usual"]) > atlas.worth(["rare"]), "chosen as often as it was drawn: it had its turn"


def test_of_what_had_its_turn_alike_that_comes_first_which_led_to_news() -> None:
    atlas = Atlas()
    atlas.learn(["fruitful"], ["kill mobile | open | waiting | get", "kill desktop | down | ended | write"])
    atlas.learn(["idle"], ["kill mobile | open | waiting | get"])
    assert atlas.worth(["fruitful"]) > atlas.worth(["idle"])


def test_what_was_met_is_no_longer_among_what_never_was() -> None:
    atlas = Atlas()
    assert len(atlas.never()) == len(list(universe())) == len(set(universe()))
    atlas.learn([], ["kill mobile | registered | streaming | list"])
    assert set(universe()) - set(atlas.never()) == {
        "kill mobile while registered",
        "kill mobile, job streaming",
        "kill mobile during list",
    }
    assert atlas.told().startswith(f"3 of {len(list(universe()))} pairs")


def test_what_runs_met_leads_later_plans_and_only_those() -> None:
    """Runs that meet nothing for one kind of plan, and news for others: what is written afterwards differs."""

    def texts(generator: Generator, tell: bool) -> list[str]:
        found = []
        for number in range(128):
            found.append(generator.plan(number).text)
            if tell:
                generator.learn(number, [])
        return found

    told, untold = texts(Generator(range(128)), True), texts(Generator(range(128)), False)
    assert told[:64] == untold[:64]
    assert told[64:] != untold[64:]
    assert told == texts(Generator(range(128)), True)
    assert texts(Generator(range(128), guided=False), True) == texts(Generator(range(128), guided=False), False)


def test_guided_plans_try_more_kinds_of_trouble_than_unguided_ones() -> None:
    def kinds(guided: bool) -> int:
        generator, seen = Generator(range(160), guided=guided), set()
        for number in range(160):
            generator.plan(number)
            seen.update(generator.features_of(number))
            generator.learn(number, [])
        return len(seen)

    assert kinds(True) > 1.05 * kinds(False)


# ---- a campaign -----------------------------------------------------------------------------------------------------


def test_a_campaign_over_generated_plans_counts_runs_and_learns(tmp_path: Path) -> None:
    generator = Generator(range(3))
    order = Order(runtime="sim", store=tmp_path, keep="none", campaign="c")
    campaign = Campaign([], range(3), order, writer=generator)
    runs = list(campaign.play(1))
    assert [run.plan for run in runs] == ["generated-0", "generated-1", "generated-2"]
    assert (campaign.planned, campaign.result().runs, campaign.result().verdict) == (3, 3, Verdict.VALID)
    assert sum(generator.atlas.pairs.values()) > 0
    assert any(run.met for run in runs)


def test_a_campaign_that_is_to_stop_ends_with_the_first_invalid_run(tmp_path: Path) -> None:
    order = Order(runtime="sim", store=tmp_path, keep="none", campaign="c", profile="documented")
    campaign = Campaign([], range(50), order, writer=Generator(range(50)), stop=True)
    runs = list(campaign.play(1))
    assert runs[-1].verdict is Verdict.INVALID
    assert all(run.verdict is not Verdict.INVALID for run in runs[:-1])
    assert len(runs) < 50
    assert campaign.result().stopped
