"""The replica's core on a bench: a model of the desktop, a clock that is turned by hand, and no network."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Mapping
from typing import Any

from targets import profiles
from targets.mobile.model import Action, Done, Failed, Note, Scope, Send, Timer
from targets.mobile.replica import Replica
from targets.protocol import project_hash
from targets.timing import Timing

DESKTOP = "dddddddd-0000-5000-8000-000000000001"
OTHER = "dddddddd-0000-5000-8000-000000000002"
TIMING = Timing()
Frame = dict[str, Any]
Row = dict[str, Any]


class Desktop:
    """Commits mutations one revision each and says what event the relay would deliver; answers calls as of now."""

    def __init__(self, store: str = "store-1", device: str = DESKTOP, page: int = 200) -> None:
        self.rows: dict[str, Row] = {}
        self.n = 0
        self.store, self.device, self.page = store, device, page
        self._frames = 0

    def create(self, job: str, session: str = "s1", project: str = "/p1", **more: Any) -> Frame:
        self.n += 1
        row = {
            "id": job,
            "sessionId": session,
            "projectHash": project_hash(project),
            "status": "created",
            "response": "",
            "metadata": {},
            "createdAt": self.n,
            "updatedAt": self.n,
            **more,
        }
        self.rows[job] = {**row, "sync": {"rev": self.n, "attempt": 1}}
        return self._event("job:created", job, 0, {"job": self.row(job)})

    def status(self, job: str, status: str, **more: Any) -> Frame:
        return self._change("job:status-changed", job, {"status": status, **more}, {"status": status, **more})

    def metadata(self, job: str, patch: Mapping[str, Any]) -> Frame:
        merged = {**self.rows[job]["metadata"], **patch}
        kept = {name: value for name, value in merged.items() if value is not None}
        return self._change("job:metadata-updated", job, {"metadataPatch": dict(patch)}, {"metadata": kept})

    def error(self, job: str, details: str) -> Frame:
        return self._change("job:error-details", job, {"errorDetails": details}, {"errorDetails": details})

    def chunk(self, job: str, chunk: str) -> Frame:
        start = len(self.rows[job]["response"].encode())
        self.rows[job]["response"] += chunk
        payload = {"chunk": chunk, "accumulatedLength": len(self.rows[job]["response"].encode())}
        return self._change("job:response-appended", job, payload, {}, start=start)

    def legacy_chunk(self, job: str, chunk: str) -> Frame:
        frame = self.chunk(job, chunk)
        payload = {k: v for k, v in frame["payload"].items() if k != "accumulatedLength"}
        return {**frame, "payload": {**payload, "sync": {"msg": payload["sync"]["msg"]}}}

    def finalize(self, job: str, status: str = "completed", body: bool = False) -> Frame:
        payload = {"status": status, **({"response": self.rows[job]["response"]} if body else {})}
        return self._change("job:finalized", job, payload, {"status": status, "isFinalized": True})

    def retry(self, job: str) -> Frame:
        row = self.rows[job]
        row["response"] = ""
        row["sync"]["attempt"] += 1
        changed = {"status": "queued", "attempt": row["sync"]["attempt"], "response": ""}
        return self._change("job:status-changed", job, {"status": "queued"}, changed)

    def delete(self, job: str) -> Frame:
        prev = self.rows[job]["sync"]["rev"]
        self.n += 1
        frame = self._event("job:deleted", job, prev, {})
        del self.rows[job]
        return frame

    def head(self) -> Frame:
        return {"messageType": "sync:head", "payload": {"desktop": self.device, "store": self.store, "rev": self.n}}

    def row(self, job: str) -> Row:
        row = self.rows[job]
        return {**row, "metadata": dict(row["metadata"]), "sync": self._where(row["sync"])}

    def scope(self, scope: Scope) -> dict[str, Row]:
        """What a replica of this scope must show: rows without `sync`."""
        rows = {job: row for job, row in self.rows.items() if scope.holds(row)}
        return {job: {k: v for k, v in row.items() if k != "sync"} for job, row in rows.items()}

    def answer(self, method: str, params: Mapping[str, Any]) -> tuple[Any, Any]:
        """(result, error), as of now."""
        where = {"asOf": self.n, "desktop": self.device, "store": self.store}
        if method == "job.list":
            return {**self._list(params), **where}, None
        job = params["jobId"]
        if job not in self.rows:
            return None, {"code": "not_found", "message": "no such job", **where}
        return ({"job": self.row(job), **where} if method == "job.get" else {"success": True}), None

    def _list(self, params: Mapping[str, Any]) -> dict[str, Any]:
        scope = Scope(session=params.get("sessionId"), project=params.get("projectDirectory"))
        jobs = [self.row(job) for job, row in self.rows.items() if scope.holds(row)]
        wanted = params.get("statusFilter")
        jobs = [row for row in jobs if wanted is None or row["status"] in wanted]
        jobs.sort(key=lambda row: (-row["createdAt"], row["id"]))
        total, after = len(jobs), params.get("after")
        if after is not None:
            jobs = [row for row in jobs if (-row["createdAt"], row["id"]) > (-after["createdAt"], after["id"])]
        size = min(self.page, params.get("pageSize", 50))
        jobs = jobs[params.get("page", 0) * size :]
        return {"jobs": jobs[:size], "totalCount": total, "more": len(jobs) > size}

    def _change(
        self, type_: str, job: str, payload: Mapping[str, Any], changed: Mapping[str, Any], start: int | None = None
    ) -> Frame:
        row = self.rows[job]
        self.n += 1
        prev = row["sync"]["rev"]
        row["sync"]["rev"] = self.n
        fields = {k: v for k, v in changed.items() if k not in ("attempt", "response")}
        row.update(fields, updatedAt=self.n)
        return self._event(type_, job, prev, payload, {**changed, "updatedAt": self.n}, start=start)

    def _event(
        self,
        type_: str,
        job: str,
        prev: int,
        payload: Mapping[str, Any],
        changed: Mapping[str, Any] | None = None,
        *,
        start: int | None = None,
    ) -> Frame:
        row = self.rows[job]
        self._frames += 1
        sync = {**self._where({"rev": self.n, "attempt": row["sync"]["attempt"]}), "prev": prev, "msg": self._frames}
        if changed is not None:
            sync["set"] = dict(changed)
        if start is not None:
            sync["start"] = start
        full = {"jobId": job, "sessionId": row["sessionId"], "projectHash": row["projectHash"], **payload, "sync": sync}
        return {"messageType": type_, "payload": full, "sourceDeviceId": self.device}

    def _where(self, sync: Mapping[str, Any]) -> dict[str, Any]:
        return {"desktop": self.device, "store": self.store, **sync}


class Bench:
    """A replica, its clock and its timers. Calls pile up in `sends` until somebody answers them."""

    def __init__(self, profile: str = "hardened", with_: tuple[str, ...] = (), without: tuple[str, ...] = ()) -> None:
        self.now_s = 0.0
        self.wall_s = 1e9
        ids = (f"call-{n}" for n in itertools.count(1))
        self.replica = Replica(
            policies=profiles.load(profile, with_, without),
            timing=TIMING,
            device="phone",
            desktop=DESKTOP,
            clock=lambda: self.now_s,
            wall=lambda: self.wall_s,
            new_id=lambda: next(ids),
        )
        self.notes: list[Note] = []
        self.sends: list[Send] = []
        self.answers: dict[int, Done | Failed] = {}
        self.answered: list[int] = []
        self._timers: list[tuple[float, int, tuple[Any, ...]]] = []
        self._set = 0

    # Inputs ----------------------------------------------------------------------------------------------------------

    def register(self) -> None:
        self.replica.registered()
        self._perform()

    def lose(self) -> None:
        self.replica.lost()
        self._perform()

    def open(self, session: str | None = "s1", project: str | None = None) -> None:
        self.replica.open(Scope(session=None if project else session, project=project), "local:open")
        self._perform()

    def close(self) -> None:
        self.replica.open(None, "local:close")
        self._perform()

    def get_frame(self, *frames: Frame) -> None:
        for frame in frames:
            self.replica.frame(frame)
            self._perform()

    def list(self, op: int, **value: Any) -> None:
        self.replica.screen.list(op, value)
        self._perform()

    def call(self, op: int, method: str, job: str) -> None:
        self.replica.call(op, method, {"jobId": job})
        self._perform()

    def reply(self, send: Send, result: Any, error: Any = None) -> None:
        response = {"correlationId": send.corr, "result": result, "error": error, "isFinal": True}
        self.get_frame({"type": "relay_response", "clientId": "phone", "response": response})

    def wait(self, seconds: float) -> None:
        """Let time pass, timer by timer."""
        end_s = self.now_s + seconds
        while self._timers and self._timers[0][0] <= end_s:
            self.now_s, _, key = heapq.heappop(self._timers)
            self.replica.timer(key)
            self._perform()
        self.now_s = end_s

    # Serving ---------------------------------------------------------------------------------------------------------

    def serve(self, desktop: Desktop, rounds: int = 50, pause_s: float = 0.3) -> None:
        """Answer every call at once, and let timers run, until nothing is asked any more."""
        for _ in range(rounds):
            while self.sends:
                send = self.sends.pop(0)
                self.reply(send, *desktop.answer(send.method, send.params))
            self.wait(pause_s)
            if not self.sends:
                return
        raise AssertionError(f"still asking after {rounds} rounds: {self.sends}")

    def started(self, desktop: Desktop, session: str = "s1", project: str | None = None) -> Bench:
        """Registered, a scope open and listed."""
        self.register()
        self.open(session, project)
        self.serve(desktop)
        return self

    # What is seen ----------------------------------------------------------------------------------------------------

    @property
    def jobs(self) -> dict[str, Row]:
        return self.replica.board.state()

    def text(self, job: str) -> str:
        return str(self.jobs[job]["response"])

    def lines(self, line: str, **match: Any) -> list[Mapping[str, Any]]:
        found = [note.fields for note in self.notes if note.line == line]
        return [f for f in found if all(f.get(k) == v for k, v in match.items())]

    def licences(self, what: str | None = None) -> list[str]:
        """Of the fetches begun, in order."""
        begun = self.lines("fetch", phase="begin")
        return [f["licence"] for f in begun if what is None or f["what"] == what]

    def forget(self) -> None:
        """Look only at what comes from now on."""
        self.notes.clear()

    def _perform(self) -> None:
        for action in self.replica.take():
            self._do(action)

    def _do(self, action: Action) -> None:
        match action:
            case Note():
                self.notes.append(action)
            case Send():
                self.sends.append(action)
            case Timer(key, delay_s):
                self._set += 1
                heapq.heappush(self._timers, (self.now_s + delay_s, self._set, key))
            case Done(op) | Failed(op):
                self.answers[op] = action
                self.answered.append(op)
