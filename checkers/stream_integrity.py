"""The text shown is always a prefix of what the desktop wrote.

Every application of a chunk is known by where its bytes stand in the source. With `end` the source's end offset,
`start = end - length` and `top` the bytes shown so far, an application with `end <= top` is a chunk twice, one with
`start > top` leaves a hole. Content alone cannot tell (“a”, “a”), so offsets come from the desktop's commits; but the
text is compared as well, by length and digest, since lengths can agree where texts do not.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from checkers import Checker, Judge, Level
from checkers.past.ledger import Reader, Replica, Sight, jobs_of
from checkers.past.phases import Counted
from checkers.past.truth import Attempt, Chunk, JobTruth
from checkers.words.findings import Finding, Findings
from checkers.words.streamtale import Applied, Tale, first_application, misfit
from harness.history import Header, Observation, Op
from harness.verdict import CheckResult

_STEPS = 4096  # of one text, kept to say when a chunk came first


class _StreamIntegrity:
    NAME = "stream-integrity"
    GUARANTEE = (
        "At every moment the replica's response is a prefix of what the desktop wrote in that attempt: no chunk twice, "
        "none missing, none out of order, no foreign bytes, never shorter within one attempt."
    )
    NEEDS = Level.L1
    FEEDS: frozenset[str] | None = frozenset({"observe", "final"})
    REASONS: Mapping[str, str] = {
        "double-append": "A chunk was appended twice.",
        "gap": "A chunk was appended although one before it is missing.",
        "reorder": "A chunk was appended before an earlier one.",
        "foreign-bytes": "The text shown was never written by the desktop.",
        "shrunk": "The text became shorter within one attempt.",
        "wrong-length": "A length stated or shown is not that of the text.",
        "mixed-attempts": "Text of one attempt is shown as, or extended by, another's.",
    }
    EXAMPLE = "stream-integrity"
    ANOMALY = 'd:+a d:a"He" d:a"llo" m:a=1 m:a@2 m:a@3 m:a@3'
    INNOCENT = 'd:+a d:a"He" d:a"llo" m:a=1 m:a@2 m:a@3 m:a=3'

    def begin(self, header: Header, params: Mapping[str, Any]) -> Judge:
        return _Judge()


CHECKER: Checker = _StreamIntegrity()


@dataclass(slots=True)
class _Shown:
    """What a replica shows of one job. `top`: bytes of its text. `position`: of the attempt, in the job's list."""

    position: int
    visit: int
    attempt: int | None = None  # as the newest observation names it
    top: int = 0
    digest: str | None = None
    steps: list[Applied] = field(default_factory=list)  # how the text came to be
    wrong: bool = False  # the text is no prefix: further appends prove nothing
    hole: tuple[Finding, Tale] | None = None


@dataclass(slots=True, frozen=True)
class _Look:
    """A text being judged: `size` bytes of the attempt at `position`; `right`: they are a prefix of it."""

    sight: Sight
    job: JobTruth
    position: int
    size: int
    right: bool


@dataclass(slots=True, frozen=True)
class _Range:
    """Where appended bytes stand in the source; `chunk` when a commit explains them."""

    start: int
    end: int
    chunk: Chunk | None


