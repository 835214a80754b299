"""The history of a run: one JSON object a line, and nothing else is needed to judge it.

The first line is the header, `{"header": {...}}`; then one `Op` a line; the last line of a complete history is
`{"complete": true, "ops": N}`. A file without it is a prefix (the harness was killed), readable as far as it goes.

An op's `type` says what is known of it: `invoke` it began; `ok` it did happen; `fail` it did **not** happen;
`info` it may have happened, or may yet. After an `info` its process name is retired.

Ops by `f`:

=================  =====================  ==========================================================================
f                  process                what
=================  =====================  ==========================================================================
create … retry     `desktop-1/user`       a client's call on a desktop, invoke then ok|fail|info
open … foreground  `mobile-1/user`        a client's call on a mobile, invoke then ok|fail|info
commit             `desktop-1/store`      a durable write: invoke at commit-begin, ok at commit-end, fail at abort;
                                          value is a `Commit`
observe            `mobile-1/replica`     always ok: what the replica shows changed; value is an `Observation`
final              `NODE/final`           always ok: value is the node's canonical state (all fields, full text)
fault-begin        nemesis                info: value {fault, action, occurrence, directions, nodes, params}
fault-heal         nemesis                info: the same plus `effect` (what it measurably did) and `exercised`;
                                          both also when what carries all links died (process `toxiproxy/journal`)
anything else      `NODE/journal`         info: a journal line of level L2 (fetch, cache, rpc, link, …), value as
                                          written
=================  =====================  ==========================================================================
"""

from __future__ import annotations

import gzip
import hashlib
import io
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from harness.pipes import bytes_of

OpType = Literal["invoke", "ok", "fail", "info"]

TERMINAL_STATUSES = frozenset({"completed", "completedByTag", "failed", "canceled"})


class Rev(msgspec.Struct, frozen=True, order=True):
    """A revision: the n-th committed mutation of one desktop's store (dense per store)."""

    desktop: str
    n: int


NOT_JSON = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)  # what a decoder raises for bytes of all kinds
TimeNs = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]  # beyond that it is no time, and nothing can draw it


class Op(msgspec.Struct, kw_only=True, omit_defaults=True):
    """One line of the history. `time_ns` is the runtime's clock, never a skewed one."""

    index: int
    time_ns: TimeNs
    process: str
    type: OpType
    f: str
    value: Any = None
    node: str | None = None
    incarnation: int = 0
    job: str | None = None
    session: str | None = None
    user: str | None = None
    rev: Rev | None = None
    attempt: int | None = None
    source: str | None = None
    cause: str | None = None
    error: Any = None


class Commit(msgspec.Struct, kw_only=True, omit_defaults=True):
    """`value` of a commit op. Revision, job, session and attempt stand in the op itself.

    `set`: every column but `response` that this commit changed (for `create`: the whole row, `response` apart).
    `start` is the byte offset in the attempt's response at which `chunk` begins. `response` is present
    when the commit replaces the text as a whole (retry: "").
    """

    f: str
    set: dict[str, Any] = msgspec.field(default_factory=dict)
    start: int | None = None
    chunk: str | None = None
    response: str | None = None
    store: str = ""


class Observation(msgspec.Struct, kw_only=True, omit_defaults=True):
    """`value` of an observe op; what the replica showed before and shows now of one job (or of its scope).

    `kind`: `row` a whole row was installed (from an event, a get or a list) · `append` a chunk was appended ·
    `patch` fields changed · `remove` shown as deleted · `evict` left with its scope (not deleted) ·
    `scope` another scope is shown (`set` is `{"scope": …, "visit": n}`; all jobs of the former are evicted) ·
    `listed` the first list of this visit is merged.

    `bytes`, `digest`: length and `text_digest` of the response shown after it. For an append: `end` is the source's
    end offset as the message stated it (None for a legacy chunk), `length` the chunk's bytes, `before` the local
    length before it, in bytes. `set` holds the fields that changed; a `row` holds all but `response`.
    """

    kind: Literal["row", "append", "patch", "remove", "evict", "scope", "listed"]
    set: dict[str, Any] = msgspec.field(default_factory=dict)
    bytes: int | None = None
    digest: str | None = None
    end: int | None = None
    length: int | None = None
    before: int | None = None
    visit: int = 0


class Header(msgspec.Struct, kw_only=True):
    """First line of a history: everything a checker may need to know of the run beside its ops."""

    plan: str
    seed: int
    runtime: str
    profile: str
    with_: list[str] = msgspec.field(default_factory=list, name="with")
    without: list[str] = msgspec.field(default_factory=list)
    nodes: dict[str, dict[str, Any]] = msgspec.field(default_factory=dict)  # name → role, user, device, level, …
    links: list[str] = msgspec.field(default_factory=list)  # "mobile-1->relay": direction of the bytes
    timing: dict[str, float] = msgspec.field(default_factory=dict)  # seconds, scaled
    faults: list[dict[str, Any]] = msgspec.field(default_factory=list)  # declared: {fault, action, fixed, occurrences}
    settle: dict[str, float] = msgspec.field(default_factory=dict)  # seconds
    scheduled_ops: int = 0
    version: int = 1


