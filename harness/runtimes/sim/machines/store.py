"""SQLite on a simulated disk: connections of a node, whose statements take long on a slow disk, and fail on a full one.

A full disk is one on which the write-ahead log cannot grow. So a write goes into the cache and succeeds; what fails is
the commit that has pages to write, and with it the whole transaction. Whatever changes no page succeeds: reads, an
`UPDATE` or `DELETE` that finds nothing, an `INSERT OR IGNORE` that is ignored, a `CREATE … IF NOT EXISTS` of what is
there, an empty transaction, tables in TEMP or in another database.
"""

from __future__ import annotations

import functools
import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, Final

from harness.runtimes.sim.machines.disk import Disk

_BLANK: Final = re.compile(r"(?:\s+|--[^\n]*(?:\n|\Z)|/\*.*?(?:\*/|\Z)|;)*", re.DOTALL)
_NAME: Final = re.compile(r"""\s*("(?:[^"]|"")*"|'(?:[^']|'')*'|`[^`]*`|\[[^\]]*\]|[^\s;]+)""")
_RELEASED: Final = re.compile(r"\w+(?:\s+SAVEPOINT\b)?", re.IGNORECASE)
_PRAGMA: Final = re.compile(r"PRAGMA\s+(?:(\w+)\s*\.\s*)?(\w+)\s*[=(]", re.IGNORECASE)
_STAMPS: Final = frozenset({"user_version", "application_id", "schema_version"})  # kept in the file's first page
_BEGINS: Final = frozenset({"INSERT", "UPDATE", "DELETE", "REPLACE"})  # before which Python's module begins
_SHAPES: Final = frozenset({"CREATE", "DROP", "ALTER", "REINDEX", "ANALYZE", "PRAGMA"})  # no count of rows tells of it
_LEGACY: Final = -1  # of `autocommit`, which Python has from 3.12 on: what it always did

_ROWS: Final = frozenset({sqlite3.SQLITE_INSERT, sqlite3.SQLITE_UPDATE, sqlite3.SQLITE_DELETE})
_WHOLE: Final = frozenset({sqlite3.SQLITE_REINDEX, sqlite3.SQLITE_ANALYZE})
_MASTERS: Final = frozenset({"sqlite_master", "sqlite_schema"})
_CHANGES: Final = frozenset({"rows", "schema", "pages"})  # what a statement may change of the store

Run = Callable[[sqlite3.Cursor | None], Any]


@functools.lru_cache(maxsize=2048)
def _read(sql: str) -> tuple[str, str]:
    """The statement from its first word on, and that word."""
    begins = _BLANK.match(sql)
    rest = sql[begins.end() :] if begins is not None else sql
    word = re.match(r"\w*", rest)
    return rest, word[0].upper() if word is not None else ""


