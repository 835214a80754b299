"""What the replica shows, and the only place that changes it: every visible change is observed as it happens."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from targets.mobile.model import Event, Held, Row, Visit, parse_sync
from targets.mobile.policies_stream import Tracking, Unit
from targets.mobile.text import Text, utf8
from targets.protocol import OPTIONAL_FIELDS, text_digest

Observe = Callable[[Mapping[str, Any]], None]


class Board:
    """The jobs shown and, for `documented`, the document's trackers (`lastAccumulatedLengths`).

    `jobs` is the document's ordered array and its `jobsIndex` in one: a dict keeps order and finds by id.
    """

    def __init__(self, observe: Observe, unit: Unit, tracking: Tracking) -> None:
        self.jobs: dict[str, Held] = {}
        self.trackers: dict[str, int] = {}
        self.visit = Visit(0)
        self._observe = observe
        self._unit = unit
        self._tracking = tracking

    def enter(self, visit: Visit, cause: str) -> None:
        """Another scope is shown: nothing of the former one is."""
        self.visit = visit
        self.jobs = {}
        self.trackers = {}
        scope = visit.scope.as_json() if visit.scope is not None else None
        self._observe({"kind": "scope", "set": {"scope": scope, "visit": visit.n}, "visit": visit.n, "cause": cause})

    def listed(self, cause: str) -> None:
        self.visit.listed = True
        self._observe({"kind": "listed", "visit": self.visit.n, "cause": cause})

    def install(self, row: Row, cause: str) -> None:
        """The document's `insertOrReplace`: a whole row, with its text and tracker."""
        sync = parse_sync(row.get("sync"))
        job, response = str(row["id"]), str(row.get("response") or "")
        fields = {name: value for name, value in row.items() if name not in ("response", "sync")}
        before = self.jobs.get(job)
        rev, attempt, desktop = (sync.rev, sync.attempt, sync.desktop) if sync else (0, 0, "")
        same_text = before is not None and same(before.text, response)
        text = before.text if before is not None and same_text else Text(response)
        held = Held(fields, text, desktop, rev, attempt)
        self.jobs[job] = held
        self._tracking.installed(job, text, self._unit, self.trackers)
        if before is None or not same_text or before.row != fields or rev > before.rev:
            self._seen("row", job, held, cause, set=dict(fields))

    def append(self, event: Event, held: Held, fields: Mapping[str, Any]) -> None:
        unit, before_bytes, chunk = self._unit, held.text.size_bytes, event.chunk
        before = unit.of(held.text)
        held.text.append(chunk)
        self._tracking.appended(event, before, unit, self.trackers)
        self._advance(held, event)
        changed = _assign(held.row, fields)
        length = held.text.size_bytes - before_bytes
        place = {"end": event.length, "length": length, "before": before_bytes}
        self._seen("append", event.job, held, event.cause, set=changed, **place)

    def patch(self, event: Event, held: Held, fields: Mapping[str, Any]) -> None:
        """`response` among the fields replaces the text as a whole."""
        fields = dict(fields)
        response = fields.pop("response", None)
        changed = _assign(held.row, fields)
        replaced = response is not None and not same(held.text, str(response))
        if response is not None:
            if replaced:
                held.text = Text(str(response))
            self._tracking.installed(event.job, held.text, self._unit, self.trackers)
        if changed or replaced or event.rev > held.rev:
            self._advance(held, event)
            self._seen("patch", event.job, held, event.cause, set=changed)

    def remove(self, job: str, rev: int, cause: str) -> None:
        """Shown as deleted, as of `rev` (0: nobody knows)."""
        self.trackers.pop(job, None)
        held = self.jobs.pop(job, None)
        if held is None:
            return
        rev = rev or held.rev
        label = {"desktop": held.desktop, "n": rev} if rev else None
        self._observe(
            {
                "kind": "remove",
                "job": job,
                "session": held.row.get("sessionId"),
                "rev": label,
                "attempt": held.attempt,
                "visit": self.visit.n,
                "cause": cause,
            }
        )

    def pretend(self, job: str, f: str) -> None:
        """Write what a user wishes into what is shown, as if the desktop had said so."""
        if f == "delete":
            self.remove(job, 0, "local:delete")
        else:
            held = self.jobs[job]
            self._seen("patch", job, held, "local:cancel", set=_assign(held.row, {"status": "canceled"}))

    def state(self) -> dict[str, Row]:
        return {job: {**held.row, "response": held.text.value} for job, held in self.jobs.items()}

    def _advance(self, held: Held, event: Event) -> None:
        """What is shown is now as of this event; in an order of arrival that may be an older one."""
        if event.sync is not None:
            held.desktop, held.rev, held.attempt = event.sync.desktop, event.sync.rev, event.sync.attempt

    def _seen(self, kind: str, job: str, held: Held, cause: str, **fields: Any) -> None:
        self._observe(
            {
                "kind": kind,
                "job": job,
                "session": held.row.get("sessionId"),
                "rev": {"desktop": held.desktop, "n": held.rev} if held.rev else None,
                "attempt": held.attempt,
                "bytes": held.text.size_bytes,
                "digest": held.text.digest,
                "visit": self.visit.n,
                "cause": cause,
                **fields,
            }
        )


def same(text: Text, response: str) -> bool:
    """By bytes and digest first: most snapshots repeat what is held, or differ in length."""
    data = utf8(response)
    return len(data) == text.size_bytes and text_digest(data) == text.digest


def _assign(row: Row, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Set fields; null means that an optional field has no value. What changed is returned."""
    changed = {}
    for name, value in fields.items():
        gone = value is None and name in OPTIONAL_FIELDS
        if row.get(name) == value and (name in row) != gone:
            continue
        changed[name] = value
        if gone:
            row.pop(name, None)
        else:
            row[name] = value
    return changed