class _Judge(Reader):
    def __init__(self) -> None:
        self._findings = Findings(CHECKER.NAME)
        self._shown: dict[Replica, dict[str, _Shown]] = {}
        self._judged = Counted("texts", "no replica showed any text")

    def feed(self, op: Op) -> None:
        if op.f == "final":
            self._read_final(op)
        elif (sight := self.ledger.sight) is not None:
            self._observe(sight)

    def finish(self) -> CheckResult:
        return self._findings.result({"texts": self._judged.total}, self._judged)

    def _add(self, reason: str, job: JobTruth, position: int, now: Applied, shown: _Shown | None, **more: Any) -> None:
        steps = list(shown.steps) if shown else []
        tale = Tale(self.ledger, reason, job, position, now=now, steps=steps, **more)
        finding = self._findings.add(reason, now.op, tale.evidence(), tale.tell)
        if shown is not None:
            shown.hole = (finding, tale) if reason == "gap" else None

    # ---- observations -----------------------------------------------------------------------------------------------

    def _observe(self, sight: Sight) -> None:
        kind, job = sight.seen.kind, sight.job
        jobs = self._shown.setdefault(sight.replica, {})
        if kind == "scope":
            jobs.clear()
        elif kind in ("remove", "evict"):
            jobs.pop(sight.op.job or "", None)
        elif job is not None and job.attempts and sight.seen.bytes is not None:
            self._judged.add(self.ledger.phase, bool(sight.seen.bytes) or kind == "append")
            self._judge_text(sight, job, sight.seen.bytes, jobs)

    def _judge_text(self, sight: Sight, job: JobTruth, size: int, jobs: dict[str, _Shown]) -> None:
        seen = sight.seen
        shown = jobs.get(job.job)
        if shown is None or shown.visit != seen.visit or shown.position >= len(job.attempts):
            shown = jobs[job.job] = _Shown(_position(sight, job, None), seen.visit, top=seen.before or 0)
        position = _position(sight, job, shown)
        attempt = job.attempts[position]
        digest = seen.digest if seen.digest is not None else attempt.digest_at(size)
        look = _Look(sight, job, position, size, digest is not None and attempt.is_prefix(size, digest))
        if seen.kind == "append":
            self._judge_append(look, shown)
        elif position != shown.position or (size, digest) != (shown.top, shown.digest):
            self._judge_whole(look, shown)
        shown.position, shown.top, shown.digest, shown.wrong = position, size, digest, not look.right
        shown.attempt = sight.op.attempt

    def _judge_whole(self, look: _Look, shown: _Shown) -> None:
        """A row, or fields: the text as a whole is right or not."""
        now = Applied(look.sight.op, look.sight.seen.kind, look.size, None)
        same = look.position == shown.position
        if not look.right and not (shown.wrong and same):
            self._add(_whole_reason(look), look.job, look.position, now, shown)
        elif look.right and same and look.size < shown.top and not shown.wrong:
            self._add("shrunk", look.job, look.position, now, shown)
        shown.steps, shown.hole = [now], None

    def _judge_append(self, look: _Look, shown: _Shown) -> None:
        where = _range(look, shown)
        now = Applied(look.sight.op, "append", look.size, where.chunk if where else None)
        if _fill_hole(shown, now, where) or shown.wrong:
            pass  # told already
        elif reason := _append_reason(look, where, shown):
            self._add(reason, look.job, look.position, now, shown)
        if len(shown.steps) < _STEPS:
            shown.steps.append(now)

    # ---- the end ----------------------------------------------------------------------------------------------------

    def _read_final(self, op: Op) -> None:
        """The texts of the final state, which no observation need have announced."""
        node = op.node or ""
        if self.ledger.header.nodes.get(node, {}).get("role") != "mobile":
            return
        replica = (node, self.ledger.incarnations.get(node, op.incarnation))
        for name, row in jobs_of(op.value).items():
            job = self.ledger.job_named(node, name)
            text = row.get("response")
            shown = self._shown.get(replica, {}).get(name)
            if job is not None and job.attempts and isinstance(text, str) and not (shown and shown.wrong):
                self._judge_final(op, job, row, text.encode("utf-8", errors="replace"), shown)

    def _judge_final(self, op: Op, job: JobTruth, row: Mapping[str, Any], data: bytes, shown: _Shown | None) -> None:
        if data and (shown is None or shown.top != len(data)):  # else it was judged when it was shown
            self._judged.add(self.ledger.phase)
        sync = row.get("sync")
        number = sync.get("attempt") if isinstance(sync, dict) else None
        attempts = [a for a in job.attempts if a.number == number] or job.attempts
        if not any(a.text.startswith(data) for a in attempts):
            reason, chunk = misfit(attempts[-1], data)
            now = Applied(op, "final", len(data), chunk)
            self._add(reason, job, job.attempts.index(attempts[-1]), now, shown, text=data)


