"""Where the relay's profiles differ: delivery, connections, tokens. Objects of `documented` cite its section."""

from __future__ import annotations

from typing import Protocol

from targets.policy import Slot
from targets.protocol import PRESENCE, SYNC_GAP, SYNC_HEAD
from targets.silence import Endless, Patience
from targets.timing import Timing

# A full mailbox ---------------------------------------------------------------------


class MailboxRule(Protocol):
    says_gap: bool  # tell the client how many events it lost

    def room(self, waiting: int, size: int) -> bool:
        """May one more event wait behind `waiting` others, in a mailbox of `size`?"""
        ...


class SilentDrop:
    """Document, "Server Relay": `try_send`; a full mailbox drops the newest event and nobody is told."""

    says_gap = False

    def room(self, waiting: int, size: int) -> bool:
        return waiting < size


class DropAndGap(SilentDrop):
    """A full mailbox drops the event and leaves a `sync:gap` in its place. Without it a burst that overflows the
    mailbox is lost without a trace, and the replica stays behind until something else reveals the hole."""

    says_gap = True


class Unbounded(SilentDrop):
    """A mailbox that never fills, as some actor systems have."""

    def room(self, waiting: int, size: int) -> bool:
        return True


MAILBOX: Slot[MailboxRule] = Slot(
    "mailbox-full.gap",
    SilentDrop(),
    DropAndGap(),
    role="relay",
    variants={"unbounded": Unbounded()},
    masked_by="the next head",
)


# Lost events ---------------------------------------------------------------------


class ControlLane(Protocol):
    def counts(self, event: str) -> bool:
        """Does this frame take room in the mailbox? `event` is empty for frames that are no events."""
        ...

    replaces: bool  # a head, gap or presence replaces its unsent predecessor


class EverythingCounts:
    """Document, "Server Relay": one `try_send` for everything that is sent to a device."""

    replaces = False

    def counts(self, event: str) -> bool:
        return True


class OnlyEventsCount:
    """Heads, gaps, presence and answers to calls pass a full mailbox, and a newer one replaces its unsent
    predecessor. Without it the very notice of an overflow is dropped by the overflow."""

    replaces = True

    def counts(self, event: str) -> bool:
        return event not in ("", SYNC_HEAD, SYNC_GAP, PRESENCE)


CONTROL_LANE: Slot[ControlLane] = Slot(
    "lost-events.control-lane", EverythingCounts(), OnlyEventsCount(), role="relay", masked_by="the next head"
)


class Notices(Protocol):
    enabled: bool


class NoPresence:
    """Document: the relay tells nobody who is there."""

    enabled = False


class Presence:
    """Others are told when a device comes and goes. Without it a replica does not know that a desktop it failed to
    reach is back, and waits for its back-off or the next head."""

    enabled = True


PRESENCE_NOTICES: Slot[Notices] = Slot(
    "lost-events.presence-notices", NoPresence(), Presence(), role="relay", masked_by="the next head"
)


class ForgottenHeads:
    """Document, "Server Relay": events are broadcast to who is there; nothing is kept for who is not."""

    enabled = False


class KeptHeads:
    """The latest head of every desktop is kept for a mobile that registers later. Without it a mobile that comes back
    after the desktop's last event learns of what it missed only from the next head."""

    enabled = True


KEPT_HEADS: Slot[Notices] = Slot(
    "lost-events.kept-heads", ForgottenHeads(), KeptHeads(), role="relay", masked_by="the next head"
)


# The same device again ---------------------------------------------------------------------


class Removal(Protocol):
    def removes(self, current: object, leaving: object) -> bool:
        """Does `leaving`'s clean-up take the device's entry, which is `current`, out of the map?"""
        ...


class RemoveByDevice:
    """Document, "Server Relay": the map is `user_id -> device_id -> connection`; clean-up removes by that key."""

    def removes(self, current: object, leaving: object) -> bool:
        return current is not None


class RemoveByIdentity:
    """A connection's clean-up removes its own entry only. Without it the late end of a half-open socket takes the
    new connection's entry away: the client is registered and reached by nothing."""

    def removes(self, current: object, leaving: object) -> bool:
        return current is leaving


IDENTITY: Slot[Removal] = Slot("same-device.identity", RemoveByDevice(), RemoveByIdentity(), role="relay")


class Succession(Protocol):
    def wins(self, newcomer: int, current: int) -> bool:
        """Does a registration on the `newcomer`-th accepted socket replace that on the `current`-th?"""
        ...


class LastRegistered:
    """Document, "Server Relay": an insert into the map replaces what was there."""

    def wins(self, newcomer: int, current: int) -> bool:
        return True


class NewestAccepted:
    """The newest *accepted* socket wins. Without it a `register` that was held up on an older socket evicts the
    connection its client is really using."""

    def wins(self, newcomer: int, current: int) -> bool:
        return newcomer >= current


SUCCESSION: Slot[Succession] = Slot("same-device.newest-accepted", LastRegistered(), NewestAccepted(), role="relay")


# A client that is gone ---------------------------------------------------------------------


class GivesUpClient:
    """A connection on which nothing has come for a minute is closed and taken out of the map. Without it a client that
    vanished without a word is online for ever: calls to its desktop hang, and its connection is never given back."""

    def limit_s(self, timing: Timing) -> float | None:
        return timing.dead_peer_s


DEAD_CLIENT: Slot[Patience] = Slot("transport.dead-client", Endless(), GivesUpClient(), role="relay")


# Tokens and roles ---------------------------------------------------------------------


class Expiry(Protocol):
    closes: bool


class OutlivesToken:
    """Document, "Authentication": the token is checked when the socket opens, and never again."""

    closes = False


class ClosesAtExpiry:
    """A socket is closed when its token expires. Without it a revoked device keeps reading for as long as it stays
    connected."""

    closes = True


EXPIRY: Slot[Expiry] = Slot("transport.token-expiry", OutlivesToken(), ClosesAtExpiry(), role="relay")


class Publishers(Protocol):
    def may_publish(self, client_type: str, event: str) -> bool: ...


class AnyDevice:
    """Document, "Authorization": events are scoped to the user; any of his devices may publish."""

    def may_publish(self, client_type: str, event: str) -> bool:
        return True


class DesktopsOnly:
    """Job events and heads come from desktops only, gaps and presence from the relay itself. Without it any device of a
    user can put chunks into his jobs, or tell his phones that the desktop is gone."""

    def may_publish(self, client_type: str, event: str) -> bool:
        if event in (PRESENCE, SYNC_GAP):
            return False
        return client_type == "desktop" or not event.startswith(("job:", "sync:"))


PUBLISHERS: Slot[Publishers] = Slot("roles.desktops-only", AnyDevice(), DesktopsOnly(), role="relay")
