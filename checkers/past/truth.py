"""What the desktops wrote: commits folded into rows and texts, one job at a time.

Every fold is O(1) in the length of the history (bisect only when asked for an old revision). A begun commit counts
at once, since it may have happened; one that failed is taken out again.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_right, insort
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

import msgspec

from harness.history import Commit, Op, text_digest

NOT_CONTENT = frozenset({"response", "sync"})  # the text is judged by its bytes, `sync` is no content


@dataclass(slots=True, frozen=True)
class Chunk:
    """A piece of an attempt's text: bytes [start, end), the `number`-th one (from 1), written by commit `n`."""

    number: int
    start: int
    end: int
    data: bytes
    n: int
    op: Op


class Attempt:
    """One attempt's text. `digest_at(size)` is O(1) at chunk boundaries, where replicas stop."""

    def __init__(self, number: int, text: bytes = b"") -> None:
        self.number = number
        self.chunks: list[Chunk] = []
        self._first = text  # what the attempt began with, before any chunk
        self._hash = hashlib.blake2b(text, digest_size=8)
        self._digests = {0: text_digest(b""), len(text): self._hash.hexdigest()}
        self.length = len(text)

    def append(self, data: bytes, n: int, op: Op) -> Chunk:
        chunk = Chunk(len(self.chunks) + 1, self.length, self.length + len(data), data, n, op)
        self.chunks.append(chunk)
        self.length = chunk.end
        self._hash.update(data)
        self._digests[chunk.end] = self._hash.hexdigest()
        return chunk

    @property
    def text(self) -> bytes:
        return b"".join((self._first, *(c.data for c in self.chunks)))

    def digest_at(self, size: int) -> str | None:
        """Digest of the first `size` bytes, or None when fewer were written."""
        if not 0 <= size <= self.length:
            return None
        if size not in self._digests:
            self._digests[size] = text_digest(self.text[:size])
        return self._digests[size]

    def is_prefix(self, size: int, digest: str) -> bool:
        return self.digest_at(size) == digest

    def chunk_from(self, offset: int) -> Chunk | None:
        """The first chunk with any byte at or after `offset`."""
        return next((c for c in self.chunks if c.end > offset), None)


@dataclass(slots=True)
class Entry:
    """One commit of a job. `op` is its latest op: the invoke, then the answer."""

    n: int
    op: Op
    commit: Commit
    attempt: int
    state: Literal["invoke", "ok", "fail", "info"]
    chunk: Chunk | None = None


@dataclass(slots=True)
class _Versions:
    """Values by revision, ascending."""

    revs: list[int] = field(default_factory=list)
    values: list[Any] = field(default_factory=list)

    def put(self, n: int, value: Any) -> None:
        if not self.revs or n > self.revs[-1]:
            self.revs.append(n)
            self.values.append(value)
        else:
            at = bisect_right(self.revs, n)
            self.revs.insert(at, n)
            self.values.insert(at, value)

    def at(self, n: int, default: Any = None) -> Any:
        if self.revs and n >= self.revs[-1]:
            return self.values[-1]
        at = bisect_right(self.revs, n)
        return self.values[at - 1] if at else default


