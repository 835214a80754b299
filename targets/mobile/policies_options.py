"""What the mobile may do beyond the document, off by default: the user's wish is shown at once. And its safeguards."""

from __future__ import annotations

from typing import Protocol

from targets.mobile.policies import Off, On, Switch
from targets.policy import Slot

_SECTION = "Optimistic Updates"


class Optimism(Protocol):
    on: bool


class Waits:
    """Document, "Optimistic Updates": "Current: mobile waits for event confirmation"."""

    on = False


class ShowsWishes:
    """Document, "Optimistic Updates": "apply updates optimistically, rollback on conflict": a cancel or delete is shown
    before anybody has answered."""

    on = True


_WAITS = Waits()
OPTIMISM: Slot[Optimism] = Slot("option.optimistic", _WAITS, _WAITS, role="mobile", variants={"overlay": ShowsWishes()})


class Apart(On):
    """What a user wishes is laid over the rows and never written into them. Without it, with optimistic updates, the
    row of a refused wish has the desktop's revision and not its content, and no snapshot repairs it."""


APART: Slot[Switch] = Slot("optimistic.apart", Off(_SECTION), Apart(), role="mobile")


class RolledBack(On):
    """A wish that failed is not shown any more. Without it, with optimistic updates, a job that was never canceled is
    shown as canceled for ever."""


ROLL_BACK: Slot[Switch] = Slot("optimistic.rolled-back", Off(_SECTION), RolledBack(), role="mobile")


class UntilShown(On):
    """A wish that came true is laid over its job until the job itself shows it. Without it, with optimistic updates,
    the job is shown as before for a moment, between the answer and the event."""


UNTIL_SHOWN: Slot[Switch] = Slot("optimistic.until-shown", Off(_SECTION), UntilShown(), role="mobile")
