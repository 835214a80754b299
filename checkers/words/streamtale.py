"""How a wrong text is told: which chunk, when, what is shown and what was written."""

from __future__ import annotations

from dataclasses import dataclass

from checkers.past.ledger import Ledger, message_of
from checkers.past.truth import Attempt, Chunk, JobTruth
from checkers.words.findings import Moment, Proof, Story, ops_of, told
from checkers.words.wording import apart, decoded, detail, quoted, size
from harness.history import Op, text_digest

_WAYS = {
    "event": "took the whole row from an event",
    "get": "fetched the whole row (job.get)",
    "list": "took the whole row from a list (job.list)",
    "cache": "took the whole row from its list cache",
}


@dataclass(slots=True, frozen=True)
class Applied:
    """One step of a replica's text: after `op` it shows `top` bytes; `chunk` is what was appended, when known."""

    op: Op
    kind: str
    top: int
    chunk: Chunk | None

    def says(self, node: str) -> str:
        return f"{node} {self._did()} and shows {size(self.top)}"

    def _did(self) -> str:
        if self.kind == "append":
            return f"appended {_name(self.chunk)}"
        if self.kind == "row":
            return _WAYS.get((self.op.cause or "").partition(":")[0], "installed a whole row")
        return "changed fields" if self.kind == "patch" else "was read at the end"


class Tale:
    """One wrong text. Built when it is found (cheap), told when it is the first of its run.

    `steps` are the replica's latest, before this one; `text` is what is shown, when it is known whole.
    """

    def __init__(
        self,
        ledger: Ledger,
        reason: str,
        job: JobTruth,
        position: int,
        *,
        now: Applied,
        steps: list[Applied],
        text: bytes | None = None,
    ) -> None:
        self.reason = reason
        self._ledger, self._job, self._position, self._now, self._steps = ledger, job, position, now, steps
        self._text = text
        self._written = job.attempts[position].length
        self._missing = self._first_missing() if reason == "gap" else None
        self._first = self._first_application() if reason == "double-append" else None
        self._later: Applied | None = None
        self._node = now.op.node or ""

    @property
    def _top(self) -> int:
        return self._steps[-1].top if self._steps else 0

    @property
    def _attempt(self) -> Attempt:
        return self._job.attempts[min(self._position, len(self._job.attempts) - 1)]

    def _first_missing(self) -> Chunk | None:
        return self._attempt.chunk_from(self._top)

    def _first_application(self) -> Applied | None:
        return first_application(self._steps, self._now.chunk) if self._now.chunk is not None else None

    # ---- out of order -----------------------------------------------------------------------------------------------

    def fills(self, start: int, end: int) -> bool:
        """Do these bytes hold the chunk that was missing?"""
        return self._missing is not None and start <= self._missing.start < end

    def filled_by(self, later: Applied) -> None:
        self.reason, self._later = "reorder", later

    # ---- what is told -----------------------------------------------------------------------------------------------

    def evidence(self) -> list[Op]:
        return ops_of(self._sentences())

    def tell(self) -> Story:
        expected = self._attempt.text[: self._written]
        shown = self._shown_text()
        details = {
            "job": self._job.job,
            "node": self._node,
            "expected_text": detail(expected),
            "shown_text": detail(shown),
            "story": told(self._sentences()),
        }
        return Story(f"{self._headline()} {self._compared(expected, shown)}", details)

    def _headline(self) -> str:
        chunk, job, node = _name(self._now.chunk), self._job.job, self._node
        missing = _name(self._missing)
        words = {
            "double-append": f"{node} appended {chunk} of job {job} {self._twice()}",
            "gap": f"{node} appended {chunk} of job {job} without {missing}",
            "reorder": f"{node} appended {chunk} of job {job} before {missing}",
            "shrunk": f"{node} shows less of job {job} than before, within one attempt",
            "mixed-attempts": f"{node} shows text of one attempt of job {job} as another's",
            "wrong-length": f"{node} shows a text of job {job} of the wrong length",
            "foreign-bytes": f"{node} shows text of job {job} that {self._job.desktop} never wrote",
        }
        return words[self.reason]

    def _twice(self) -> str:
        whole = self._first is not None and self._first.kind == "row"
        return "twice (first within a whole row)" if whole else "twice"

    def _compared(self, expected: bytes, shown: bytes | None) -> str:
        at, desktop = self._ledger.at(self._now.op.time_ns), self._job.desktop
        if shown is None:
            return f"at {at}: {size(self._now.top)} are shown, {desktop} had written {size(len(expected))}"
        if self.reason == "shrunk":
            return f"at {at}: {size(self._top)} were shown, now {quoted(decoded(shown))} ({size(len(shown))})"
        if shown == expected:  # equal contents: only the offsets tell
            return f"at {at}: it shows {quoted(decoded(shown))}, right by coincidence"
        right, wrong = apart(decoded(expected), decoded(shown))
        sizes = size(len(shown)), size(len(expected))
        return f"at {at}: it shows {wrong} ({sizes[0]}) where {desktop} had written {right} ({sizes[1]})"

    def _shown_text(self) -> bytes | None:
        """The text shown: known, or rebuilt from commits and confirmed by its digest, or read at the end."""
        if self._text is not None:
            return self._text
        seen = self._now.op.value if isinstance(self._now.op.value, dict) else {}
        added = self._now.chunk.data if self._now.chunk is not None and self._now.kind == "append" else b""
        trials = [a.text[:top] + added for a in self._job.attempts for top in (self._top, self._now.top - len(added))]
        trials.append(self._ledger.final_text(self._node, self._job.job) or b"")
        return next((t for t in trials if len(t) == self._now.top and text_digest(t) == seen.get("digest")), None)

    def _sentences(self) -> list[tuple[Proof, str]]:
        """One sentence per op that proves it, in time order."""
        now, node = self._now, self._node
        before = self._first or (self._steps[-1] if self._steps else None)
        story: list[tuple[Proof, str]] = []
        for chunk in (self._missing, now.chunk):
            if chunk is not None:
                story.append((chunk.op, f"{self._job.desktop} wrote {_whole(chunk)}"))
        if before is not None:
            story.append((before.op, before.says(node)))
        story.sort(key=lambda item: item[0].time_ns if item[0] is not None else 0)
        if self.reason == "double-append":
            story += self._redelivered()
        story.append((now.op, self._ending()))
        if self._later is not None:
            story.append((self._later.op, f"{node} appended {_name(self._later.chunk)} after it"))
        return story

    def _redelivered(self) -> list[tuple[Moment, str]]:
        message = message_of(self._now.op.cause)
        times = self._ledger.deliveries(self._node, message, self._now.op.time_ns)
        last_ns = self._ledger.last_delivery_ns(self._node, message, self._now.op.time_ns)
        if times < 2 or last_ns is None:
            return []
        seen = Moment(last_ns, self._node, msg=message)
        return [(seen, f"the relay's link delivered {_name(self._now.chunk)} to {self._node} {times} times")]

    def _ending(self) -> str:
        now, node = self._now, self._node
        if self.reason == "double-append" and now.kind == "append":
            return f"{node} appended {_name(now.chunk)} a second time and shows {size(now.top)}"
        if self._missing is not None and now.kind == "append":
            return f"{node} appended {_name(now.chunk)} without {_name(self._missing)} and shows {size(now.top)}"
        return now.says(node)