class JobTruth:
    """One job of one desktop: every revision of its row, every attempt's text."""

    def __init__(self, desktop: str, job: str, store: str) -> None:
        self.desktop, self.job, self.store = desktop, job, store
        self.session: str | None = None
        self.failed: dict[int, Entry] = {}
        self._reset()

    def _reset(self) -> None:
        self.entries: dict[int, Entry] = {}
        self.revs: list[int] = []
        self.attempts: list[Attempt] = []
        self.deleted: Entry | None = None
        self._fields: dict[str, _Versions] = {}
        self._texts = _Versions()  # of (position in `attempts`, bytes)

    def fold(self, entry: Entry) -> None:
        commit = entry.commit
        self.session = self.session or entry.op.session
        self.entries[entry.n] = entry
        insort(self.revs, entry.n)
        for name, value in commit.set.items():
            if name not in NOT_CONTENT:
                self._fields.setdefault(name, _Versions()).put(entry.n, value)
        self._fold_text(entry)
        if commit.f == "delete":
            self.deleted = entry

    def _fold_text(self, entry: Entry) -> None:
        commit = entry.commit
        new = not self.attempts or entry.attempt > self.attempts[-1].number
        if new or (commit.response is not None and commit.response.encode() != self.attempts[-1].text):
            self.attempts.append(Attempt(entry.attempt, (commit.response or "").encode()))
        if commit.chunk is not None:
            entry.chunk = self.attempts[-1].append(commit.chunk.encode(), entry.n, entry.op)
        self._texts.put(entry.n, (len(self.attempts) - 1, self.attempts[-1].length))

    def drop(self, n: int) -> None:
        """Take a commit out that did not happen: fold all others anew (rare: a crash or a failed write)."""
        gone = self.entries.get(n)
        if gone is None:
            return
        self.failed[n] = gone
        kept = [self.entries[m] for m in self.revs if m != n]
        self._reset()
        for entry in kept:
            self.fold(entry)

    def value_at(self, name: str, n: int) -> Any:
        """The column `name` as of revision `n`; None for one not set yet."""
        versions = self._fields.get(name)
        return versions.at(n) if versions is not None else None

    def columns(self) -> Iterable[tuple[str, _Versions]]:
        """Every column but `response` that was ever set, with its values by revision."""
        return self._fields.items()

    def row_at(self, n: int) -> dict[str, Any]:
        """All columns but `response` as of revision `n`."""
        return {name: versions.at(n) for name, versions in self._fields.items() if versions.revs[0] <= n}

    def text_at(self, n: int) -> tuple[int, int] | None:
        """(position in `attempts`, bytes) as of revision `n`; None before the first one."""
        found: tuple[int, int] | None = self._texts.at(n)
        return found

    def last_change(self, name: str, until: int | None = None) -> Entry | None:
        """The latest commit, up to revision `until`, that set the column `name` (`response`: that wrote text)."""
        for n in reversed(self.revs):
            if until is not None and n > until:
                continue
            commit = self.entries[n].commit
            if name in commit.set or (name == "response" and (commit.chunk or commit.response is not None)):
                return self.entries[n]
        return None


class Truth:
    """All desktops' commits, folded as they come. Jobs are keyed by (desktop's node name, job id)."""

    def __init__(self) -> None:
        self.jobs: dict[tuple[str, str], JobTruth] = {}
        self.malformed: list[int] = []  # indices of commit ops that could not be read
        self._owners: dict[tuple[str, str, int], JobTruth] = {}

    def job(self, desktop: str, job: str) -> JobTruth | None:
        return self.jobs.get((desktop, job))

    def feed(self, op: Op) -> Entry | None:
        """Fold one commit op; its entry, or None when it cannot be read."""
        try:
            commit = msgspec.convert(op.value, Commit)
        except (msgspec.MsgspecError, RecursionError, UnicodeError):
            self.malformed.append(op.index)
            return None
        if op.job is None or op.rev is None:
            self.malformed.append(op.index)
            return None
        desktop, n = op.node or op.rev.desktop, op.rev.n
        job = self._job(desktop, op.job, commit.store)
        entry = job.entries.get(n)
        if op.type == "fail":
            job.drop(n)
            return job.failed.get(n)
        if entry is None or op.type == "invoke":
            self._take(desktop, commit.store, n, job)
            entry = Entry(n, op, commit, op.attempt or 0, op.type)
            job.fold(entry)
        entry.op, entry.state = op, op.type
        return entry

    def _job(self, desktop: str, job: str, store: str) -> JobTruth:
        known = self.jobs.get((desktop, job))
        if known is None or (store and known.store != store):
            known = self.jobs[desktop, job] = JobTruth(desktop, job, store)
        return known

    def _take(self, desktop: str, store: str, n: int, job: JobTruth) -> None:
        """Revision `n` is `job`'s now: one that was begun, lost in a crash and never answered gives way."""
        former = self._owners.get((desktop, store, n))
        if former is not None:
            former.drop(n)
        self._owners[desktop, store, n] = job
