"""The index of a store, read and never written, also while a night goes on.

What may be many is counted, sorted and cut by SQLite: a store of many nights has more runs than a page may load.
"""

from __future__ import annotations

import itertools
import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec

from harness.store import StoreProblem
from harness.store.index import IndexRow, id_in, why
from harness.store.reindex import unindexed

PAGE = 100  # runs on one page
_MOST_CHOICES = 200  # in a list to choose from
MOST_UNKNOWN = 1000
_BUSY_S = 5.0
SORTS = {
    "started": "started",
    "plan": "plan",
    "seed": "seed",
    "runtime": "runtime",
    "profile": "profile",
    "verdict": "verdict",  # by the alphabet INVALID, UNKNOWN, VALID
    "signatures": "signatures",
    "night": "campaign",
    "seconds": "seconds",
}
_SEARCHED = (
    "id",
    "started",
    "plan",
    "CAST(seed AS TEXT)",
    "runtime",
    "profile",
    "verdict",
    "signatures",
    "COALESCE(campaign, '')",
    "COALESCE(directory, '')",
)


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which runs, in which order. `plan` may be a pattern (`nightly/*`), `signature` is `CHECK/REASON`; `q` are words
    that all stand somewhere in the row."""

    q: str = ""
    verdict: str = ""
    plan: str = ""
    profile: str = ""
    runtime: str = ""
    signature: str = ""
    night: str = ""
    sort: str = "started"
    down: bool = True
    page: int = 1

    def filters(self) -> tuple[str, list[Any]]:
        """The condition of SQL, and its values."""
        said, values = ["1"], list[Any]()
        for column, value in (("verdict", self.verdict), ("profile", self.profile), ("runtime", self.runtime)):
            if value:
                said.append(f"{column} = ?")
                values.append(value)
        if self.night:
            said.append("campaign = ?")
            values.append(self.night)
        if self.plan:
            said.append("plan GLOB ?" if is_pattern(self.plan) else "plan = ?")
            values.append(self.plan)
        if self.signature:
            said.append("INSTR(signatures, ?) > 0")
            values.append(msgspec.json.encode(self.signature.split("/", 1)).decode())
        for word in self.q.split():
            said.append("(" + " OR ".join(f"{column} LIKE ? ESCAPE '\\'" for column in _SEARCHED) + ")")
            values += [f"%{_like(word)}%"] * len(_SEARCHED)
        return " AND ".join(said), values

    @property
    def order(self) -> str:
        down = "DESC" if self.down else "ASC"
        return f"{SORTS.get(self.sort, 'started')} {down}, started DESC, id"


class Choices(msgspec.Struct, kw_only=True):
    """What runs may be filtered by: that which most runs have, first."""

    plans: list[str]
    profiles: list[str]
    runtimes: list[str]
    nights: list[str]
    signatures: list[str]


class Index:
    """A connection that can only read. Raises `StoreProblem`."""

    def __init__(self, db: sqlite3.Connection, store: Path) -> None:
        self._db, self._store = db, store

    def read(self, statement: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        try:
            return self._db.execute(statement, values).fetchall()
        except sqlite3.Error as exc:
            raise StoreProblem(why(self._store, "cannot be read", exc)) from exc

    def has(self, table: str) -> bool:
        return bool(self.read("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?", (table,)))

    def rows(self, condition: str, values: Sequence[Any], tail: str = "") -> list[IndexRow]:
        names = IndexRow.__struct_fields__
        found = self.read(f"SELECT {', '.join(names)} FROM runs WHERE {condition} {tail}", values)
        return [_row(dict(zip(names, one, strict=True))) for one in found]

    def runs(self, wanted: Wanted) -> tuple[int, list[IndexRow]]:
        """How many there are, and those of one page."""
        condition, values = wanted.filters()
        (count,) = self.read(f"SELECT COUNT(*) FROM runs WHERE {condition}", values)[0]
        tail = f"ORDER BY {wanted.order} LIMIT {PAGE} OFFSET {PAGE * (max(1, wanted.page) - 1)}"
        return count, self.rows(condition, values, tail)

    def run(self, id_: str) -> IndexRow | None:
        return next(iter(self.rows("id = ?", (id_,))), None)

    def named(self, word: str) -> IndexRow | None:
        """By what a user calls a run: its short id, its directory (also with its plan's before it), or `latest`. The
        word is compared, and never made a path."""
        if word == "latest":
            try:
                word = str((self._store / word).readlink())
            except OSError:
                return None
        plan, _, name = word.rpartition("/")
        row = self.run(id_in(name) or name)
        if row is None or (name == row.id and not plan):
            return row
        return row if row.directory is not None and f"/{row.directory}".endswith(f"/{word}") else None

    def unknown(self) -> int:
        """How many runs have a directory and no row; no more than `MOST_UNKNOWN` are counted."""
        places = {place for (place,) in self.read("SELECT directory FROM runs WHERE directory IS NOT NULL")}
        found = (1 for _, record in unindexed(self._store, places) if self.run(record.id) is None)
        return sum(itertools.islice(found, MOST_UNKNOWN))

    def alike(self, row: IndexRow, most: int) -> list[IndexRow]:
        """Other runs of the same plan, those of the same seed first."""
        tail = f"ORDER BY seed = ? DESC, started DESC LIMIT {most}"
        return self.rows("plan = ? AND id <> ?", (row.plan, row.id, row.seed), tail)

    def choices(self) -> Choices:
        signatures = (
            text for (text,) in self.read("SELECT signatures FROM runs GROUP BY signatures ORDER BY COUNT(*) DESC")
        )
        pairs = dict.fromkeys(f"{check}/{reason}" for text in signatures for check, reason in msgspec.json.decode(text))
        return Choices(
            plans=self._distinct("plan"),
            profiles=self._distinct("profile"),
            runtimes=self._distinct("runtime"),
            nights=self._distinct("campaign", "MAX(started)"),
            signatures=sorted(pairs),
        )

    def _distinct(self, column: str, by: str = "COUNT(*)") -> list[str]:
        found = self.read(
            f"SELECT {column} FROM runs WHERE {column} IS NOT NULL GROUP BY {column} "
            f"ORDER BY {by} DESC, {column} LIMIT {_MOST_CHOICES}"
        )
        return [str(value) for (value,) in found]


@contextmanager
def index(store: Path) -> Iterator[Index | None]:
    """None: there is no index, since no run has ended here. Raises `StoreProblem`."""
    file = store / "index.db"
    if not file.exists():
        yield None
        return
    # Where SQLite cannot put its own files beside the index, nobody can write to that either.
    alone = "" if os.access(store, os.W_OK) else "&immutable=1"
    try:
        db = sqlite3.connect(f"file:{quote(str(file.absolute()))}?mode=ro{alone}", uri=True, timeout=_BUSY_S)
    except sqlite3.Error as exc:
        raise StoreProblem(f"{file}: cannot be opened: {exc}") from exc
    with closing(db):
        yield Index(db, store)


def is_pattern(plan: str) -> bool:
    return any(sign in plan for sign in "*?[")


def _like(word: str) -> str:
    return word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _row(found: dict[str, Any]) -> IndexRow:
    return msgspec.convert(found | {"signatures": msgspec.json.decode(found["signatures"])}, IndexRow)
