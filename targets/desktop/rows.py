"""What the desktop's database holds and is asked: stored rows, commits to be made, pages of a list."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec

from targets import protocol
from targets.desktop.changes import Change, Meta
from targets.protocol import OPTIONAL_FIELDS, ROW_FIELDS, Row, encode

COLUMNS = tuple(name for name in ROW_FIELDS if name != "response")
INTERNAL = ("rev", "attempt", "bytes", "jsonBytes")
JSON_COLUMNS = ("metadata", "errorDetails")


@dataclass(frozen=True)
class Write:
    """One commit, decided and not yet done. `before` and `after` are the stored rows; either may be None."""

    n: int
    change: Change
    before: Meta | None
    after: Meta | None

    @property
    def job(self) -> Meta:
        meta = self.after or self.before
        assert meta is not None
        return meta

    @property
    def prev(self) -> int:
        return 0 if self.before is None else int(self.before["rev"])

    @property
    def start(self) -> int | None:
        """Byte offset at which the chunk begins."""
        return None if self.change.chunk is None or self.before is None else int(self.before["bytes"])

    @property
    def set(self) -> dict[str, Any]:
        """Every column but the response that this commit changes."""
        return {} if self.after is None else {**self.change.set, "updatedAt": self.after["updatedAt"]}


@dataclass(frozen=True)
class Query:
    """A page of a list. `after` (createdAt, id) is exclusive, in list order."""

    column: str  # "sessionId" or "projectHash"
    scope: str
    statuses: tuple[str, ...] = ()
    task_types: tuple[str, ...] = ()
    page: int = 0
    page_size: int = protocol.PAGE_SIZE
    after: tuple[int, str] | None = None

    @property
    def filters(self) -> str:
        """Canonical text of all but the scope."""
        return encode([self.statuses, self.task_types, self.page, self.page_size, self.after]).decode()


@dataclass(frozen=True)
class Page:
    jobs: msgspec.Raw  # the rows as a JSON array
    total: int
    more: bool


def row_of(meta: Meta, response: str, desktop: str, store: str) -> Row:
    """The row as it goes over the wire: optional fields without a value left out."""
    row = {name: meta[name] for name in COLUMNS if meta[name] is not None or name not in OPTIONAL_FIELDS}
    row["response"] = response
    row["sync"] = {"desktop": desktop, "store": store, "rev": meta["rev"], "attempt": meta["attempt"]}
    return row


EMPTY: Meta = {**dict.fromkeys(COLUMNS), "rev": 0, "attempt": 1, "bytes": 0, "jsonBytes": 0}


def meta_of(found: tuple[Any, ...]) -> Meta:
    meta = dict(zip(COLUMNS + INTERNAL, found, strict=True))
    meta["isFinalized"] = bool(meta["isFinalized"])
    for name in JSON_COLUMNS:
        if meta[name] is not None:
            meta[name] = msgspec.json.decode(meta[name])
    return meta


def values_of(meta: Meta, names: tuple[str, ...]) -> list[Any]:
    return [encode(meta[n]).decode() if n in JSON_COLUMNS and meta[n] is not None else meta[n] for n in names]


def where_of(query: Query) -> tuple[str, list[Any]]:
    where, values = f"{query.column} = ?", [query.scope]
    for column, wanted in (("status", query.statuses), ("taskType", query.task_types)):
        if wanted:
            where += f" AND {column} IN ({', '.join('?' * len(wanted))})"
            values += wanted
    return where, values
