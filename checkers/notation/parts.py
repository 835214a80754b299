"""The parts of the tiny language (`checkers.notation`): tokens read, and what stands behind them built."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from checkers.past.truth import JobTruth
from harness.history import Observation, text_digest

PROJECT = "p"
TIMING = {
    "ping_s": 30.0,
    "heartbeat_s": 30.0,
    "dead_peer_s": 60.0,
    "upgrade_s": 10.0,
    "register_s": 5.0,
    "close_s": 2.0,
    "call_s": 30.0,
    "fetch_s": 5.0,
    "relay_pending_s": 45.0,
    "head_s": 10.0,
    "stable_s": 5.0,
    "backoff_max_s": 30.0,
    "backoff_unit_s": 0.5,
    "fetch_backoff_max_s": 5.0,
    "coalesce_max_s": 0.25,
    "desktop_cache_s": 2.0,
    "mobile_cache_s": 300.0,
    "refresh_after_s": 5.0,
}  # of a topology that is not scaled, seconds
_TOKEN = re.compile(r'(?:"(?:[^"\\]|\\.)*"|\{[^}]*\}|\[[^\]]*\]|\([^)]*\)|[^\s"{\[(])+')
_MORE = re.compile(r'"(?:[^"\\]|\\.)*"|\{[^}]*\}|\[[^\]]*\]|\([^)]*\)|[\^~?!]')


class NotationError(ValueError):
    """A token that the language does not have; the message quotes it."""


@dataclass
class More:
    """What stands behind the job in a token."""

    text: str | None = None
    fields: dict[str, Any] = field(default_factory=dict)
    raw: dict[str, Any] = field(default_factory=dict)
    cause: str | None = None
    marks: str = ""


@dataclass
class Shown:
    row: dict[str, Any]
    text: bytes
    attempt: int


def commit_value(job: str, session: str, n: int, sign: str, more: More) -> dict[str, Any]:
    store: dict[str, Any] = {"store": "store-1"}
    if sign == "-":
        return {**store, "f": "delete"}
    if sign == "+":
        return {**store, "f": "create", "set": {**new_row(job, session), "updatedAt": n, **more.fields}}
    changed = {"updatedAt": n, **more.fields}
    if "^" in more.marks:
        return {**store, "f": "retry", "set": {"status": "queued", **changed}, "response": ""}
    if more.text is not None:
        return {**store, "f": "chunk", "set": changed, "chunk": more.text, "start": 0}
    return {**store, "f": "cancel" if changed.get("status") == "canceled" else "status", "set": changed}


def row_shown(truth: JobTruth, n: int, shown: Shown, more: More) -> Observation:
    position, size = truth.text_at(n) or (0, 0)
    attempt = truth.attempts[position]
    shown.row = {**truth.row_at(n), **more.fields}
    shown.attempt = attempt.number
    shown.text = attempt.text[:size] if more.text is None else more.text.encode()
    return Observation(kind="row", set=shown.row, bytes=len(shown.text), digest=text_digest(shown.text))


def change_shown(truth: JobTruth | None, n: int | None, shown: Shown, more: More) -> Observation:
    entry = (truth.entries.get(n) or truth.failed.get(n)) if truth and n is not None else None
    changed = {**(entry.commit.set if entry else {}), **more.fields}
    shown.row = {**shown.row, **changed}
    if entry is not None and entry.commit.response is not None:
        shown.text, shown.attempt = entry.commit.response.encode(), entry.attempt
    chunk = more.text if more.text is not None else entry.commit.chunk if entry else None
    if chunk is None:
        return Observation(kind="patch", set=changed, bytes=len(shown.text), digest=text_digest(shown.text))
    data, before = chunk.encode(), len(shown.text)
    shown.text += data
    end = (entry.commit.start or 0) + len(data) if entry and "~" not in more.marks else None
    digest = text_digest(shown.text)
    length = len(shown.text)
    return Observation(
        kind="append", set=changed, bytes=length, digest=digest, end=end, length=len(data), before=before
    )


def answered_row(job: JobTruth | None, name: str, n: int) -> dict[str, Any]:
    """A row in an answer to a mobile's user."""
    if job is None or n not in {**job.entries, **job.failed}:
        raise NotationError(f"{name}={n}: no commit of job {name} has revision {n}")
    position, size = job.text_at(n) or (0, 0)
    attempt = job.attempts[position]
    text = attempt.text[:size]
    sync = {"desktop": device_of(job.desktop), "store": job.store, "rev": n, "attempt": attempt.number}
    return {**job.row_at(n), "sync": sync, "bytes": size, "digest": text_digest(text)}


