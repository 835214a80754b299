"""Journals, client calls and taps become one history, line by line, while the run goes on.

Every op is encoded the moment it is recorded: what checkers read later is what stood in the file, and no component
can change it afterwards. With a directory, lines are written unbuffered, so that a killed harness leaves a readable
prefix; `close` adds the closing line and replaces the file by its gzip.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from harness.history import (
    Header,
    History,
    Op,
    OpType,
    Rev,
    Tap,
    encode_end,
    encode_header,
    encode_op,
    encode_tap,
    gzip_deterministic,
)
from harness.store import StoreProblem

_OBSERVE_OP_FIELDS = ("job", "session", "rev", "attempt", "cause")
_OPEN_NAME, _DONE_NAME, _TAPS_NAME = "history.jsonl", "history.jsonl.gz", "messages.jsonl.gz"


OPS_CAP = 300_000  # of one run; a minute of 20 calls a second makes a few ten thousand


class Recorder:
    """One run's history. Recording never raises: components record too, and must not fail for the harness.

    A write that fails is kept in `problem` and ends the writing; `raise_problem` tells the conductor. After `OPS_CAP`
    ops, or messages, nothing more is recorded: such a run never ends by itself, and the conductor is told.
    """

    def __init__(self, now_ns: Callable[[], int], directory: Path | None = None) -> None:
        self._now_ns = now_ns
        self._directory = directory
        self._fd: int | None = None
        self._lines: list[bytes] = []
        self._taps: list[Tap] = []
        self._begun: dict[tuple[str, str, int], Op] = {}
        self._incarnations: dict[str, int] = {}  # of nodes that were restarted
        self.header: Header | None = None
        self.problem: str | None = None
        self.complaints: list[str] = []  # of journal lines that nobody can read
        self.overfull = False
        self.when_overfull: Callable[[], object] | None = None  # called once
        self.when_op: Callable[[Op], object] | None = None  # called with each
        self.when_tap: Callable[[Tap], object] | None = None
        self.completed = 0  # client calls that returned, in whatever way

    # ---- life -----------------------------------------------------------------------------------------------------

    def bind_clock(self, now_ns: Callable[[], int]) -> None:
        """Ops from now on carry this clock's time (the runtime's, once it runs)."""
        self._now_ns = now_ns

    def begin(self, header: Header) -> None:
        """Write the header, and after it what nodes journaled while they started."""
        self.header = header
        if self._directory is not None:
            try:
                flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
                self._fd = os.open(self._directory / _OPEN_NAME, flags, 0o644)
            except OSError as exc:
                self._fail(exc)
        self._write(encode_header(header))
        self._write(b"".join(self._lines))

    def close(self, *, complete: bool) -> None:
        """End the history; only a complete one gets its closing line. Raises `StoreProblem`."""
        if self._directory is None or self.header is None:
            return
        end = encode_end(len(self._lines)) if complete else b""
        self._write(end)
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None
        self.raise_problem()
        try:
            self._replace(_DONE_NAME, self.encoded(complete=complete))
            (self._directory / _OPEN_NAME).unlink()
            self._replace(_TAPS_NAME, b"".join(encode_tap(t) for t in self._taps))
        except OSError as exc:
            self._fail(exc)
        self.raise_problem()

    def encoded(self, *, complete: bool) -> bytes:
        """The whole history as the file would hold it."""
        assert self.header is not None
        end = [encode_end(len(self._lines))] if complete else []
        return b"".join([encode_header(self.header), *self._lines, *end])

    def encoded_taps(self) -> bytes:
        return b"".join(encode_tap(t) for t in self._taps)

    def history(self, *, complete: bool, cut_by: str = "") -> History | None:
        """What was recorded, in time order; None when the system never started. `cut_by`: what ended it early."""
        if self.header is None:
            return None
        decode = msgspec.json.Decoder(Op).decode
        ops = [decode(line) for line in self._lines]
        ops.sort(key=lambda op: op.time_ns)
        self._taps.sort(key=lambda tap: tap.time_ns)
        problem = None if complete else f"the run was ended by a {cut_by}" if cut_by else "the run was interrupted"
        return History(header=self.header, ops=ops, complete=complete, problem=problem, taps=self._taps)

    def raise_problem(self) -> None:
        if self.problem is not None:
            raise StoreProblem(self.problem)

    # ---- what is recorded -------------------------------------------------------------------------------------------

    def op(self, process: str, type_: OpType, f: str, **fields: Any) -> None:
        """Record one op now."""
        self._add(Op(index=0, time_ns=self._now_ns(), process=process, type=type_, f=f, **fields))

    def tap(self, tap: Tap) -> None:
        if len(self._taps) >= OPS_CAP:
            self._overflow()
            return
        self._taps.append(tap)
        if self.when_tap is not None:
            self.when_tap(tap)

    def journal(self, node: str, line: str, fields: dict[str, Any], time_ns: int) -> None:
        """Record a journal line as the op that docs/journal.md maps it to."""
        try:
            for op in _CONVERTERS.get(line, _other)(self, node, line, fields, time_ns):
                op.incarnation = self._incarnations.get(node, 0)
                self._add(_sound(op))
        except _UNREADABLE as exc:
            if not any(node in said for said in self.complaints):  # one line of a node says it
                told = f"{type(exc).__name__}: {exc}"[:_MOST_TOLD]
                self.complaints.append(f"{node} wrote a journal line {line[:40]!r} that is none ({told})")

    def _add(self, op: Op) -> None:
        if len(self._lines) >= OPS_CAP:
            self._overflow()
            return
        op.index = len(self._lines)
        encoded = encode_op(op)
        self._lines.append(encoded)
        if self.header is not None:
            self._write(encoded)
        if self.when_op is not None:
            self.when_op(op)

    def _overflow(self) -> None:
        if not self.overfull:
            self.overfull = True
            if self.when_overfull is not None:
                self.when_overfull()

    def _write(self, data: bytes) -> None:
        if self._fd is None or not data:
            return
        try:
            view = memoryview(data)
            while view:
                view = view[os.write(self._fd, view) :]
        except OSError as exc:
            self._fail(exc)
            os.close(self._fd)
            self._fd = None

    def _replace(self, name: str, data: bytes) -> None:
        assert self._directory is not None
        part = self._directory / f".{name}.part"
        part.write_bytes(gzip_deterministic(data))
        part.replace(self._directory / name)

    def _fail(self, exc: OSError) -> None:
        if self.problem is None:
            self.problem = f"{self._directory}: the history cannot be written: {exc.strerror or exc}"

    def starts(self, node: str, incarnation: int) -> None:
        """The node is another process from now on. Raises `TypeError` for what is no number."""
        if type(incarnation) is not int or abs(incarnation) >= 1 << 31:
            raise TypeError(f"expected a whole number, not {type(incarnation).__name__}")
        self._incarnations[node] = incarnation

    # ---- commits ----------------------------------------------------------------------------------------------------

    def commit_begins(self, node: str, fields: dict[str, Any], time_ns: int) -> Op:
        desktop = self._device(node)
        names = ("f", "set", "start", "chunk", "response", "store")
        op = Op(
            index=0,
            time_ns=time_ns,
            process=f"{node}/store",
            type="invoke",
            f="commit",
            value={k: fields[k] for k in names if fields.get(k) is not None},
            node=node,
            job=fields.get("job"),
            session=fields.get("session"),
            rev=Rev(desktop, fields["n"]),
            attempt=fields.get("attempt"),
            cause=fields.get("cause"),
        )
        self._begun[node, fields["boot"], fields["n"]] = op
        return op

    def commit_ends(self, node: str, boot: str, n: int, type_: OpType, time_ns: int, **answer: Any) -> Op | None:
        op = self._begun.pop((node, boot, n), None)
        if op is None:
            return None
        return msgspec.structs.replace(op, time_ns=time_ns, type=type_, **answer)

    def unanswered(self, node: str) -> list[tuple[str, int, str]]:
        """Boot, revision and store of each."""
        return [(boot, n, op.value.get("store", "")) for (name, boot, n), op in self._begun.items() if name == node]

    def _device(self, node: str) -> str:
        nodes = self.header.nodes if self.header is not None else {}
        return str(nodes.get(node, {}).get("device_id") or node)


_UNREADABLE = (KeyError, TypeError, ValueError, AttributeError, OverflowError, RecursionError)
_MOST_TOLD = 120


def _sound(op: Op) -> Op:
    """An op that can be read back. Raises `TypeError` for one that cannot."""
    for text in (op.job, op.session, op.cause):
        if text is not None and type(text) is not str:
            raise TypeError(f"expected text, not {type(text).__name__}")
    if op.attempt is not None and type(op.attempt) is not int:
        raise TypeError(f"expected a whole number, not {type(op.attempt).__name__}")
    if op.rev is not None and (type(op.rev.desktop) is not str or type(op.rev.n) is not int):
        raise TypeError("expected a revision: the text of a desktop's id, and a whole number")
    return op


def _begin(r: Recorder, node: str, line: str, fields: dict[str, Any], time_ns: int) -> list[Op]:
    return [r.commit_begins(node, fields, time_ns)]


def _end(r: Recorder, node: str, line: str, fields: dict[str, Any], time_ns: int) -> list[Op]:
    type_: OpType = "ok" if line == "commit-end" else "fail"
    op = r.commit_ends(node, fields["boot"], fields["n"], type_, time_ns, error=fields.get("error"))
    return [op] if op is not None else []


def _recovered(r: Recorder, node: str, line: str, fields: dict[str, Any], time_ns: int) -> list[Op]:
    """After a crash the database says what became of the commits that were under way; another one cannot know."""
    ops = []
    for boot, n, store in r.unanswered(node):
        known: OpType = "ok" if n <= fields["head"] else "fail"
        type_ = known if store in ("", fields.get("store")) else "info"
        ops.append(r.commit_ends(node, boot, n, type_, time_ns))
    return [op for op in ops if op is not None] + _other(r, node, line, fields, time_ns)


def _started(r: Recorder, node: str, line: str, fields: dict[str, Any], time_ns: int) -> list[Op]:
    r.starts(node, fields["incarnation"])
    return _other(r, node, line, fields, time_ns)


def _observe(r: Recorder, node: str, line: str, fields: dict[str, Any], time_ns: int) -> list[Op]:
    rev = fields.get("rev")
    value = {k: v for k, v in fields.items() if k not in _OBSERVE_OP_FIELDS and v is not None}
    return [
        Op(
            index=0,
            time_ns=time_ns,
            process=f"{node}/replica",
            type="ok",
            f="observe",
            value=value,
            node=node,
            rev=Rev(rev["desktop"], rev["n"]) if rev else None,
            job=fields.get("job"),
            session=fields.get("session"),
            attempt=fields.get("attempt"),
            cause=fields.get("cause"),
        )
    ]


def _other(r: Recorder, node: str, line: str, fields: dict[str, Any], time_ns: int) -> list[Op]:
    return [
        Op(
            index=0,
            time_ns=time_ns,
            process=f"{node}/journal",
            type="info",
            f=line,
            value=fields,
            node=node,
            job=fields.get("job"),
        )
    ]


_CONVERTERS: dict[str, Callable[[Recorder, str, str, dict[str, Any], int], list[Op]]] = {
    "commit-begin": _begin,
    "commit-end": _end,
    "commit-abort": _end,
    "recovered": _recovered,
    "started": _started,
    "observe": _observe,
}
