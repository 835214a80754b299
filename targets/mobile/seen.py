"""Which revisions of a desktop are accounted for: a dense beginning, and the few above its first hole."""

from __future__ import annotations

CAP = 8192  # above it marks are refused: a revision that is not marked is merely fetched for


class Seen:
    """`upto` is the greatest n with all n' ≤ n accounted for."""

    __slots__ = ("_above", "top", "upto")

    def __init__(self) -> None:
        self.upto = 0
        self.top = 0  # the greatest one marked
        self._above: set[int] = set()

    def __contains__(self, n: int) -> bool:
        return n <= self.upto or n in self._above

    @property
    def sparse(self) -> int:
        return len(self._above)

    def mark(self, n: int) -> bool:
        """False when there is no room to remember it."""
        if n in self:
            return True
        if n != self.upto + 1 and len(self._above) >= CAP:
            return False
        self._above.add(n)
        self.top = max(self.top, n)
        self._advance()
        return True

    def cover(self, n: int) -> None:
        """Everything up to `n` is accounted for."""
        if n <= self.upto:
            return
        self.upto = n
        self.top = max(self.top, n)
        if self._above:
            self._above = {m for m in self._above if m > n}
            self._advance()

    def _advance(self) -> None:
        while self.upto + 1 in self._above:
            self.upto += 1
            self._above.discard(self.upto)