class StoreConnection(sqlite3.Connection):
    """It does all that sqlite3's do; `disk` is set by whoever opens it."""

    disk: Disk
    _settled = 0  # `total_changes` when the transaction began, but for rows of other databases
    _reshaped = False  # pages were changed that no count of rows tells of
    _savepoints: tuple[str, ...] = ()  # if the outermost is also what began the transaction

    def cursor(self, *args: Any, **kwargs: Any) -> Any:
        return super().cursor(*args, **{"factory": StoreCursor, **kwargs})

    def execute(self, sql: str, parameters: Any = (), /) -> Any:
        return self.cursor().execute(sql, parameters)

    def executemany(self, sql: str, parameters: Any, /) -> Any:
        return self.cursor().executemany(sql, parameters)

    def executescript(self, script: str, /) -> Any:
        return self.cursor().executescript(script)

    def commit(self) -> None:
        if _way(self) is not True:
            self.refuse_dirty()
        super().commit()
        self._clean()

    def __exit__(self, kind: Any, value: Any, trace: Any, /) -> Any:
        if kind is None:
            self.commit()
            return False
        return super().__exit__(kind, value, trace)

    def blobopen(self, *args: Any, readonly: bool = False, **kwargs: Any) -> Any:
        if not readonly:
            if self.disk.full and not self.in_transaction:
                raise self.disk.refuse()
            self._reshaped = True
        return super().blobopen(*args, readonly=readonly, **kwargs)

    def pragma(self, name: str) -> Any:
        return self.raw(f"PRAGMA {name}").fetchone()[0]

    def raw(self, sql: str) -> sqlite3.Cursor:
        """Past everything that befalls the disk."""
        return super().cursor().execute(sql)

    # ---- statements -------------------------------------------------------------------------------------------------

    def meets(self, sql: str, parameters: Any, run: Run) -> Any:
        """Run a statement, or refuse it. `run(cursor)` does; None: on the cursor that asked."""
        disk = self.disk
        if disk.slow:
            disk.touched()
        rest, word = _read(sql)
        within = self.in_transaction
        if word in ("COMMIT", "END") or (word == "RELEASE" and self._ends(rest)):
            self.refuse_dirty()
        watched = disk.full or (within and word in _SHAPES)
        result = self._watched(rest, word, parameters, run) if watched else run(None)
        if not self.in_transaction:
            self._clean()
        elif word in ("SAVEPOINT", "RELEASE"):
            self._marks(rest, word, within)
        return result

    def refuse_dirty(self) -> None:
        """A transaction writes its pages when it commits, and is rolled back when they find no room."""
        if self.disk.full and self.in_transaction and (self._reshaped or self.total_changes != self._settled):
            self.rollback()
            self._clean()
            raise self.disk.refuse()

    def _watched(self, rest: str, word: str, parameters: Any, run: Run) -> Any:
        if word == "VACUUM" and self.disk.full:
            raise self.disk.refuse()
        may = self._may_change(rest, word, parameters)
        begins = word in _BEGINS and self.isolation_level is not None and _way(self) == _LEGACY
        if may & _CHANGES and not self.in_transaction and not begins and self._would_change(may, run):
            raise self.disk.refuse()
        before, shape = self.total_changes, self._shape(may)
        result = run(None)
        if self.in_transaction:
            self._reshaped = self._reshaped or "pages" in may or self._shape(may) != shape
            if may == {"elsewhere"}:
                self._settled += self.total_changes - before
        return result

    def _would_change(self, may: frozenset[str], run: Run) -> bool:
        """Does it change a page? It is tried, in a transaction that is rolled back."""
        self.raw("BEGIN")
        try:
            before, shape = self.total_changes, self._shape(may)
            with suppress(sqlite3.Error, sqlite3.Warning, TypeError, ValueError):  # running it says what is wrong
                run(super().cursor())
                return "pages" in may or self.total_changes != before or self._shape(may) != shape
            return False
        finally:
            self.raw("ROLLBACK")

    def _shape(self, may: frozenset[str]) -> Any:
        return self.pragma("main.schema_version") if "schema" in may else None

    def _may_change(self, rest: str, word: str, parameters: Any) -> frozenset[str]:
        """What a statement may change: rows, the schema, pages in any case, rows elsewhere. SQLite's compiler says."""
        if word == "PRAGMA":
            asked = _PRAGMA.match(rest)
            stamps = asked is not None and asked[2].lower() in _STAMPS and (asked[1] or "main").lower() == "main"
            return frozenset({"pages"} if stamps else ())
        if word in ("EXPLAIN", ""):
            return frozenset()
        found: set[str] = set()
        tables: set[str] = set()

        def note(action: int, first: str | None, _: str | None, database: str | None, __: str | None) -> int:
            if action in _ROWS:
                found.add("elsewhere" if database != "main" else "schema" if first in _MASTERS else "rows")
                tables.update([first] if action == sqlite3.SQLITE_INSERT and database == "main" and first else [])
            elif action in _WHOLE and database == "main":
                found.add("pages")
            return sqlite3.SQLITE_OK

        self.set_authorizer(note)
        try:
            codes = super().cursor().execute(f"EXPLAIN {rest}", parameters).fetchall()
        except (sqlite3.Error, sqlite3.Warning, TypeError, ValueError):
            return frozenset()  # running it says what is wrong with it
        finally:
            self.set_authorizer(None)
        emptied = any(code[1] == "Clear" and code[3] == 0 for code in codes)  # a table that is empty already, too
        if (found and emptied) or tables & self._numbered():
            found.add("pages")
        return frozenset(found)

    def _numbered(self) -> set[str]:
        """Tables with AUTOINCREMENT: every insert writes down the greatest number so far, also one that is ignored."""
        if self.raw("SELECT 1 FROM main.sqlite_master WHERE name = 'sqlite_sequence'").fetchone() is None:
            return set()
        return {name for (name,) in self.raw("SELECT name FROM main.sqlite_master WHERE sql LIKE '%AUTOINCREMENT%'")}

    # ---- transactions -----------------------------------------------------------------------------------------------

    def _clean(self) -> None:
        self._settled, self._reshaped, self._savepoints = self.total_changes, False, ()

    def _ends(self, rest: str) -> bool:
        """Does this RELEASE end the transaction?"""
        name = _savepoint(rest)
        return bool(self._savepoints) and name in self._savepoints and name not in self._savepoints[1:]

    def _marks(self, rest: str, word: str, within: bool) -> None:
        name = _savepoint(rest)
        if word == "SAVEPOINT":
            self._savepoints = (*self._savepoints, name) if self._savepoints or not within else ()
        elif name in self._savepoints:
            last = max(at for at, known in enumerate(self._savepoints) if known == name)
            self._savepoints = self._savepoints[:last]


