"""What each operation of a desktop does to a job's row: a commit is compared with what was asked, and with the row."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from checkers.past.truth import Entry, JobTruth
from harness.history import TERMINAL_STATUSES

_TIMES = frozenset({"startTime", "endTime", "durationMs"})
_TOKENS = frozenset({"tokensSent", "tokensReceived", "cacheReadTokens", "cacheWriteTokens"})
_MAY_CHANGE: Mapping[str, frozenset[str]] = {
    "status": frozenset({"status", "subStatusMessage"}) | _TIMES,
    "cancel": frozenset({"status"}) | _TIMES,
    "chunk": frozenset(),
    "progress": frozenset({"metadata"}),
    "metadata": frozenset({"metadata"}),
    "tokens": _TOKENS,
    "cost": frozenset({"actualCost", "isFinalized"}),
    "error": frozenset({"errorDetails", "errorMessage"}),
    "finalize": frozenset({"status", "isFinalized", "actualCost"}) | _TIMES | _TOKENS,
    "retry": frozenset({"status", "isFinalized", "errorMessage", "errorDetails", "subStatusMessage"}) | _TIMES,
    "delete": frozenset(),
}
_LEADS_TO: Mapping[str, Mapping[str, object]] = {
    "create": {"isFinalized": False},
    "retry": {"status": "queued", "isFinalized": False, "errorMessage": None, "errorDetails": None, "endTime": None},
    "cancel": {"status": "canceled"},
    "finalize": {"isFinalized": True},
}
_AS_ASKED: Mapping[str, tuple[str, ...]] = {  # columns that take the value of the argument of that name, where given
    "create": ("sessionId", "taskType", "prompt", "metadata", "modelUsed"),
    "status": ("status", "subStatusMessage"),
    "tokens": tuple(_TOKENS),
    "cost": ("actualCost", "isFinalized"),
    "error": ("errorDetails", "errorMessage"),
    "finalize": ("status", "actualCost"),
}


def impossible(truth: JobTruth, entry: Entry) -> str | None:
    """Why this commit could not be made at all, of the job as it was before it; None: it could."""
    f = entry.commit.f
    if f == "create" and truth.revs[0] < entry.n:
        return "of a job that was there"
    if truth.deleted is not None and truth.deleted.n < entry.n:
        return "of a job that was deleted"
    return _of_status(f, truth.value_at("status", entry.n - 1), entry.commit.set.get("status"))


def _of_status(f: str, status: object, to: object) -> str | None:
    ended = isinstance(status, str) and status in TERMINAL_STATUSES
    wrong = f in ("status", "chunk", "cancel") and ended
    wrong = wrong or (f == "finalize" and ended and to not in (None, status))
    return f"of a job that was {status}" if wrong or (f == "retry" and status not in (None, "failed")) else None


def mistaken(truth: JobTruth, entry: Entry) -> str | None:
    """What this commit changed that its operation does not change, whatever it was asked; None: nothing."""
    commit, before = entry.commit, entry.n - 1
    allowed = _MAY_CHANGE.get(commit.f, commit.set)  # a creation sets what it likes
    for name, value in commit.set.items():
        if name not in allowed and name != "updatedAt" and truth.value_at(name, before) != value:
            return f"changed {name}"
    if commit.f == "progress" and "metadata" in commit.set:
        return _beside_stream(truth.value_at("metadata", before), commit.set["metadata"])
    if entry.chunk is not None and commit.start is not None and commit.start != entry.chunk.start:
        return f"says that its chunk starts at {commit.start}, where {entry.chunk.start} bytes had been written"
    for name, value in _LEADS_TO.get(commit.f, {}).items():
        if truth.value_at(name, entry.n) not in (None, value):  # a desktop need not store everything
            return f"did not make the job {value}" if name == "status" else f"left {name} as it should not be"
    return None


def _beside_stream(before: object, after: object) -> str | None:
    if not isinstance(before, dict) or not isinstance(after, dict):
        return None
    rest, now = ({k: v for k, v in data.items() if k != "stream"} for data in (before, after))
    names = sorted(name for name in {**rest, **now} if rest.get(name) != now.get(name))
    return f"changed metadata.{names[0]}" if names else None


def otherwise(f: str, asked: Mapping[str, Any], truth: JobTruth, entry: Entry) -> str | None:
    """How this commit differs from what was asked; None: it does not."""
    commit = entry.commit
    if commit.f != f:
        return f"did a {commit.f} instead"
    for name in _AS_ASKED.get(f, ()):
        if name in asked and truth.value_at(name, entry.n) != asked[name]:
            return f"set {name} to another value"
    return _SPECIAL[f](asked, truth, entry) if f in _SPECIAL else None


def _project(asked: Mapping[str, Any], truth: JobTruth, entry: Entry) -> str | None:
    project = asked.get("projectDirectory")
    wrong = isinstance(project, str) and _hash(project) != entry.commit.set.get("projectHash")
    return "put the job into another project" if wrong else None


def _text(asked: Mapping[str, Any], truth: JobTruth, entry: Entry) -> str | None:
    return "wrote another text" if entry.commit.chunk != asked.get("chunk") else None


def _progress(asked: Mapping[str, Any], truth: JobTruth, entry: Entry) -> str | None:
    metadata = entry.commit.set.get("metadata")
    stream = metadata.get("stream") if isinstance(metadata, dict) else None
    wrong = "progress" in asked and isinstance(stream, dict) and stream.get("progress") != asked["progress"]
    return "noted another progress" if wrong else None


def _patch(asked: Mapping[str, Any], truth: JobTruth, entry: Entry) -> str | None:
    return _merged(truth.value_at("metadata", entry.n - 1), asked.get("patch"), entry.commit.set.get("metadata"))


_SPECIAL = {"create": _project, "chunk": _text, "progress": _progress, "metadata": _patch}


def _merged(before: object, patch: object, after: object) -> str | None:
    if not all(isinstance(data, dict) for data in (before, patch, after)):
        return None
    assert isinstance(before, dict) and isinstance(patch, dict)
    merged = {name: value for name, value in {**before, **patch}.items() if value is not None}
    return None if merged == after else "merged the patch into something else"


def _hash(project: str) -> str:
    return hashlib.sha256(project.encode(errors="replace")).hexdigest()
