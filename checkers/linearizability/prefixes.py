"""The shortest prefix of a trial that nothing explains, for methods that say no more than yes or no."""

from __future__ import annotations

from collections.abc import Callable

from checkers.linearizability import NotLinearizable, Trial


def refuted(trial: Trial, method: str, explains: Callable[[int], bool]) -> NotLinearizable:
    """`explains` says of so many first events whether an order explains them; of all of them none does.

    The failure tells the prefix and its operation, but not the states that were possible.
    """
    fine, failing = 0, len(trial.events)  # prefixes that can be explained, and that cannot: the latter stay so
    while failing - fine > 1:
        middle = (fine + failing) // 2
        if explains(middle):
            fine = middle
        else:
            failing = middle
    return at(trial, method, fine)


def at(trial: Trial, method: str, position: int) -> NotLinearizable:
    """The event at `position` is a return that cannot be explained, and those before it can."""
    before = trial.events[:position]
    returned = {~event for event in before if event < 0}
    called = (event for event in before if event >= 0)
    pending = sorted(n for n in called if n not in returned and trial.operations[n].outcome != "info")
    return NotLinearizable(method=method, blamed=~trial.events[position], position=position, pending=pending)