def _way(connection: sqlite3.Connection) -> int:
    return getattr(connection, "autocommit", _LEGACY)


def _savepoint(rest: str) -> str:
    """Its name, as SQLite compares names."""
    keyword = _RELEASED.match(rest)
    found = _NAME.match(rest, keyword.end() if keyword is not None else 0)
    name = found[1] if found is not None else ""
    return (name[1:-1] if name[:1] in "\"'`[" else name).lower()


class StoreCursor(sqlite3.Cursor):
    connection: StoreConnection

    def execute(self, sql: str, parameters: Any = (), /) -> Any:
        def run(cursor: sqlite3.Cursor | None) -> Any:
            return (
                cursor.execute(sql, parameters).fetchall()
                if cursor is not None
                else super(StoreCursor, self).execute(sql, parameters)
            )

        return self.connection.meets(sql, parameters, run)

    def executemany(self, sql: str, parameters: Any, /) -> Any:
        many = list(parameters) if self.connection.disk.full else parameters  # it is tried before it is done

        def run(cursor: sqlite3.Cursor | None) -> Any:
            return (
                cursor.executemany(sql, many) if cursor is not None else super(StoreCursor, self).executemany(sql, many)
            )

        return self.connection.meets(sql, many[0] if isinstance(many, list) and many else (), run)

    def executescript(self, script: str, /) -> Any:
        connection = self.connection
        disk = connection.disk
        if not isinstance(script, str) or "\0" in script or not (disk.full or disk.slow or _begins(script)):
            return super().executescript(script)
        if connection.in_transaction and _way(connection) == _LEGACY:
            connection.commit()
        level = connection.isolation_level
        if level is not None:
            connection.isolation_level = None  # a script begins no transaction that it does not ask for
        try:
            for statement in _statements(script):
                connection.cursor().execute(statement).fetchall()
        finally:
            if level is not None:  # saying None again would commit
                connection.isolation_level = level
        return self


def _begins(script: str) -> bool:
    return re.search(r"\b(?:BEGIN|SAVEPOINT)\b", script, re.IGNORECASE) is not None


def _statements(script: str) -> Iterator[str]:
    begun = 0
    for end in (found.end() for found in re.finditer(";", script)):
        if sqlite3.complete_statement(script[begun:end]):
            if _read(script[begun:end])[1]:
                yield script[begun:end]
            begun = end
    if _read(script[begun:])[1]:
        yield script[begun:]
