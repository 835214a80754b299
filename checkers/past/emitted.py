"""What desktops said of the messages that they sent, learned from the whole history before anything is judged.

A message does not say its revision where its desktop's options leave it out, and outside the simulator the wire may
have been stamped before the journal line that tells. What a message carries does not depend on when: that is learned
first.
"""

from __future__ import annotations

from dataclasses import dataclass

from harness.history import Op


@dataclass(frozen=True, slots=True)
class Carried:
    """`rev`: the revision of an event; `bare`: the event itself does not say it; `store`: the database it counts in."""

    rev: int
    bare: bool
    store: str | None


class Emitted:
    """`revs` and `batches` by desktop and message; `stores` by desktop, oldest first."""

    LEARNS = frozenset({"emit", "batch", "recovered"})

    def __init__(self) -> None:
        self._revs: dict[str, dict[str, Carried]] = {}
        self._batches: dict[str, dict[str, list[int]]] = {}
        self._stores: dict[str, list[str]] = {}

    def learn(self, op: Op) -> None:
        line = op.value if isinstance(op.value, dict) else {}
        node, msg, rev = op.node or "", line.get("msg"), line.get("rev")
        if op.f == "recovered":
            store, known = line.get("store"), self._stores.setdefault(node, [])
            if isinstance(store, str) and store not in known:
                known.append(store)
        elif op.f == "emit":
            if line.get("bus") == "link" and isinstance(rev, int) and msg is not None:
                store = self._stores[node][-1] if self._stores.get(node) else None
                self._revs.setdefault(node, {})[str(msg)] = Carried(rev, line.get("bare") is True, store)
        elif isinstance(revs := line.get("revs"), list):
            self._batches.setdefault(node, {})[str(msg)] = [rev for rev in revs if isinstance(rev, int)]

    def event(self, desktop: str | None, msg: str) -> Carried | None:
        """What an event of this desktop carries; None: nobody said."""
        return self._revs.get(desktop or "", {}).get(msg)

    def revs(self, desktop: str | None, msg: str) -> list[int]:
        """All revisions that an event of this desktop stands for, as it says itself; none when it does not say."""
        carried = self.event(desktop, msg)
        if carried is None or carried.bare:
            return []
        return [*self._batches.get(desktop or "", {}).get(msg, ()), carried.rev]

    def before(self, desktop: str | None, store: str) -> list[str]:
        """The databases that this desktop had before `store`; empty when nobody told of it."""
        known = self._stores.get(desktop or "", [])
        return known[: known.index(store)] if store in known else []