class Tap(msgspec.Struct, kw_only=True, omit_defaults=True):
    """One WebSocket message seen at one side of a link's faults.

    `link` is the direction of the bytes (`relay->mobile-1`); `side` is `in` before the faults, `out` after
    them. `msg` is the message's own name: `sync.msg` of an event, the correlation id of an RPC frame, `STORE/REV` of a
    head, `online/BOOT/EPOCH` (or `offline/…`) of a presence, the number lost of a gap, the session of a registration.
    `source` is the device that an event from the relay says it comes from.
    """

    time_ns: TimeNs
    link: str
    side: Literal["in", "out"]
    conn: int
    bytes: int
    type: str = ""
    job: str | None = None
    msg: str | None = None
    source: str | None = None
    payload: str | None = None


class HistoryError(Exception):
    """A history that cannot be read; the message names file and line, and says what to do."""


class NoHeader(HistoryError):
    """A file whose first line is not that of a history."""


class History(msgspec.Struct, kw_only=True):
    header: Header
    ops: list[Op]
    complete: bool = True
    problem: str | None = None  # why it is not complete
    taps: list[Tap] = msgspec.field(default_factory=list)


def text_digest(data: bytes) -> str:
    """Digest of a response's UTF-8 bytes, as probes report it (BLAKE2b, 8 bytes, hex)."""
    return hashlib.blake2b(data, digest_size=8).hexdigest()


class _HeaderLine(msgspec.Struct):
    header: Header


class _EndLine(msgspec.Struct):
    complete: bool
    ops: int


_encoder = msgspec.json.Encoder()
_op_decoder = msgspec.json.Decoder(Op)
_header_decoder = msgspec.json.Decoder(_HeaderLine)
_end_decoder = msgspec.json.Decoder(_EndLine)
_tap_decoder = msgspec.json.Decoder(Tap)


def encode_header(header: Header) -> bytes:
    return _encoder.encode({"header": header}) + b"\n"


def encode_op(op: Op) -> bytes:
    return _encoder.encode(op) + b"\n"


def encode_end(ops: int) -> bytes:
    return _encoder.encode({"complete": True, "ops": ops}) + b"\n"


def encode_tap(tap: Tap) -> bytes:
    return _encoder.encode(tap) + b"\n"


def _bytes_of(path: Path) -> tuple[bytes, str | None]:
    """The file's bytes, unzipped as far as it goes, and what is wrong with its end."""
    try:
        raw = bytes_of(path)
    except OSError as exc:
        raise HistoryError(f"{path}: cannot be read: {exc.strerror or exc}") from exc
    if not raw.startswith(b"\x1f\x8b"):
        return raw, None
    unzip = zlib.decompressobj(wbits=31)
    out = io.BytesIO()
    try:
        for at in range(0, len(raw), 1 << 16):
            out.write(unzip.decompress(raw[at : at + (1 << 16)]))
    except zlib.error as exc:
        return out.getvalue(), f"the gzip stream is damaged ({exc})"
    return out.getvalue(), None if unzip.eof else "the gzip stream ends early"


def read_history(path: Path) -> History:
    """Read a history in time order. A truncated one is returned with `complete` False and its `problem`.

    Raises:
        HistoryError: no such file, no header, or a malformed line that is not the last one.
    """
    data, problem = _bytes_of(path)
    lines = data.split(b"\n")
    if not lines[0].strip():
        raise HistoryError(f"{path}:1: the file is empty; expected a header line, as `harness run` writes it")
    try:
        header = _header_decoder.decode(lines[0]).header
    except NOT_JSON as exc:
        raise NoHeader(
            f'{path}:1: not a history: expected a header line, {{"header": …}} ({exc}); '
            "`harness check` reads what `harness run` wrote"
        ) from exc
    ops: list[Op] = []
    complete = False
    for number, line in enumerate(lines[1:], start=2):
        if not line.strip():
            continue
        if line.startswith(b'{"complete"'):
            complete = _read_end(line, ops) and problem is None
            continue
        try:
            ops.append(_op_decoder.decode(line))
        except NOT_JSON as exc:
            if number >= len(lines) - 1:
                problem = problem or f"line {number} is cut off"
                break
            raise HistoryError(f"{path}:{number}: not an op: {exc}") from exc
    if not complete:
        problem = problem or "the closing line is missing: the run was interrupted"
    ops.sort(key=lambda op: op.time_ns)  # stable: nodes' journals arrive a little late
    return History(header=header, ops=ops, complete=complete, problem=problem)


def _read_end(line: bytes, ops: list[Op]) -> bool:
    try:
        return _end_decoder.decode(line).ops == len(ops)
    except NOT_JSON:
        return False


def read_taps(path: Path) -> Iterator[Tap]:
    """The taps of a run (`messages.jsonl.gz`); stops at the first damaged line."""
    data, _ = _bytes_of(path)
    for line in data.split(b"\n"):
        if not line.strip():
            continue
        try:
            yield _tap_decoder.decode(line)
        except NOT_JSON:
            return


def gzip_deterministic(data: bytes) -> bytes:
    """Gzip without a time stamp, so that equal histories are equal files."""
    return gzip.compress(data, compresslevel=6, mtime=0)