def answer(
    match: re.Match[str],
    f: str,
    job_of: Callable[[str], JobTruth | None],
    asked: dict[str, Any],
    fields: dict[str, Any],
) -> dict[str, Any]:
    """Value and error of the return of a call `f`, as a mobile gives them."""
    inner = match["inner"]
    if match["word"] != "ok":
        return {"error": {"code": inner}} if inner else {}
    pairs = (pair.split("=") for pair in (inner or "").split(",") if pair)
    rows = [answered_row(job_of(name), name, int(rev)) for name, rev in pairs]
    as_of = {"asOf": int(match["as_of"])} if match["as_of"] else {}
    if f == "list" and inner is not None:
        whole = {"jobs": rows, "totalCount": len(rows), "more": False, "source": "desktop", "params": asked}
        return {"value": {**whole, **as_of, **fields}}
    if f == "get" and rows:
        return {"value": {"job": rows[0], "source": "desktop", **as_of, **fields}}
    return {"value": {}} if not fields else {"value": fields}


def whole_row(job: JobTruth) -> dict[str, Any]:
    last = job.attempts[-1]
    return {**job.row_at(job.revs[-1]), "response": last.text.decode(), "sync": {"attempt": last.number}}


def new_row(job: str, session: str) -> dict[str, Any]:
    tokens = dict.fromkeys(("tokensSent", "tokensReceived", "cacheReadTokens", "cacheWriteTokens"), 0)
    project = {"sessionId": session, "projectHash": hashlib.sha256(PROJECT.encode()).hexdigest()}
    return {"id": job, **project, "status": "created", **tokens, "metadata": {}, "createdAt": 0, "isFinalized": False}


def device_of(node: str) -> str:
    return f"device-of-{node}"


def tokens(line: str) -> Iterator[str]:
    end = 0
    for match in _TOKEN.finditer(line):
        if line[end : match.start()].strip():
            break
        end = match.end()
        token, _, times = match[0].rpartition("*")
        yield from [token] * int(times) if token and times.isdecimal() and len(times) < 4 else [match[0]]
    if line[end:].strip():
        raise NotationError(f"cannot read {line[end:].strip()[:40]!r}: an open quote or bracket?")


def read_more(text: str, token: str) -> More:
    more, at = More(), 0
    for match in _MORE.finditer(text):
        if match.start() != at:
            break
        at, part = match.end(), match[0]
        if part[0] == '"':
            more.text = json.loads(part)
        elif part[0] == "{":
            more.fields = read_pairs(part)
        elif part[0] == "[":
            more.raw = read_pairs(part)
        elif part[0] == "(":
            more.cause = part[1:-1]
        else:
            more.marks += part
    if at != len(text):
        raise NotationError(f"{token!r}: cannot read {text[at:]!r}")
    return more


_BEFORE_A_NAME = re.compile(r",(?=\w+=|$)")  # a comma within JSON parts nothing


def read_pairs(part: str) -> dict[str, Any]:
    inner = part[1:-1]
    pairs = (item.partition("=") for item in _BEFORE_A_NAME.split(inner) if item)
    return {name.strip(): read_value(value) for name, _, value in pairs}


def read_value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
