"""Do the policies that a plan chooses exist, and does everybody who meets them know them?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from harness.plan.text.errors import PlanError, did_you_mean
from harness.plan.text.source import Document
from harness.plan.words.model import PlanWords
from harness.registry import close_matches
from harness.schedule import System
from targets import profiles
from targets.policy import UnknownPolicy

OPTION: Final = "option."  # what the protocol leaves free: a peer that somebody else wrote need not know it
_ENDS: Final = ("desktop", "mobile")


def problems(words: PlanWords, document: Document, system: System) -> Iterator[PlanError]:
    foreign = [node for node in system.nodes if node.role in _ENDS and node.kind != "builtin"]
    for slot, choice in words.policies.items():
        place = ("policies", slot)
        try:
            profiles.load(policies={slot: choice})
        except UnknownPolicy as exc:
            where = document.key(place) if exc.word == slot else document.value(place)
            hint = did_you_mean(close_matches(exc.word, exc.known)) or f"there are: {', '.join(exc.known) or 'none'}"
            yield PlanError(where, str(exc), hint)
            continue
        if slot.startswith(OPTION) and foreign:
            said = f"{slot} is an option of the built-in components, and {foreign[0].name} is of kind {foreign[0].kind}"
            hint = "a peer that somebody else wrote need not know it: leave it out, or play the plan with built-in ends"
            yield PlanError(document.key(place), said, hint)
