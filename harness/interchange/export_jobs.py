"""A run's jobs for Elle and Knossos: docs/exports.md says what each operation stands for, and what is left out.

`append_lines`: responses as Elle's `list-append`, one key an attempt of a job; a desktop appends chunks, everybody else
reads. `revision_lines`: one job as Knossos' `register`, whose values are the job's revisions.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple, Protocol

from checkers.linearizability import Malformed
from checkers.linearizability.values import edn
from harness.history import History, Observation, Op, text_digest
from harness.interchange.streams import NOTHING, Stream, Streams, Text

_CALLS = frozenset({"get", "list"})

_Row = dict[str, Any]


class _Lines:
    """Calls and returns, each at its place in the history, with a number for each process."""

    def __init__(self) -> None:
        self._events: list[tuple[float, int, str, str, str]] = []  # place, time, name, type, what
        self._open: dict[str, tuple[str, str]] = {}  # call → the name it was made under, and what was called
        self._last: dict[str, str] = {}  # process → its last call
        self._lives: dict[str, int] = {}  # process → how many names it has used up

    def call(self, place: float, time_ns: int, process: str, call: str, said: str) -> None:
        """A process whose last call was not answered, or by `info`, goes on under another name."""
        if self._last.get(process) in self._open:
            self._lives[process] = self._lives.get(process, 0) + 1
        name = f"{process} {self._lives.get(process, 0)}"
        self._last[process] = call
        self._open[call] = (name, said)
        self._events.append((place, time_ns, name, "invoke", said))

    def ends(self, place: float, op: Op, call: str, said: str | None = None) -> None:
        if op.type != "info" and call in self._open:
            name, asked = self._open.pop(call)
            self._events.append((place, op.time_ns, name, op.type, asked if said is None else said))

    def told(self) -> Iterator[str]:
        """What never returned is `:info` at the end."""
        events = sorted(self._events, key=lambda event: event[0])
        last_ns = max((event[1] for event in events), default=0)
        events += [(0, last_ns, name, "info", said) for name, said in self._open.values()]
        numbers: dict[str, int] = {}
        for index, (_, time_ns, name, type_, said) in enumerate(events):
            number = numbers.setdefault(name, len(numbers))
            yield f"{{:index {index}, :time {time_ns}, :type :{type_}, :process {number}, {said}}}"


class Exported(NamedTuple):
    lines: list[str]
    left_out: int  # answers that may be as old as a cache


class _Telling(Protocol):
    """What becomes of the ops of a run. Each of the first two gives what is said of it, or None: nothing."""

    def written(self, op: Op) -> str | None: ...

    def seen(self, rows: list[_Row]) -> tuple[str, str] | None:
        """The call of a read of these rows of desktops, and its return."""
        ...

    def shown(self, op: Op) -> tuple[Op, str, str] | None:
        """The same of an observation of a replica, and the op since which that could be read."""
        ...


def _export(history: History, telling: _Telling) -> Exported:
    lines, left_out = _Lines(), 0
    calls: dict[str, tuple[int, Op]] = {}  # of users
    ops = sorted(history.ops, key=lambda op: op.time_ns)
    places = {op.index: place for place, op in enumerate(ops)}
    for place, op in enumerate(ops):
        if op.f == "commit":
            call = f"{op.process} {op.rev}"
            if op.type != "invoke":
                lines.ends(place, op, call)
            elif (said := telling.written(op)) is not None:
                lines.call(place, op.time_ns, op.process, call, said)
        elif op.f in _CALLS and op.type == "invoke":
            calls[op.process] = (place, op)
        elif op.f in _CALLS or op.f == "final":
            began = calls.pop(op.process, (place - 0.5, op))
            if op.type == "ok" and _may_be_old(history, began[1], op):
                left_out += 1
            elif op.type == "ok" and (told := telling.seen(_rows(history, op))) is not None:
                lines.call(began[0], began[1].time_ns, op.process, f"{op.process} {place}", told[0])
                lines.ends(place, op, f"{op.process} {place}", told[1])
        elif op.f == "observe" and (found := telling.shown(op)) is not None:
            since, asked, said = found
            name = f"{op.process} {op.index}"
            first = min(places[since.index], place)  # a text from elsewhere may be there before anybody wrote one
            lines.call(first - 0.5, ops[first].time_ns, name, name, asked)
            lines.ends(place, op, name, said)
    return Exported(list(lines.told()), left_out)


def _may_be_old(history: History, invoke: Op, op: Op) -> bool:
    """Is it an answer of the mobile's own cache, or a list that a desktop of the `documented` profile may have kept?"""
    value = op.value if isinstance(op.value, dict) else {}
    if value.get("source") == "cache":
        return True
    params = value.get("params")
    asked_past_it = isinstance(params, dict) and params.get("bypassCache") is True
    nodes = history.header.nodes.values()
    profiles = {node.get("profile") or history.header.profile for node in nodes if node.get("role") == "desktop"}
    return op.f == "list" and "documented" in profiles and not asked_past_it


def _rows(history: History, op: Op) -> list[_Row]:
    value: dict[str, Any] = op.value if isinstance(op.value, dict) else {}
    rows: list[Any]
    if op.f == "get":
        rows = [value.get("job")]
    elif op.f == "list":
        jobs = value.get("jobs")
        rows = jobs if isinstance(jobs, list) else []
    else:
        stored = history.header.nodes.get(op.node or "", {}).get("role") == "desktop"
        jobs = value.get("jobs") if stored else None
        rows = list(jobs.values()) if isinstance(jobs, dict) else []
    return [_with_digest(row) for row in rows if isinstance(row, dict) and isinstance(row.get("id"), str)]


