"""All that is wrong with a plan is said at once: what the first pass refuses hides nothing from the second."""

from __future__ import annotations

import pytest

from harness import plan

HEAD = "version: 1\nduration: 10s\n"
DELAY = "{action: delay, links: [%s], latency: 9ms, at: 1s, for: %s}"


def places(text: str) -> list[tuple[int, str]]:
    """(line, message) of every error."""
    with pytest.raises(plan.PlanErrors) as caught:
        plan.parse(text, "p")
    return [(e.where.line + 1, e.message) for e in caught.value.errors if isinstance(e.where, plan.Span)]


def test_a_doubled_key_hides_nothing() -> None:
    text = (
        f"{HEAD}title: a\ntitle: b\ntopology: one-usr\nchecks: [monotnic]\nfaults:\n  - {DELAY % ('x->relay', '1s')}\n"
    )
    assert places(text) == [
        (4, "the key 'title' is given twice"),
        (5, "unknown topology 'one-usr'"),
        (6, "unknown checker 'monotnic'"),
    ], "which links there are nobody knows without a topology"
    assert places(text.replace("one-usr", "one-user"))[1:] == [
        (6, "unknown checker 'monotnic'"),
        (8, "no link matches 'x->relay' in this topology"),
    ]


def test_the_errors_of_both_passes_stand_in_the_order_of_the_text() -> None:
    text = (
        f"{HEAD}workload: {{rte: 5/s}}\nfaults:\n"
        f"  - {DELAY % ('nobody->relay', '1s')}\n"
        f"  - {{action: dely, links: [mobile-1->relay], at: 1s, for: 1s}}\n"
        f"  - {DELAY % ('mobile-1->relay', '30s')}\n"
        f"expect: {{hardned: {{verdict: VALID}}}}\n"
    )
    assert places(text) == [
        (3, "unknown key 'rte'"),
        (5, "no link matches 'nobody->relay' in this topology"),
        (6, "unknown action 'dely'"),
        (7, "lasts until 31s, but the plan is over after 10s"),
        (8, "unknown profile 'hardned'"),
    ]


def test_two_passes_over_the_same_fault() -> None:
    text = f"{HEAD}faults:\n  - {{action: delay, links: [x->relay], latncy: 1s, latency: 9ms, at: 1s, for: 1s}}\n"
    assert places(text) == [(4, "no link matches 'x->relay' in this topology"), (4, "unknown key 'latncy'")]


@pytest.mark.parametrize(
    ("text", "only"),
    [
        (f"version: 1\nduration: 10\nfaults:\n  - {DELAY % ('mobile-1->relay', '90s')}\n", "a duration needs a unit"),
        (
            f"{HEAD}faults:\n  - {{name: a, action: dely, at: 1s, for: 1s}}\n"
            "  - {name: b, after: a, action: loss, links: [mobile-1->relay], for: 1s}\n",
            "unknown action 'dely'",
        ),
        (f"{HEAD}pick: 2\nfaults:\n  - {{action: dely}}\n  - {DELAY % ('mobile-1->relay', '1s')}\n", "unknown action"),
        (f"{HEAD}timing: fasst\nsettle: {{converge: 7s}}\n", "expected real, fast"),
        (f"{HEAD}title: &a x\n", "anchors and aliases"),
        ("duration: 10s\n", "the key 'version' is missing"),
        (f"{HEAD}workload: {{script: [{{at: 1s, node: nobody, do: nothing}}]}}\n", "unknown do 'nothing'"),
        (f"{HEAD}faults: 3\n", "expected a list"),
        (f"{HEAD}faults:\n  - {{action: loss, links: [mobile-1->relay], at: 1, every: 2s, for: 1s}}\n", "needs a unit"),
    ],
    ids=["duration", "after", "pick", "timing", "anchor", "version", "script", "no list", "at"],
)
def test_what_depends_on_a_wrong_word_is_no_error_of_its_own(text: str, only: str) -> None:
    [(_, message)] = places(text)
    assert only in message


def test_the_version_alone_hides_nothing() -> None:
    assert places("duration: 10s\nchecks: [monotnic]\n") == [
        (1, "the key 'version' is missing here"),
        (2, "unknown checker 'monotnic'"),
    ]
    assert places("version: 2\nchecks: [monotnic]\n")[1:] == [(2, "unknown checker 'monotnic'")]


def test_later_faults_are_shown_where_they_stand_when_earlier_ones_are_gone() -> None:
    faults = "".join(
        f"  - {line}\n" for line in ("{action: dely}", DELAY % ("x->relay", "1s"), "3", DELAY % ("y->relay", "1s"))
    )
    found = places(f"{HEAD}faults:\n{faults}")
    assert [line for line, _ in found] == [4, 5, 6, 7]
    assert "'x->relay'" in found[1][1]
    assert "'y->relay'" in found[3][1]
