"""The desktop's SQLite database: jobs, their responses chunk by chunk, and the committed counter.

One connection, and no `await` between BEGIN and COMMIT: a killed process never holds a lock. Reads and writes are
awaits all the same (`STORE_LATENCY_MS`), before and after the database is touched, so that other work runs in between
as it would with a real database. Chunks are rows of their own: an append rewrites nothing.
"""

from __future__ import annotations

import asyncio
import random
import sqlite3
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import msgspec

from targets import protocol
from targets.desktop.changes import Change, Meta, check_size
from targets.desktop.rows import COLUMNS, EMPTY, INTERNAL, Page, Query, Write, meta_of, row_of, values_of, where_of
from targets.protocol import PAGE_CAP_BYTES, Row, encode

T = TypeVar("T")

OUTCOME_LIFE_MS = 24 * 3600 * 1000

SCHEMA = f"""
CREATE TABLE IF NOT EXISTS store (id TEXT NOT NULL, head INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS jobs ({", ".join(COLUMNS + INTERNAL)}, PRIMARY KEY (id)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS jobs_session ON jobs (sessionId, createdAt DESC, id);
CREATE INDEX IF NOT EXISTS jobs_project ON jobs (projectHash, createdAt DESC, id);
CREATE TABLE IF NOT EXISTS chunks (rev INTEGER PRIMARY KEY, job TEXT NOT NULL, text TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS chunks_job ON chunks (job, rev);
CREATE TABLE IF NOT EXISTS deleted (id TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS outcomes (key TEXT PRIMARY KEY, outcome TEXT NOT NULL, at INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS outcomes_at ON outcomes (at);
"""
_NO_ROOM_PAUSE_S = 0.1
_ALL = ", ".join(COLUMNS + INTERNAL)


class StoreFailed(Exception):
    """The database refused; nothing was changed."""


async def opened(env: Mapping[str, str], desktop: str) -> Store:
    """The store, as soon as there is room for it: a new one cannot be made on a full disk. Raises `sqlite3.Error` for
    whatever else stands in the way."""
    while True:
        try:
            return Store(env, desktop)
        except sqlite3.OperationalError as exc:
            if "full" not in str(exc):
                raise
        await asyncio.sleep(_NO_ROOM_PAUSE_S)


