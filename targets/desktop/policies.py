"""Where the desktop's profiles differ: heads, snapshots, calls. `documented` objects cite the document's section."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from targets.desktop.policies_cache import Switch
from targets.policy import Slot

# Snapshots ---------------------------------------------------------------------------------------------------------


class CounterApart:
    """Document: silent; rows and counter are two reads."""

    on = False


class CounterInTransaction:
    """`asOf` is read in the rows' own transaction. Without it a commit between the two reads is claimed to be in the
    rows: the replica takes a job that the rows do not have yet for deleted."""

    on = True


AS_OF: Slot[Switch] = Slot("snapshots.as-of-in-transaction", CounterApart(), CounterInTransaction(), role="desktop")


class NoProject:
    """Document, "Data Flow Sequence": payloads carry the session only."""

    on = False


class ProjectHash:
    """Events carry the job's `projectHash`. Without it a replica in global mode fetches jobs of other
    projects, and shows them if it shows whatever it fetched."""

    on = True


PROJECT_HASH: Slot[Switch] = Slot(
    "session-switch.project-hash",
    NoProject(),
    ProjectHash(),
    role="desktop",
)


# Heads -------------------------------------------------------------------------------------------------------------


class HeadRule(Protocol):
    on: bool
    pace: float  # of the timer for heads, between two of them


class NoHeads:
    """Document: silent; what is lost on the way stays lost until somebody lists."""

    on = False
    pace = 1.0


class Heads:
    """The desktop says at registration and every few seconds how far it is. Without it the loss of a job's last
    event is seen by nobody."""

    on = True
    pace = 1.0


class OftenHeads(Heads):
    """A head every three seconds instead of every ten."""

    pace = 0.3


HEADS: Slot[HeadRule] = Slot(
    "lost-events.heads",
    NoHeads(),
    Heads(),
    role="desktop",
    variants={"every-3s": OftenHeads()},
)


class HeadRev(Protocol):
    def rev(self, handed: int, committed: int) -> int: ...


class HeadCommitted:
    """Document: silent; the plain reading of "how far is the desktop" is its committed counter."""

    def rev(self, handed: int, committed: int) -> int:
        return committed


class HeadHanded:
    """A head names the last revision whose event was handed to the link. Without it a head overtakes the events of
    commits that are just being emitted, and the replica fetches what is on its way."""

    def rev(self, handed: int, committed: int) -> int:
        return handed


HEAD_REV: Slot[HeadRev] = Slot("lost-events.handed-head", HeadCommitted(), HeadHanded(), role="desktop")


class AfterStart(Protocol):
    def handed(self, committed: int) -> int | None:
        """What counts as handed to the link after a start; None: nothing, and no head is sent until an event is."""
        ...


class NothingHanded:
    """Document: silent; an event that was not emitted before the crash is not emitted after it."""

    def handed(self, committed: int) -> int | None:
        return None


class CommittedAtStart:
    """The first head after a start names the committed counter. Without it a commit whose event was lost in the crash
    is seen only when something else happens."""

    def handed(self, committed: int) -> int | None:
        return committed


FIRST_HEAD: Slot[AfterStart] = Slot(
    "crash-before-emit.first-head",
    NothingHanded(),
    CommittedAtStart(),
    role="desktop",
)


# Calls -------------------------------------------------------------------------------------------------------------


class ExecutesAgain:
    """Document: silent; a duplicated request is a request."""

    on = False


class IdempotencyKey:
    """Cancel and delete carry a key that is stored with its outcome, definite failures too, in the desktop's
    transaction. Without it the duplicate of a delete is answered `not_found`, although the job was deleted."""

    on = True


IDEMPOTENCY: Slot[Switch] = Slot("rpc.idempotency-key", ExecutesAgain(), IdempotencyKey(), role="desktop")


# Frames from the relay ---------------------------------------------------------------------------------------------


class Stamp(Protocol):
    def stamped(self, event: Mapping[str, Any]) -> dict[str, Any]: ...


class StampsRemote:
    """Document, "Relay Origin Filter": events that came from the relay are marked, so that they are not sent back.
    Nothing breaks in either profile; the variant `nobody` shows two desktops sending one event round for ever."""

    def stamped(self, event: Mapping[str, Any]) -> dict[str, Any]:
        return {**event, "relayOrigin": "remote"}


class StampsNothing:
    """Nobody stamps: the filter never finds anything."""

    def stamped(self, event: Mapping[str, Any]) -> dict[str, Any]:
        return dict(event)


_STAMP = StampsRemote()
RELAY_ORIGIN: Slot[Stamp] = Slot(
    "transport.relay-origin", _STAMP, _STAMP, role="desktop", variants={"nobody": StampsNothing()}
)
