"""Responses as lists of chunks: which chunks, one after the other, are the text that somebody saw?

A history tells the chunks as the desktops committed them, and of what was seen only length and digest. So every text
that was committed at some time is known by its digest, and a replica's own, which may be none of these, is worked out
apply by apply: each guess is held against the digest.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from checkers.linearizability import Malformed
from harness.history import Observation, Op


class Text:
    """Chunks, by number, put together."""

    __slots__ = ("_hash", "chunks", "length")

    def __init__(self, chunks: tuple[int, ...] = (), length: int = 0, hash_: Any = None) -> None:
        self.chunks, self.length = chunks, length
        self._hash = hash_ or hashlib.blake2b(digest_size=8)

    def then(self, chunk: Chunk) -> Text:
        longer = self._hash.copy()
        longer.update(chunk.data)
        return Text((*self.chunks, chunk.number), self.length + len(chunk.data), longer)

    @property
    def digest(self) -> str:
        """As `harness.history.text_digest` has it."""
        return str(self._hash.hexdigest())


NOTHING = Text()


@dataclass(frozen=True, slots=True)
class Chunk:
    number: int  # from 1, in its stream
    start: int  # bytes, in the response
    data: bytes

    @property
    def end(self) -> int:
        return self.start + len(self.data)


@dataclass(slots=True)
class Stream:
    """One attempt's response in one store. `began`: the op that wrote its first chunk."""

    key: str
    store: str
    began: Op
    chunks: list[Chunk] = field(default_factory=list)
    over: bool = False  # another one of the same attempt has begun
    _path: list[Text] = field(default_factory=lambda: [NOTHING])
    _known: dict[str, Text] = field(default_factory=lambda: {NOTHING.digest: NOTHING})

    def write(self, op: Op, start: int | None, data: bytes) -> Chunk:
        """A chunk that begins before the end of another one shows that the latter did not happen.

        Raises `Malformed` where what comes before it is missing."""
        path = self._path
        begin = path[-1].length if start is None else start
        while path[-1].length > begin:
            path.pop()
        if path[-1].length < begin:
            raise Malformed(
                f"op {op.index}: a chunk of job {op.job} begins at byte {begin} of its response, of which only "
                f"{path[-1].length} were committed before: the history lacks the beginning, or a commit that wrote text"
            )
        chunk = Chunk(len(self.chunks) + 1, begin, data)
        self.chunks.append(chunk)
        path.append(path[-1].then(chunk))
        self._known[path[-1].digest] = path[-1]
        return chunk

    def of_digest(self, digest: str) -> Text | None:
        return self._known.get(digest)

    def applied(self, before: Text, seen: Observation) -> Text | None:
        """What an append made of `before`: with the chunks that end where it says, if it says so; else what is nearest
        to a text that was committed."""
        digest = str(seen.digest)
        found = self._joined(before, seen) if seen.end is not None else None
        if found is None:
            found = self._known.get(digest)
        if found is None:
            guesses = (before.then(c) for c in self.chunks if len(c.data) == seen.length)
            found = next((guess for guess in guesses if guess.digest == digest), None)
        if found is not None:
            self._known.setdefault(digest, found)  # another text of the same letters stays what it is taken for
        return found

    def _joined(self, before: Text, seen: Observation) -> Text | None:
        """One event may carry several chunks, one after the other."""
        end = seen.end or 0
        begin, text = end - (seen.length or 0), before
        for chunk in self.chunks:
            if begin <= chunk.start and chunk.end <= end and text.length - before.length == chunk.start - begin:
                text = text.then(chunk)
        return text if text.digest == seen.digest else None


class Streams:
    """All responses of a history."""

    def __init__(self, ops: Iterable[Op]) -> None:
        self._of_job: dict[str, list[tuple[int | None, Stream]]] = {}
        self.written: dict[int, tuple[Stream, Chunk]] = {}  # index of the commit's invoke
        stores: list[str] = []
        for op in ops:
            value = op.value
            if op.f != "commit" or op.type != "invoke" or op.job is None or not isinstance(value, dict):
                continue
            if value.get("response"):
                raise Malformed(f"op {op.index}: a commit replaces the response of job {op.job}, which no append does")
            chunk, store = value.get("chunk"), str(value.get("store") or "")
            if "response" in value:
                for stream in self.of(op.job, op.attempt, store):
                    stream.over = True
            if store not in stores:
                stores.append(store)
            if isinstance(chunk, str) and chunk:  # an empty one changes nothing that anybody could read
                stream = self._stream(op, store, stores.index(store))
                start = value.get("start")
                written = stream.write(op, start if type(start) is int else None, chunk.encode())
                self.written[op.index] = (stream, written)

    def of(self, job: str, attempt: Any, store: str = "") -> list[Stream]:
        """Those that a text of this job may be of, the latest first. Attempt None, store "": not known."""
        return [
            stream
            for number, stream in reversed(self._of_job.get(job, []))
            if attempt in (None, number) and store in ("", stream.store)
        ]

    def _stream(self, op: Op, store: str, number: int) -> Stream:
        known = self._of_job.setdefault(str(op.job), [])
        for attempt, stream in known:
            if attempt == op.attempt and stream.store == store and not stream.over:
                return stream
        key = f"{op.job}/{1 if op.attempt is None else op.attempt}" + (f"@{number + 1}" if number else "")
        again = sum(stream.over for attempt, stream in known if attempt == op.attempt and stream.store == store)
        stream = Stream(key + (f"~{again + 1}" if again else ""), store, op)
        known.append((op.attempt, stream))
        return stream