class Store:
    def __init__(self, env: Mapping[str, str], desktop: str) -> None:
        self._env = env
        self._desktop = desktop
        self._latency = ("", 0.0, 0.0)  # STORE_LATENCY_MS as last read, and its bounds in seconds
        uri = env["STORE"]
        self._connection = sqlite3.connect(uri, uri=uri.startswith("file:"), isolation_level=None, timeout=1.0)
        self._closed = False
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=FULL")
        self._db.executescript(SCHEMA)
        found = self._db.execute("SELECT id, head FROM store").fetchone()
        if found is None:
            found = (protocol.new_id(), 0)
            self._db.execute("INSERT INTO store VALUES (?, ?)", found)
        self.id: str = found[0]
        self.head: int = found[1]  # the committed counter, as this process knows it
        self.writing = asyncio.Lock()

    def close(self) -> None:
        self._closed = True
        self._connection.close()

    @property
    def _db(self) -> sqlite3.Connection:
        """What is under way when the process ends in order ends with it: it has not failed, and is not answered."""
        if self._closed:
            raise asyncio.CancelledError("the store is closed")
        return self._connection

    # Latency -----------------------------------------------------------------------------------------------------

    async def _wait(self) -> None:
        """Half of an access: the way there, or the way back."""
        text = self._env.get("STORE_LATENCY_MS", "")
        if text != self._latency[0]:
            low, _, high = text.partition("..")
            self._latency = (text, float(low or 0) / 2000, float(high or low or 0) / 2000)
        _, low_s, high_s = self._latency
        await asyncio.sleep(random.uniform(low_s, high_s) if high_s else 0)

    async def _access(self, touch: Callable[[], T]) -> T:
        await self._wait()
        result = touch()
        await self._wait()
        return result

    # Reads -------------------------------------------------------------------------------------------------------

    async def committed(self) -> int:
        return await self._access(self._head)

    async def get(self, job: str) -> tuple[Row | None, int]:
        """The row, or None, and the counter it is as of."""
        return await self._access(lambda: self._together(lambda: self._row(job)))

    async def list(self, query: Query, together: bool = True) -> tuple[Page, int]:
        """A page and its `asOf`, read in one transaction, or (not `together`) one after the other."""
        if together:
            return await self._access(lambda: self._together(lambda: self._page(query)))
        page = await self._access(lambda: self._page(query))
        return page, await self._access(self._head)

    async def all(self) -> dict[str, Row]:
        def rows() -> dict[str, Row]:
            found = self._db.execute(f"SELECT {_ALL} FROM jobs ORDER BY id").fetchall()
            return {meta["id"]: self._with_response(meta) for meta in map(meta_of, found)}

        return await self._access(rows)

    def meta(self, job: str) -> Meta | None:
        """The stored row now. For a writer, who holds `writing`."""
        found = self._db.execute(f"SELECT {_ALL} FROM jobs WHERE id = ?", (job,)).fetchone()
        return None if found is None else meta_of(found)

    def was_deleted(self, job: str) -> bool:
        return self._db.execute("SELECT 1 FROM deleted WHERE id = ?", (job,)).fetchone() is not None

    def response(self, job: str) -> str:
        return "".join(
            text for (text,) in self._db.execute("SELECT text FROM chunks WHERE job = ? ORDER BY rev", (job,))
        )

    def outcome(self, key: str) -> Any:
        """What a call with this idempotency key came to, or None."""
        found = self._db.execute("SELECT outcome FROM outcomes WHERE key = ?", (key,)).fetchone()
        return None if found is None else protocol.decode(found[0])

    def _head(self) -> int:
        head = self._db.execute("SELECT head FROM store").fetchone()[0]
        assert isinstance(head, int)
        return head

    def _together(self, read: Callable[[], T]) -> tuple[T, int]:
        self._db.execute("BEGIN")
        try:
            return read(), self._head()
        finally:
            self._db.execute("COMMIT")

    def _row(self, job: str) -> Row | None:
        meta = self.meta(job)
        return None if meta is None else self._with_response(meta)

    def _with_response(self, meta: Meta) -> Row:
        return row_of(meta, self.response(meta["id"]) if meta["bytes"] else "", self._desktop, self.id)

    def _page(self, query: Query) -> Page:
        where, values = where_of(query)
        total = self._db.execute(f"SELECT count(*) FROM jobs WHERE {where}", values).fetchone()[0]
        if query.after is not None:
            where += " AND (createdAt < ? OR (createdAt = ? AND id > ?))"
            values = [*values, query.after[0], query.after[0], query.after[1]]
        order = "ORDER BY createdAt DESC, id LIMIT ? OFFSET ?"
        sql = f"SELECT {_ALL} FROM jobs WHERE {where} {order}"
        found = self._db.execute(sql, [*values, query.page_size + 1, query.page * query.page_size]).fetchall()
        rows: list[bytes] = []
        size = 0
        for meta in map(meta_of, found[: query.page_size]):
            if rows and size + meta["jsonBytes"] > PAGE_CAP_BYTES:
                break
            row = encode(self._with_response(meta))
            if rows and size + len(row) > PAGE_CAP_BYTES:
                break
            rows.append(row)
            size += len(row)
        return Page(msgspec.Raw(b"[" + b",".join(rows) + b"]"), total, len(rows) < len(found))

    # Writes ------------------------------------------------------------------------------------------------------

    def plan(self, before: Meta | None, change: Change, now_ms: int) -> Write:
        """What committing `change` would write. Raises Definite when the row would not fit into a frame."""
        n = self.head + 1
        if change.event == protocol.DELETED:
            return Write(n, change, before, None)
        after = dict(before) if before is not None else EMPTY.copy()
        after |= change.set
        after |= {"updatedAt": now_ms, "rev": n}
        if change.new_attempt:
            after |= {"attempt": after["attempt"] + 1, "bytes": 0, "jsonBytes": 0}
        if change.chunk is not None:
            after["bytes"] += len(change.chunk.encode())
            after["jsonBytes"] += len(encode(change.chunk)) - 2
        check_size(after)
        return Write(n, change, before, after)

    async def commit(self, write: Write, outcome: tuple[str, Any] | None = None) -> None:
        """Durable when it returns. Raises StoreFailed: it was not done. `outcome` is (idempotency key, JSON)."""
        await self._wait()
        self._transaction(lambda: self._apply(write, outcome), write.n)
        self.head = write.n
        await self._wait()

    async def remember(self, key: str, outcome: Any) -> None:
        """The outcome of a call that changed nothing. Raises StoreFailed."""
        await self._wait()
        self._transaction(lambda: self._remember(key, outcome), None)
        await self._wait()

    def _transaction(self, body: Callable[[], None], n: int | None) -> None:
        """A COMMIT that fails may have been done; whatever fails before it was not, and then revision `n`, if it is
        there, is somebody else's."""
        committing = False
        try:
            self._db.execute("BEGIN IMMEDIATE")
            body()
            committing = True
            self._db.execute("COMMIT")
        except sqlite3.Error as exc:
            try:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                done = committing and n is not None and self._head() == n
            except sqlite3.Error:
                done = False
            if not done:
                raise StoreFailed(str(exc)) from exc

    def _apply(self, write: Write, outcome: tuple[str, Any] | None) -> None:
        moved = self._db.execute("UPDATE store SET head = ? WHERE head = ?", (write.n, write.n - 1))
        if moved.rowcount != 1:
            raise sqlite3.IntegrityError("somebody else wrote to this store: its counter moved")
        before, after = write.before, write.after
        if after is None:
            self._forget(write.job["id"])
        elif before is None:
            marks = ", ".join("?" * len(COLUMNS + INTERNAL))
            self._db.execute(f"INSERT INTO jobs ({_ALL}) VALUES ({marks})", values_of(after, COLUMNS + INTERNAL))
        else:
            changed = tuple(name for name in COLUMNS + INTERNAL if after[name] != before[name])
            sets = ", ".join(f"{name} = ?" for name in changed)
            self._db.execute(f"UPDATE jobs SET {sets} WHERE id = ?", [*values_of(after, changed), after["id"]])
        if write.change.new_attempt:
            self._db.execute("DELETE FROM chunks WHERE job = ?", (write.job["id"],))
        if write.change.chunk:
            self._db.execute("INSERT INTO chunks VALUES (?, ?, ?)", (write.n, write.job["id"], write.change.chunk))
        if outcome is not None:
            self._remember(*outcome)

    def _forget(self, job: str) -> None:
        self._db.execute("DELETE FROM jobs WHERE id = ?", (job,))
        self._db.execute("DELETE FROM chunks WHERE job = ?", (job,))
        self._db.execute("INSERT OR IGNORE INTO deleted VALUES (?)", (job,))

    def _remember(self, key: str, outcome: Any) -> None:
        now_ms = protocol.now_ms()
        self._db.execute("DELETE FROM outcomes WHERE at < ?", (now_ms - OUTCOME_LIFE_MS,))
        self._db.execute("INSERT OR IGNORE INTO outcomes VALUES (?, ?, ?)", (key, encode(outcome).decode(), now_ms))