def first_application(steps: list[Applied], chunk: Chunk) -> Applied | None:
    """What first brought the bytes of `chunk`; an empty chunk has none, and is known by its revision."""
    if not chunk.data:
        return next((s for s in steps if s.chunk is not None and s.chunk.n == chunk.n), None)
    return next((s for s in steps if s.top >= chunk.end), None)


def misfit(attempt: Attempt, data: bytes) -> tuple[str, Chunk | None]:
    """Why `data` is no prefix of the attempt's text, from contents alone, and the chunk that is in the wrong place."""
    text = attempt.text
    common = next((i for i, (x, y) in enumerate(zip(text, data, strict=False)) if x != y), min(len(text), len(data)))
    for top in sorted({0, *(c.end for c in attempt.chunks if c.end <= common)}, reverse=True)[:3]:
        rest = data[top:]
        fits = [c for c in attempt.chunks if c.data and rest.startswith(c.data)]
        twice = next((c for c in reversed(fits) if c.end <= top), None)
        if twice is not None:
            return "double-append", twice
        late = next((c for c in fits if c.start > top), None)
        if late is not None:
            return "gap", late
    return "foreign-bytes", None


def _name(chunk: Chunk | None) -> str:
    return f"chunk {chunk.number}" if chunk is not None else "a chunk"


def _whole(chunk: Chunk) -> str:
    return f"{_name(chunk)} {quoted(decoded(chunk.data))} ({size(len(chunk.data))})"
