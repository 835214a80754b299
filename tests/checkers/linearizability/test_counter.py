"""One writer's versions as they grow."""

from __future__ import annotations

from checkers.linearizability.counter import Counter


def grown() -> Counter:
    counter = Counter()
    for version, time_ns in ((1, 10), (2, 20), (3, 20), (4, 40)):
        counter.call(version)
        counter.happened(version, time_ns)
    return counter


def test_what_happened_at_that_very_time_is_not_complete_before_it() -> None:
    counter = grown()
    assert [counter.complete_before(t) for t in (0, 10, 11, 20, 21, 40, 41)] == [0, 0, 1, 1, 3, 3, 4]


def test_a_version_that_is_told_again_changes_nothing() -> None:
    counter = grown()
    counter.happened(2, 50)
    counter.call(2)
    assert (counter.complete, counter.called, counter.complete_before(60)) == (4, 4, 4)


def test_a_write_that_began_is_called_and_not_complete() -> None:
    counter = grown()
    counter.call(5)
    assert (counter.called, counter.complete) == (5, 4)


def test_a_write_that_did_not_happen_is_neither_and_may_be_told_no_longer() -> None:
    counter = grown()
    counter.call(5)
    counter.happened(5, 50)  # somebody read it
    counter.undo(5)
    assert (counter.called, counter.complete, counter.complete_before(99)) == (4, 4, 4)