def _with_digest(row: _Row) -> _Row:
    """A desktop's final state has whole texts."""
    response = row.get("response")
    return {**row, "digest": text_digest(response.encode())} if isinstance(response, str) else row


def _sync(row: _Row, name: str) -> Any:
    sync = row.get("sync")
    return sync.get(name) if isinstance(sync, dict) else None


# ---- responses as lists ----------------------------------------------------------------------------------------------


def append_lines(history: History) -> Exported:
    """Raises `Malformed` for a history whose texts are no lists of chunks."""
    told = _Texts(Streams(sorted(history.ops, key=lambda op: op.time_ns)))
    if not told.streams.written:
        raise Malformed("no commit of a desktop tells a chunk: there is no text that was appended to")
    return _export(history, told)


class _Texts:
    def __init__(self, streams: Streams) -> None:
        self.streams = streams
        self._shown: dict[tuple[str, str], tuple[Stream, Text | None]] = {}  # (mobile, job) → what it shows
        self._foreign: dict[tuple[str, str], int] = {}  # (key, digest) → the number that nobody appended

    def written(self, op: Op) -> str | None:
        found = self.streams.written.get(op.index)
        return _transaction([("append", found[0].key, str(found[1].number))]) if found is not None else None

    def seen(self, rows: list[_Row]) -> tuple[str, str] | None:
        reads = [read for row in rows if (read := self._row(row)) is not None]
        return _reads(reads) if reads else None

    def shown(self, op: Op) -> tuple[Op, str, str] | None:
        seen, node, job = Observation(**op.value), op.node or "", op.job or ""
        if seen.kind == "scope":
            self._shown = {place: text for place, text in self._shown.items() if place[0] != node}
        if seen.kind in ("remove", "evict"):
            self._shown.pop((node, job), None)
        stream, before = self._shown.get((node, job), (None, None))
        if seen.digest is None or seen.kind not in ("row", "append", "patch"):
            return None
        candidates = self.streams.of(job, op.attempt)
        if not candidates:  # nobody wrote a text
            candidates = [Stream(f"{job}/{op.attempt or 1}", "", op)]
        found = next(((s, text) for s in candidates if (text := s.of_digest(seen.digest)) is not None), None)
        if seen.kind == "append" and (before is not None or seen.before == 0):
            base = candidates[0] if stream is None else stream
            text = base.applied(before or NOTHING, seen)
            found = found if text is None else (base, text)
        now, text = found if found is not None else (candidates[0], None)
        self._shown[node, job] = (now, text)
        chunks = self._chunks(now, text, seen.digest)
        if not chunks or (now is stream and text is not None and text is before):
            return None
        return (now.began, *_reads([(now.key, chunks)]))

    def _row(self, row: _Row) -> tuple[str, list[int]] | None:
        """None: no text, or one of which it is not clear whose it is."""
        digest, store, attempt = row.get("digest"), _sync(row, "store"), _sync(row, "attempt")
        candidates = self.streams.of(row["id"], attempt, store if isinstance(store, str) else "")
        if not isinstance(digest, str) or not candidates or (attempt is None and digest == NOTHING.digest):
            return None
        found = [(s, text) for s in candidates if (text := s.of_digest(digest)) is not None]
        if len(found) > 1:
            return None
        stream, text = found[0] if found else (candidates[0], None)
        return stream.key, self._chunks(stream, text, digest)

    def _chunks(self, stream: Stream, text: Text | None, digest: str) -> list[int]:
        if text is not None:
            return list(text.chunks)
        return [self._foreign.setdefault((stream.key, digest), -1 - len(self._foreign))]


def _transaction(mops: list[tuple[str, str, str]]) -> str:
    return ":f :txn, :value [" + " ".join(f"[:{f} {edn(key)} {said}]" for f, key, said in mops) + "]"


def _reads(reads: list[tuple[str, list[int]]]) -> tuple[str, str]:
    """The call and the return of a transaction that reads."""
    asked = _transaction([("r", key, "nil") for key, _ in reads])
    return asked, _transaction([("r", key, edn(chunks)) for key, chunks in reads])


# ---- revisions as a register -----------------------------------------------------------------------------------------


def revision_lines(history: History, job: str) -> Exported:
    """Raises `Malformed` for a job that is not in the history, or of whose revisions nobody was told."""
    jobs = sorted({op.job for op in history.ops if op.f == "commit" and op.job is not None})
    if job not in jobs:
        raise Malformed(f"no desktop wrote a job {job!r}; it has: {', '.join(jobs) or 'none'}")
    told = _Revisions(job)
    found = _export(history, told)
    if not told.read:
        raise Malformed(f"no answer tells the revision of job {job}: there is nothing to judge")
    return found


class _Revisions:
    def __init__(self, job: str) -> None:
        self._job = job
        self.read = False

    def written(self, op: Op) -> str | None:
        return f":f :write, :value {op.rev.n}" if op.job == self._job and op.rev is not None else None

    def seen(self, rows: list[_Row]) -> tuple[str, str] | None:
        told = next((_sync(row, "rev") for row in rows if row["id"] == self._job), None)
        if type(told) is not int:
            return None
        self.read = True
        return ":f :read, :value nil", f":f :read, :value {told}"

    def shown(self, op: Op) -> tuple[Op, str, str] | None:
        return None  # what a replica shows is older than what there is
