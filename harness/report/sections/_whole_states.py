"""What a node held of a job before an operation and after it: its status, its progress, its text, its revision.

The desktop's side are its commits folded; the mobile's are its observations, which say how long its text is and its
digest, not the text. That is found among what the desktop wrote, or made of what was shown before and the chunk that
was appended; one that is neither is told as unknown.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from checkers.past.ledger import Ledger, Sight
from checkers.past.truth import Attempt, JobTruth
from harness.history import Header, Op, text_digest
from harness.report.sections._whole_values import cut

_TAIL = 40  # letters of a text that are shown
_LONGEST = 1 << 20  # bytes of a text that nobody wrote, which is made again
_FATES = {"remove": "deleted", "evict": "left with its scope"}


@dataclass(frozen=True, slots=True)
class State:
    """`size`: bytes of the text, -1 when nobody says. `tail`: its last letters, None when they are not known."""

    status: str = ""
    progress: str = ""
    size: int = -1
    tail: str | None = None
    rev: int = 0
    attempt: int = 0
    fate: str = ""  # why the job is not there any more; empty while it is


@dataclass(slots=True)
class _Shown:
    """One job on one screen. `whole`: its text, if it is none that the desktop wrote (and known)."""

    state: State
    part: tuple[Attempt, int] | None = None
    whole: bytes | None = None

    def text(self) -> bytes | None:
        if self.part is not None:
            return self.part[0].text[: self.part[1]]
        return self.whole


@dataclass
class States:
    """Fed every commit and observation in time order, it says what its node held of the job before and after."""

    header: Header
    _ledger: Ledger = field(init=False)
    _stored: dict[tuple[str | None, str], State] = field(default_factory=dict)
    _shown: dict[tuple[str, int], dict[str, _Shown]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._ledger = Ledger(self.header)

    def feed(self, op: Op) -> tuple[State | None, State | None]:
        self._ledger.feed(op)
        if op.f == "commit":
            return self._commit(op)
        sight = self._ledger.sight
        return (None, None) if sight is None else self._observe(op, sight)

    # ---- desktops ---------------------------------------------------------------------------------------------------

    def _commit(self, op: Op) -> tuple[State | None, State | None]:
        if op.job is None or op.rev is None:
            return None, None
        key = (op.node, op.job)
        before = self._stored.get(key)
        job = self._ledger.truth.job(op.node or op.rev.desktop, op.job)
        entry = job.entries.get(op.rev.n) if job is not None else None
        if job is None or entry is None:  # it failed, and was taken out again
            return before, before
        after = self._stored[key] = _row(job, op.rev.n, "deleted" if entry.commit.f == "delete" else "")
        return before, after

    def failed(self, op: Op, before: State | None) -> None:
        """A commit that began did not happen: the row is what it was."""
        self._ledger.feed(op)
        if op.job is not None and before is not None:
            self._stored[op.node, op.job] = before
        elif op.job is not None:
            self._stored.pop((op.node, op.job), None)

    # ---- mobiles ----------------------------------------------------------------------------------------------------

    def _observe(self, op: Op, sight: Sight) -> tuple[State | None, State | None]:
        screen = self._shown.setdefault(sight.replica, {})
        if sight.seen.kind == "scope":
            screen.clear()
        if op.job is None:
            return None, None
        before = screen.get(op.job)
        now = screen[op.job] = _seen(op, sight, before)
        return (before.state if before is not None else None), now.state


def _seen(op: Op, sight: Sight, before: _Shown | None) -> _Shown:
    seen = sight.seen
    former = before.state if before is not None else State()
    rev = op.rev.n if op.rev is not None else former.rev
    if seen.kind in _FATES:
        return _Shown(State(rev=rev, fate=_FATES[seen.kind]))
    state = replace(former, fate="", rev=rev, attempt=op.attempt or former.attempt)
    if "status" in seen.set:
        state = replace(state, status=_short(seen.set["status"]))
    if "metadata" in seen.set:
        state = replace(state, progress=_progress(seen.set["metadata"]))
    if seen.bytes is None:
        return _Shown(state) if before is None else replace_state(before, state)
    part = _part(sight.job, seen.bytes, seen.digest)
    whole = None if part is not None else _appended(op, sight, before)
    tail = _tail(*part) if part is not None else _letters(whole) if whole is not None else None
    return _Shown(replace(state, size=seen.bytes, tail=tail), part, whole)


def replace_state(shown: _Shown, state: State) -> _Shown:
    return _Shown(state, shown.part, shown.whole)


def _part(job: JobTruth | None, size: int, digest: str | None) -> tuple[Attempt, int] | None:
    """The attempt whose text begins with what is shown."""
    if job is None or digest is None:
        return None
    found = (a for a in reversed(job.attempts) if a.digest_at(size) == digest)
    attempt = next(found, None)
    return (attempt, size) if attempt is not None else None


def _appended(op: Op, sight: Sight, before: _Shown | None) -> bytes | None:
    """What was shown before and the chunk of this revision, if that is what is shown now."""
    seen, former = sight.seen, before.text() if before is not None else None
    entry = sight.job.entries.get(op.rev.n) if sight.job is not None and op.rev is not None else None
    added = entry.chunk.data if seen.kind == "append" and entry is not None and entry.chunk is not None else b""
    if former is None or len(former) + len(added) != seen.bytes or seen.bytes > _LONGEST:
        return None
    return former + added if text_digest(former + added) == seen.digest else None


def _row(job: JobTruth, n: int, fate: str) -> State:
    at = job.text_at(n)
    part = (job.attempts[at[0]], at[1]) if at is not None and at[0] < len(job.attempts) else None
    return State(
        status=_short(job.value_at("status", n)),
        progress=_progress(job.value_at("metadata", n)),
        size=part[1] if part is not None else -1,
        tail=_tail(*part) if part is not None else None,
        rev=n,
        attempt=part[0].number if part is not None else 0,
        fate=fate,
    )


def _progress(metadata: Any) -> str:
    stream = metadata.get("stream") if isinstance(metadata, dict) else None
    return _short(stream.get("progress")) if isinstance(stream, dict) else ""


def _short(value: Any) -> str:
    return "" if value is None else cut(str(value), _TAIL)


def _tail(attempt: Attempt, size: int) -> str:
    """The end of the first `size` bytes; O(1) where a text is still growing."""
    if size != attempt.length:
        return _letters(attempt.text[:size])
    found: list[bytes] = []
    for chunk in reversed(attempt.chunks):
        found.append(chunk.data)
        if sum(map(len, found)) > _TAIL * 4:
            return _letters(b"".join(reversed(found)), more=True)
    return _letters(attempt.text)


def _letters(data: bytes, *, more: bool = False) -> str:
    most = _TAIL * 4
    cut_off = len(data) > most
    text = data[-most:].decode(errors="replace")
    if cut_off or more or len(text) > _TAIL:
        return "…" + text[-_TAIL:]
    return text
