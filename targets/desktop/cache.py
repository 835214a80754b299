"""The `job.list` cache: pages by key, and what keeps a page from being served or filled in at the wrong moment.

A key is `jobs::session::<session_id>` or `jobs::project::<project_hash>`; each holds its pages by variant (filters and
page). Every key has a generation, bumped by writes that concern it, and a count of such writes under way.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from targets.desktop import policies_cache as at
from targets.policy import Policies
from targets.probe import Journal

Reply = Mapping[str, Any]


@dataclass(frozen=True)
class Cached:
    reply: Reply
    until_s: float  # time.monotonic()


@dataclass
class Shelf:
    """All that is known under one key."""

    pages: dict[str, Cached] = field(default_factory=dict)
    generation: int = 0
    writes: int = 0  # under way


def session_key(session: str) -> str:
    return f"jobs::session::{session}"


def project_key(project_hash: str) -> str:
    return f"jobs::project::{project_hash}"


class ListCache:
    def __init__(self, policies: Policies, journal: Journal, ttl_s: float) -> None:
        self._policies, self._journal, self._ttl_s = policies, journal, ttl_s
        self._shelves: dict[str, Shelf] = {}

    def __len__(self) -> int:
        return sum(len(shelf.pages) for shelf in self._shelves.values())

    def get(self, key: str, filters: str) -> Reply | None:
        shelf = self._shelf(key)
        cached = shelf.pages.get(self._policies[at.CACHE_KEYS].variant(filters))
        if cached is None or cached.until_s <= time.monotonic() or self._closed(shelf):
            self._journal("cache", what="miss", key=key)
            return None
        return cached.reply

    def generation(self, key: str) -> int:
        return self._shelf(key).generation

    def unchanged(self, key: str, generation: int) -> bool:
        """Nothing was written under this key since `generation`, nor is being written."""
        shelf = self._shelf(key)
        return shelf.generation == generation and not self._closed(shelf)

    def fill(self, key: str, filters: str, generation: int, reply: Reply) -> None:
        """`generation` is that of before the read."""
        shelf = self._shelf(key)
        changed = self._policies[at.FILL].on and shelf.generation != generation
        if changed or self._closed(shelf):
            self._journal("cache", what="refuse", key=key)
            return
        now_s = time.monotonic()
        shelf.pages = {variant: page for variant, page in shelf.pages.items() if page.until_s > now_s}
        shelf.pages[self._policies[at.CACHE_KEYS].variant(filters)] = Cached(reply, now_s + self._ttl_s)
        self._journal("cache", what="fill", key=key)

    def begin_write(self, session: str, project_hash: str) -> None:
        """Before a write that concerns a job of these is submitted. Every one is followed by `end_write`."""
        for key in self._concerned(session, project_hash):
            shelf = self._shelf(key)
            shelf.writes += 1
            if self._policies[at.BEFORE_WRITE].on:
                shelf.generation += 1
                self._drop(key, shelf)

    def end_write(self, session: str, project_hash: str) -> None:
        """When the write has returned, and its events are emitted."""
        for key in self._concerned(session, project_hash):
            shelf = self._shelf(key)
            shelf.writes -= 1
            if self._policies[at.AFTER_WRITE].on:
                shelf.generation += 1
            self._drop(key, shelf)

    def _concerned(self, session: str, project_hash: str) -> tuple[str, ...]:
        return self._policies[at.INVALIDATED].of(session_key(session), project_key(project_hash))

    def _closed(self, shelf: Shelf) -> bool:
        return shelf.writes > 0 and self._policies[at.CLOSED].on

    def _drop(self, key: str, shelf: Shelf) -> None:
        if shelf.pages:
            shelf.pages = {}
            self._journal("cache", what="invalidate", key=key)

    def _shelf(self, key: str) -> Shelf:
        return self._shelves.setdefault(key, Shelf())