def _append_reason(look: _Look, where: _Range | None, shown: _Shown) -> str | None:
    """Why this application is wrong, or None. Offsets first: they tell what equal contents cannot."""
    if _goes_back(look, shown):
        return "mixed-attempts"
    if shown.position != look.position and shown.top:
        return None if look.right else "mixed-attempts"
    if where is not None:
        if _is_known(where, shown):
            return "double-append"
        if where.start > shown.top:
            return "gap"
    seen = look.sight.seen
    if not look.right:
        honest = seen.length in (None, look.size - shown.top) and seen.before in (None, shown.top)
        return "foreign-bytes" if honest else "wrong-length"
    stated_wrong = where is not None and where.chunk is not None and seen.end not in (None, where.chunk.end)
    return "wrong-length" if stated_wrong else None


def _goes_back(look: _Look, shown: _Shown) -> bool:
    """Does a chunk of a former attempt extend what is shown as a later one's? Both must say whose they are."""
    numbers = [attempt.number for attempt in look.job.attempts]
    now, before = look.sight.op.attempt, shown.attempt
    return now in numbers and before in numbers and look.position < shown.position


def _is_known(where: _Range, shown: _Shown) -> bool:
    """Are these bytes shown already? An empty chunk has none: its revision tells."""
    if where.end > where.start:
        return where.end <= shown.top
    return where.chunk is not None and first_application(shown.steps, where.chunk) is not None


def _fill_hole(shown: _Shown, now: Applied, where: _Range | None) -> bool:
    """Does this hold the chunk that was missing, perhaps among others? Then it was not lost, but out of order."""
    if shown.hole is None or where is None or where.chunk is None:
        return False
    finding, tale = shown.hole
    if not tale.fills(where.start, where.end):
        return False
    tale.filled_by(now)
    finding.reason = tale.reason
    finding.evidence.append(now.op)
    shown.hole = None
    return True


def _position(sight: Sight, job: JobTruth, shown: _Shown | None) -> int:
    """Which attempt's text is to be shown now: the one the observation names, else the one its text is of."""
    attempts, seen = job.attempts, sight.seen
    fits = [
        i for i, a in enumerate(attempts) if seen.bytes is not None and seen.digest == a.digest_at(seen.bytes)
    ] or range(len(attempts))
    named = [i for i, a in enumerate(attempts) if a.number == sight.op.attempt]
    if named:
        return max(set(named) & set(fits), default=named[-1])
    known = shown.position if shown is not None else len(attempts) - 1
    return known if known in fits else max(fits)


def _range(look: _Look, shown: _Shown) -> _Range | None:
    """Where the appended bytes stand: by the revision's commit, by the stated end, at last by trying chunks.

    A message that states no end is legacy: the revision then shown is that of an earlier message.
    """
    seen, rev, attempt = look.sight.seen, look.sight.op.rev, look.job.attempts[look.position]
    entry = look.job.entries.get(rev.n) if rev is not None and seen.end is not None else None
    if entry is not None and entry.chunk is not None and entry.attempt == attempt.number:
        return _Range(_batch_start(attempt, entry.chunk, seen.length), entry.chunk.end, entry.chunk)
    if seen.end is not None and seen.length is not None:
        chunk = next((c for c in attempt.chunks if c.end == seen.end), None)
        return _Range(seen.end - seen.length, seen.end, chunk)
    return _by_text(seen, attempt, shown.top) if not (look.right or shown.wrong) else None


def _batch_start(attempt: Attempt, chunk: Chunk, length: int | None) -> int:
    """Where a message that ends with `chunk` begins: at the chunk, or at an earlier one that it carries as well."""
    start = chunk.end - (length or 0)
    return start if start < chunk.start and any(c.start == start for c in attempt.chunks) else chunk.start


def _by_text(seen: Observation, attempt: Attempt, top: int) -> _Range | None:
    """A legacy chunk says nothing of itself. When the text is wrong, find the chunk that makes it so."""
    before = hashlib.blake2b(attempt.text[:top], digest_size=8)
    for chunk in attempt.chunks:
        if chunk.data and top + len(chunk.data) == seen.bytes:
            trial = before.copy()
            trial.update(chunk.data)
            if trial.hexdigest() == seen.digest:
                return _Range(chunk.start, chunk.end, chunk)
    return None


def _whole_reason(look: _Look) -> str:
    seen = look.sight.seen
    others = [a for i, a in enumerate(look.job.attempts) if i != look.position]
    if seen.bytes and seen.digest and any(a.is_prefix(seen.bytes, seen.digest) for a in others):
        return "mixed-attempts"
    return "foreign-bytes"
