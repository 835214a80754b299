"""What the replica is told, what it holds, and what it wants done. Plain data; no decisions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from targets.mobile.seen import Seen
from targets.mobile.text import Text
from targets.protocol import CREATED, GLOBAL_PREFIX, device_id, project_hash

Row = dict[str, Any]
Key = tuple[float, str]  # (-createdAt, id): ascending in list order


@dataclass(frozen=True, slots=True)
class Sync:
    """The `sync` object of an event or a row (then `prev` and all that follows `attempt` are empty).

    `set`: every column that changed; or `delta`: the same, but of `metadata` only a patch. `covers`: the revisions
    before `rev` that a batch of chunks stands for.
    """

    desktop: str
    store: str
    rev: int
    prev: int
    attempt: int
    start: int | None = None
    set: Mapping[str, Any] | None = None
    delta: Mapping[str, Any] | None = None
    covers: tuple[int, ...] = ()


def parse_sync(raw: object) -> Sync | None:
    """None for anything that is not a well-formed `sync`."""
    if not isinstance(raw, Mapping):
        return None
    rev, prev, attempt, start = raw.get("rev"), raw.get("prev", 0), raw.get("attempt", 0), raw.get("start")
    desktop, changed, delta, covers = raw.get("desktop"), raw.get("set"), raw.get("delta"), raw.get("covers")
    if not isinstance(desktop, str) or not all(type(n) is int for n in (rev, prev, attempt)):
        return None
    return Sync(
        desktop=device_id(desktop),
        store=str(raw.get("store") or ""),
        rev=int(rev or 0),
        prev=int(prev),
        attempt=int(attempt),
        start=start if type(start) is int else None,
        set=changed if isinstance(changed, Mapping) else None,
        delta=delta if isinstance(delta, Mapping) else None,
        covers=tuple(n for n in covers if type(n) is int) if isinstance(covers, list) else (),
    )


@dataclass(frozen=True, slots=True)
class Event:
    """One `job:*` event. `cause` names the message that brought it, whenever it is applied."""

    type: str
    job: str
    payload: Mapping[str, Any]
    desktop: str
    sync: Sync | None
    cause: str

    @property
    def row(self) -> Row | None:
        row = self.payload.get("job")
        return row if isinstance(row, dict) else None

    @property
    def snapshot(self) -> Row | None:
        """The whole row after an event other than `created`, where a desktop sends it; nothing before it is needed."""
        row = self.row
        return row if row is not None and self.type != CREATED and row.get("id") == self.job else None

    @property
    def session(self) -> str | None:
        return self._named("sessionId")

    @property
    def project(self) -> str | None:
        return self._named("projectHash")

    def _named(self, name: str) -> str | None:
        for place in (self.payload, self.row or {}):
            value = place.get(name)
            if isinstance(value, str):
                return value
        return None

    @property
    def length(self) -> int | None:
        """`accumulatedLength` as the message states it, in bytes; legacy producers omit it or spell it otherwise."""
        for name in ("accumulatedLength", "accumulated_length"):
            value = self.payload.get(name)
            if isinstance(value, int | float):
                return int(value)
        return None

    @property
    def chunk(self) -> str:
        return str(self.payload.get("chunk") or "")

    @property
    def rev(self) -> int:
        return self.sync.rev if self.sync else 0


def parse_event(type_: str, payload: object, source: object) -> Event | None:
    """None for a payload without a job."""
    if not isinstance(payload, Mapping):
        return None
    row = payload.get("job")
    job = payload.get("jobId") or (row.get("id") if isinstance(row, Mapping) else None)
    if not isinstance(job, str):
        return None
    raw = payload.get("sync")
    sync = parse_sync(raw)
    msg = raw.get("msg") if isinstance(raw, Mapping) else None
    desktop = sync.desktop if sync else device_id(str(source or ""))
    return Event(type_, job, payload, desktop, sync, f"event:{'' if msg is None else msg}")


@dataclass(frozen=True, slots=True)
class Scope:
    """What a screen shows: one session, or one project (global mode)."""

    session: str | None = None
    project: str | None = None

    @classmethod
    def parse(cls, raw: object) -> Scope:
        """Document, "Global Mode Bypass": a session that begins with `mobile-session-` is global mode, which lists by
        project. Raises ValueError for anything but `{"session": s}` or `{"project": directory}`; the session wins."""
        if isinstance(raw, Mapping):
            session, project = raw.get("session"), raw.get("project")
            if isinstance(session, str) and not session.startswith(GLOBAL_PREFIX):
                return cls(session=session)
            if isinstance(project, str):
                return cls(project=project)
        raise ValueError(f'expected {{"session": …}} or {{"project": …}}, got {raw!r}')

    @property
    def is_global(self) -> bool:
        return self.session is None

    @property
    def project_hash(self) -> str:
        return project_hash(self.project or "")

    def holds(self, row: Mapping[str, Any]) -> bool:
        if self.session is not None:
            return row.get("sessionId") == self.session
        return row.get("projectHash") == self.project_hash

    def params(self) -> dict[str, Any]:
        return {"sessionId": self.session} if self.session is not None else {"projectDirectory": self.project}

    def as_json(self) -> dict[str, Any]:
        return {"session": self.session} if self.session is not None else {"project": self.project}


@dataclass(slots=True)
class Held:
    """One job as it is shown: `row` without `response` and `sync`, the text, and what it is known to be."""

    row: Row
    text: Text
    desktop: str = ""
    rev: int = 0
    attempt: int = 0

    @property
    def key(self) -> Key:
        return list_key(self.row)


def list_key(row: Mapping[str, Any]) -> Key:
    """List order: createdAt descending, then id by code point. A malformed time counts as 0."""
    created = row.get("createdAt")
    return (-float(created) if isinstance(created, int | float) else 0.0, str(row.get("id")))


@dataclass(slots=True)
class Visit:
    """One opening of a scope, and all that is known only for it. `as_of`: the revision its lists cover."""

    n: int
    scope: Scope | None = None
    listed: bool = False
    as_of: int = 0
    seen: Seen = field(default_factory=Seen)
    tombs: dict[str, int] = field(default_factory=dict)  # job → revision at which it was gone
    early: list[Event] = field(default_factory=list)  # before the first list


# What the replica wants done -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Note:
    """A journal line."""

    line: str
    fields: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Send:
    """Call the desktop."""

    corr: str
    method: str
    params: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Timer:
    """Call `timer(key)` after `delay_s`."""

    key: tuple[Any, ...]
    delay_s: float


@dataclass(frozen=True, slots=True)
class Done:
    """A user's operation is answered."""

    op: int
    value: Any


@dataclass(frozen=True, slots=True)
class Failed:
    """A user's operation failed; `code` says whether it definitely did not happen."""

    op: int
    code: str
    message: str


Action = Note | Send | Timer | Done | Failed
