"""Lists to which each element is appended once: linear time, by one bucket a version.

Whoever reads `n` elements saw version `n`, and the longest read says which append made each version up to its own.
A bucket holds a version's append and its reads; appends that no read saw come after all of them. A history is
linearizable iff every read is a beginning of the longest, of elements that were appended, and nothing returns before
something of an earlier bucket, or a read before its own bucket's append, is called.

For then buckets in order, an append before its reads, and within a bucket the order of time, are an order that explains
all: what returns before something else is called never stands in a later bucket.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

from checkers.linearizability import Answer, Linearizable, Trial
from checkers.linearizability.prefixes import refuted

METHOD = "version buckets"


def decide(trial: Trial) -> Answer | None:
    """None: an element is appended twice, or is no number or text, and then versions have no unique append."""
    appends = _appends(trial)
    if appends is None:
        return None
    if _explains(trial, appends, len(trial.events)):
        return Linearizable(METHOD)
    return refuted(trial, METHOD, lambda length: _explains(trial, appends, length))


def _appends(trial: Trial) -> dict[Any, int] | None:
    """Element → who appended it."""
    found: dict[Any, int] = {}
    for number, operation in enumerate(trial.operations):
        if operation.f == "append":
            if type(operation.value) not in (int, str) or operation.value in found:
                return None
            found[operation.value] = number
        elif operation.outcome != "info" and not all(type(e) in (int, str) for e in operation.result or ()):
            return None
    return found


def _explains(trial: Trial, appends: dict[Any, int], length: int) -> bool:
    """Can the first `length` events be explained?"""
    events, operations = trial.events, trial.operations
    called: dict[int, int] = {}
    returned: dict[int, int] = {}
    for position in range(length):
        event = events[position]
        if event >= 0:
            called[event] = position
        else:
            returned[~event] = position
    reads = [(tuple(operations[n].result or ()), n) for n in returned if operations[n].f == "read"]
    longest: tuple[Hashable, ...] = max((read for read, _ in reads), key=len, default=())
    if len(set(longest)) < len(longest) or any(longest[: len(read)] != read for read, _ in reads):
        return False
    makers = [appends.get(element, -1) for element in longest]
    if not all(maker in called for maker in makers):
        return False
    return _in_order(makers, reads, called, returned)


def _in_order(
    makers: list[int], reads: list[tuple[Any, int]], called: dict[int, int], returned: dict[int, int]
) -> bool:
    """Does nothing return before something of an earlier version was called?"""
    never = len(called) + len(returned)
    by_version: list[list[int]] = [[] for _ in range(len(makers) + 1)]
    for read, number in reads:
        by_version[len(read)].append(number)
    latest = -1  # call in the buckets so far
    for version, numbers in enumerate(by_version):
        if version:
            maker = makers[version - 1]
            if returned.get(maker, never) < latest:
                return False
            latest = max(latest, called[maker])
        if any(returned[number] < latest for number in numbers):
            return False
        latest = max([latest, *(called[number] for number in numbers)])
    unread = returned.keys() - set(makers) - {number for _, number in reads}
    return all(returned[number] > latest for number in unread)
