"""The design document's closing checklist: what each of its items claims, as claims that the audit decides."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

import msgspec

from harness.audit.audited import Audited, Status


class Item(NamedTuple):
    says: str
    claims: tuple[str, ...]


CHECKLIST: Final = (
    Item("Desktop emits all job lifecycle events", tuple(f"C{n:02}" for n in range(1, 11))),
    Item("Desktop invalidates cache on every event", ("C12", "C73")),
    Item("Desktop cache TTL is 2 seconds", ("C13",)),
    Item("Desktop supports sessionId OR projectDirectory", ("C15",)),
    Item("Server broadcasts to all user devices", ("C20",)),
    Item("Server excludes source device", ("C21",)),
    Item("Mobile receives events via WebSocket", ("C56",)),
    Item("Mobile forwards all job:* events unconditionally", ("C30",)),
    Item("Mobile applies global mode bypass", ("C32",)),
    Item("Mobile fetches missing jobs on-demand", tuple(f"C{n}" for n in range(33, 40))),
    Item("Mobile deduplicates response chunks", ("C41",)),
    Item("Mobile queues hydration callbacks", ("C48",)),
    Item("Mobile performs background hard refresh", ("C46",)),
    Item("Mobile cleans up memory on deletion/finalization", ("C49", "C50")),
    Item("No race conditions identified", ("C77",)),
    Item("No memory leaks identified", ("C78",)),
    Item("No stale data scenarios found", ("C79",)),
)


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """`by`: the claims that refute it, or leave it undecided."""

    says: str
    status: Status
    by: list[str]


def checked(audited: Mapping[str, Audited]) -> list[Checked]:
    """The items whose claims were all audited, in the document's order: refuted with any of its claims, undecided if
    one of them is."""
    return [_checked(item, audited) for item in CHECKLIST if all(name in audited for name in item.claims)]


def _checked(item: Item, audited: Mapping[str, Audited]) -> Checked:
    of: dict[Status, list[str]] = {"REFUTED": [], "UNDECIDED": [], "HOLDS": []}
    for name in item.claims:
        of[audited[name].decision.status].append(name)
    status: Status = "REFUTED" if of["REFUTED"] else "UNDECIDED" if of["UNDECIDED"] else "HOLDS"
    return Checked(says=item.says, status=status, by=of[status])
