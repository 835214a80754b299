"""What rules do to a row of messages, without a network: a lane is fed and what it sends is read."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from faults import Effect, MessageRule
from harness.wire.classify import UNREADABLE, Classified
from harness.wire.lane import Lane, Message
from harness.wire.rules import ActiveRule, Rules

MS = 1_000_000


class Road:
    """One connection: what was sent, and a clock that only `wait` moves."""

    def __init__(self, rules: Rules | None = None) -> None:
        self.rules = Rules() if rules is None else rules
        self.lane = Lane(self.rules, self)
        self.sent: list[str] = []
        self.dead = False
        self._now_ns = 0
        self._alarms: list[int] = []

    def emit(self, message: Message) -> None:
        self.sent.append(message.raw.decode())

    def wake(self, at_ns: int) -> None:
        self._alarms.append(at_ns)

    def now_ns(self) -> int:
        return self._now_ns

    def alive(self) -> bool:
        return not self.dead

    def begin(self, rule: MessageRule, seed: int = 1) -> ActiveRule:
        active = ActiveRule(rule, random.Random(seed), Effect())
        self.rules.add(active)
        return active

    def put(self, names: str, kind: str = "job:note", job: str | None = "j") -> str:
        for name in names:
            self.lane.offer(name.encode(), Classified(kind, job), None)
        return self.all

    def wait(self, ms: int) -> str:
        until_ns = self._now_ns + ms * MS
        while due := [at for at in self._alarms if at <= until_ns]:
            self._now_ns = max(self._now_ns, min(due))
            self._alarms.remove(min(due))
            self.lane.due()
        self._now_ns = until_ns
        return self.all

    def heal(self, active: ActiveRule) -> str:
        self.rules.remove(active)
        return self.all

    @property
    def all(self) -> str:
        return "".join(self.sent)


@pytest.fixture
def road() -> Iterator[Road]:
    made = Road()
    yield made
    assert not made.rules.lanes, "a lane that keeps nothing is forgotten"


# ---- one rule alone -----------------------------------------------------------------------------------------------


def test_loss_drops_what_it_chose_and_counts_all_it_met(road: Road) -> None:
    loss = road.begin(MessageRule("lose", chance=0.5))
    left = road.put("abcdefghijklmnopqrst")
    assert 0 < len(left) < 20 and sorted(left) == list(left)
    assert loss.effect.candidates == 20
    assert loss.effect.counts == {"messages_matched": 20, "messages_lost": 20 - len(left)}


def test_hold_keeps_matching_messages_while_others_pass(road: Road) -> None:
    hold = road.begin(MessageRule("hold", type="job:*"))
    road.put("ab")
    assert road.put("x", kind="presence") == "x"
    assert road.wait(3_600_000) == "x"
    assert road.heal(hold) == "xab"
    assert hold.effect.counts == {"messages_matched": 2, "messages_kept": 2, "messages_released": 2}


def test_hold_releases_in_the_order_that_it_is_told(road: Road) -> None:
    hold = road.begin(MessageRule("hold", release="reversed"))
    road.put("abc")
    assert road.heal(hold) == "cba"
    shuffles = set()
    for seed in range(20):
        other = Road()
        hold = other.begin(MessageRule("hold", release="shuffled"), seed)
        other.put("abcdef")
        shuffles.add(other.heal(hold))
    assert len(shuffles) > 10 and {"".join(sorted(s)) for s in shuffles} == {"abcdef"}


def test_reorder_lets_so_many_messages_pass(road: Road) -> None:
    rule = road.begin(MessageRule("reorder", type="late", window=2))
    road.put("L", kind="late")
    assert road.put("a") == "a"
    assert road.put("b") == "abL"
    assert road.put("c") == "abLc"
    assert rule.effect.counts == {"messages_matched": 1, "messages_kept": 1, "messages_reordered": 1}
    road.heal(rule)


def test_reorder_lets_pass_what_comes_within_its_time(road: Road) -> None:
    rule = road.begin(MessageRule("reorder", type="late", window_ns=10 * MS))
    road.put("L", kind="late")
    road.wait(4)
    assert road.put("ab") == "ab"
    assert road.wait(5) == "ab"
    assert road.wait(1) == "abL"
    road.heal(rule)


def test_a_kept_message_that_nothing_passed_was_not_reordered(road: Road) -> None:
    rule = road.begin(MessageRule("reorder", window_ns=10 * MS))
    assert road.put("a") == ""
    assert road.wait(10) == "a"
    assert rule.effect.counts == {"messages_matched": 1, "messages_kept": 1, "messages_in_place": 1}
    road.heal(rule)


def test_reorder_delivers_at_heal_what_still_waits(road: Road) -> None:
    rule = road.begin(MessageRule("reorder", window=5))
    road.put("ab")
    assert road.heal(rule) == "ab"


def test_duplicates_come_each_a_delay_after_the_last(road: Road) -> None:
    rule = road.begin(MessageRule("duplicate", copies=2, delay_ns=10 * MS))
    assert road.put("a") == "a"
    assert road.wait(10) == "aa"
    assert road.put("b") == "aab"
    assert road.wait(10) == "aabab"  # the older timer first
    assert road.heal(rule) == "aababb"
    assert rule.effect.counts == {"messages_matched": 2, "messages_duplicated": 2, "copies": 4}


def test_a_match_is_on_type_and_job(road: Road) -> None:
    rule = road.begin(MessageRule("lose", type="job:*", job="job-1*"))
    road.put("a", "job:created", "job-12")
    road.put("b", "job:created", "job-2")
    road.put("c", "presence", "job-12")
    road.put("d", "job:list", None)
    assert road.all == "bcd"
    assert rule.effect.candidates == 1


def test_what_cannot_be_read_takes_a_chance_but_no_pattern(road: Road) -> None:
    road.begin(MessageRule("lose", type="?*"))
    road.begin(MessageRule("lose", job="?*"))
    road.lane.offer(b"x", UNREADABLE, None)
    assert road.all == "x"
    road.begin(MessageRule("lose"))
    road.lane.offer(b"y", UNREADABLE, None)
    assert road.all == "x"


# ---- rules together -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("loss_first", [True, False])
def test_a_lost_message_is_neither_held_nor_copied_whichever_rule_began_first(loss_first: bool) -> None:
    road = Road()
    words = [MessageRule("lose"), MessageRule("hold"), MessageRule("duplicate")]
    loss, hold, copies = (
        [road.begin(w) for w in words] if loss_first else [road.begin(w) for w in reversed(words)][::-1]
    )
    road.put("ab")
    assert loss.effect.candidates == 2
    assert hold.effect.candidates == copies.effect.candidates == 0
    assert road.heal(hold) == ""


def test_a_held_message_meets_the_later_rules_when_it_is_released(road: Road) -> None:
    hold, copies = road.begin(MessageRule("hold", type="held")), road.begin(MessageRule("duplicate"))
    reorder = road.begin(MessageRule("reorder", type="held", window=1))
    road.put("ab", kind="held")
    assert (reorder.effect.candidates, copies.effect.candidates) == (0, 0)
    assert road.heal(hold) == "aa"  # b came while a waited for one message: a goes on, b waits
    assert road.put("c", kind="other") == "aaccbb"
    assert (reorder.effect.candidates, copies.effect.candidates) == (2, 3)


def test_a_message_kept_by_two_holds_waits_for_both(road: Road) -> None:
    first, second = road.begin(MessageRule("hold")), road.begin(MessageRule("hold", release="reversed"))
    road.put("ab")
    assert road.heal(first) == ""
    assert road.heal(second) == "ba"
    assert second.effect.candidates == 2


def test_a_rule_that_healed_meanwhile_is_not_met(road: Road) -> None:
    hold, copies = road.begin(MessageRule("hold")), road.begin(MessageRule("duplicate"))
    road.put("a")
    road.heal(copies)
    assert road.heal(hold) == "a"
    assert copies.effect.candidates == 0


def test_one_rule_moves_no_draw_of_another(road: Road) -> None:
    def lost(*others: MessageRule) -> set[str]:
        road = Road()
        for other in others:
            road.begin(other, 7)
        road.begin(MessageRule("lose", chance=0.3), 5)
        road.put("abcdefghijklmnopqrstuvwxyz")
        road.lane.flush()
        return set("abcdefghijklmnopqrstuvwxyz") - set(road.all)

    alone = lost()
    assert alone == lost(MessageRule("duplicate", chance=0.5), MessageRule("reorder", chance=0.3, window=3))
    assert alone < lost(MessageRule("lose", chance=0.2))


def test_two_duplications_add_up_and_copy_the_original_only(road: Road) -> None:
    road.begin(MessageRule("duplicate", copies=2))
    road.begin(MessageRule("duplicate", copies=1))
    assert road.put("a") == "aaaa"


# ---- the end ------------------------------------------------------------------------------------------------------


def test_what_was_kept_dies_with_its_connection_and_is_counted(road: Road) -> None:
    hold = road.begin(MessageRule("hold"))
    road.put("ab")
    road.lane.end()
    assert hold.effect.counts == {"messages_matched": 2, "messages_kept": 2, "died_with_connection": 2}
    assert road.heal(hold) == ""


def test_a_connection_that_died_unheard_is_found_dead_at_heal(road: Road) -> None:
    hold, copies = road.begin(MessageRule("hold")), road.begin(MessageRule("duplicate", delay_ns=5))
    road.put("ab")
    road.dead = True
    assert road.heal(hold) == ""
    assert hold.effect.counts["died_with_connection"] == 2
    road.heal(copies)


def test_heal_reaches_every_connection_of_the_direction() -> None:
    rules = Rules()
    one, two = Road(rules), Road(rules)
    hold = one.begin(MessageRule("hold", release="reversed"))
    one.put("ab")
    two.put("cd")
    assert (one.heal(hold), two.all) == ("ba", "dc")


def test_at_garbage_everything_kept_goes_on_first(road: Road) -> None:
    hold = road.begin(MessageRule("hold"))
    reorder = road.begin(MessageRule("reorder", window=3))
    road.put("ab")
    road.lane.flush()
    assert road.all == "ab"
    assert (road.heal(hold), road.heal(reorder)) == ("ab", "ab")
