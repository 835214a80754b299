"""What each operation does to a job: pure functions from the row held to the change to be committed.

A change is decided before anything is written. `set` holds the columns that change (null: the field goes away);
`payload` is what the event says beside `jobId`, `sessionId` and `sync`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from targets import protocol
from targets.probe import Definite, Value
from targets.protocol import RESPONSE_CAP_BYTES, ROW_CAP_BYTES, STATUSES, TOKEN_FIELDS, encode, is_terminal

META_CAP_BYTES = 512 * 1024  # of a row without its response
INT_MAX = 2**53 - 1

Meta = dict[str, Any]  # a stored row: every column but the response, and rev, attempt, bytes, jsonBytes


@dataclass(frozen=True)
class Change:
    f: str
    event: str
    set: Mapping[str, Any] = field(default_factory=dict)
    payload: Mapping[str, Any] = field(default_factory=dict)
    chunk: str | None = None
    legacy: bool | str = False  # of a chunk: True without a length or revision, "snake" with `accumulated_length`,
    # "no-session" without session and project
    body: bool = False  # the event carries the whole response
    new_attempt: bool = False


Decide = Callable[[Meta | None, int], Change]  # the row held (None: none), the time (ms); raises Definite


def refuse(message: str) -> Definite:
    return Definite("invalid_params", message)


def check_text(value: Value) -> None:
    """Raises Definite: text that is no Unicode (lone surrogates), or no JSON."""
    try:
        encode(value)
    except (TypeError, ValueError) as exc:
        raise refuse(f"not JSON: {exc}") from None


def _text(value: Value, name: str, default: str | None = None) -> str:
    text = value.get(name, default)
    if not isinstance(text, str):
        raise refuse(f"{name} must be a string")
    return text


def _ident(value: Value, name: str) -> str:
    text = _text(value, name)
    if not text:
        raise refuse(f"{name} must not be empty")
    return text


def _mapping(value: Value, name: str) -> Mapping[str, Any]:
    found = value.get(name, {})
    if not isinstance(found, Mapping):
        raise refuse(f"{name} must be an object")
    return found


def _count(value: Value, name: str) -> int:
    number = value[name]
    if not isinstance(number, int) or isinstance(number, bool) or not 0 <= number <= INT_MAX:
        raise refuse(f"{name} must be a whole number, 0 or more")
    return number


def _amount(value: Value, name: str, most: float = 1e15) -> float:
    number = value.get(name)
    if not isinstance(number, int | float) or isinstance(number, bool) or not 0 <= number <= most:
        raise refuse(f"{name} must be a number from 0 to {most:g}")
    return number


def _status(value: Value) -> str:
    status = _text(value, "status")
    if status not in STATUSES:
        raise refuse(f"no such status: {status[:64]}; one of {', '.join(STATUSES)}")
    return status


def _flag(value: Value, name: str) -> bool:
    flag = value.get(name, False)
    if not isinstance(flag, bool):
        raise refuse(f"{name} must be true or false")
    return flag


def create(value: Value) -> Decide:
    def decide(meta: Meta | None, now_ms: int) -> Change:
        if meta is not None:
            raise Definite("exists", f"job {meta['id']} exists")
        columns: dict[str, Any] = {
            "id": _ident(value, "jobId"),
            "sessionId": _ident(value, "sessionId"),
            "projectHash": protocol.project_hash(_ident(value, "projectDirectory")),
            "taskType": _text(value, "taskType"),
            "status": "created",
            "prompt": _text(value, "prompt"),
            **dict.fromkeys(TOKEN_FIELDS, 0),
            "metadata": dict(_mapping(value, "metadata")),
            "createdAt": now_ms,
            "isFinalized": False,
        }
        if "modelUsed" in value:
            columns["modelUsed"] = _text(value, "modelUsed")
        return Change("create", protocol.CREATED, columns)

    return decide


def _times(meta: Meta, status: str, now_ms: int) -> dict[str, Any]:
    """`startTime` of the first running, `endTime` and `durationMs` of the end."""
    if is_terminal(status):
        started = meta["startTime"]
        return {"endTime": now_ms, **({} if started is None else {"durationMs": max(0, now_ms - started)})}
    if status == "running" and meta["startTime"] is None:
        return {"startTime": now_ms}
    return {}


def status(meta: Meta, value: Value, now_ms: int) -> Change:
    to = _status(value)
    if is_terminal(meta["status"]):
        raise refuse(f"the job is {meta['status']}; only a failed one can go on, by retry")
    changed: dict[str, Any] = {"status": to, **_times(meta, to, now_ms)}
    if "subStatusMessage" in value:
        changed["subStatusMessage"] = _text(value, "subStatusMessage")
    told = {name: item for name, item in changed.items() if name != "durationMs"}
    return Change("status", protocol.STATUS_CHANGED, changed, told)


def chunk(meta: Meta, value: Value, now_ms: int) -> Change:
    text = _text(value, "chunk")
    if is_terminal(meta["status"]):
        raise refuse(f"the job is {meta['status']}: nothing can be appended")
    if meta["bytes"] + len(text.encode()) > RESPONSE_CAP_BYTES:
        raise refuse(f"the response would grow above {RESPONSE_CAP_BYTES} bytes")
    return Change("chunk", protocol.RESPONSE_APPENDED, {}, {}, chunk=text, legacy=value.get("legacy") or False)


def progress(meta: Meta, value: Value, now_ms: int) -> Change:
    stream = {
        "progress": _amount(value, "progress", 100),
        "responseLength": meta["bytes"],
        "lastStreamUpdateTime": now_ms,
    }
    return Change("progress", protocol.STREAM_PROGRESS, {"metadata": {**meta["metadata"], "stream": stream}}, stream)


def tokens(meta: Meta, value: Value, now_ms: int) -> Change:
    changed = {name: _count(value, name) for name in TOKEN_FIELDS if name in value}
    if not changed:
        raise refuse(f"one of {', '.join(TOKEN_FIELDS)} is needed")
    return Change("tokens", protocol.TOKENS_UPDATED, changed, changed)


def cost(meta: Meta, value: Value, now_ms: int) -> Change:
    changed: dict[str, Any] = {"actualCost": _amount(value, "actualCost")}
    if "isFinalized" in value:
        changed["isFinalized"] = _flag(value, "isFinalized")
    return Change("cost", protocol.COST_UPDATED, changed, changed)


def metadata(meta: Meta, value: Value, now_ms: int) -> Change:
    patch = dict(_mapping(value, "patch"))
    merged = {**meta["metadata"], **patch}
    kept = {name: item for name, item in merged.items() if item is not None}
    return Change("metadata", protocol.METADATA_UPDATED, {"metadata": kept}, {"metadataPatch": patch})


def error(meta: Meta, value: Value, now_ms: int) -> Change:
    details = value.get("errorDetails")
    if not isinstance(details, Mapping | str):
        raise refuse("errorDetails must be an object or a string")
    told = {"errorDetails": details if isinstance(details, str) else dict(details)}
    message = {"errorMessage": _text(value, "errorMessage")} if "errorMessage" in value else {}
    return Change("error", protocol.ERROR_DETAILS, {**told, **message}, told)


def finalize(meta: Meta, value: Value, now_ms: int) -> Change:
    to = _status(value)
    if not is_terminal(to):
        raise refuse(f"{to} is not a terminal status")
    if is_terminal(meta["status"]) and meta["status"] != to:
        raise refuse(f"the job is {meta['status']} already")
    changed: dict[str, Any] = {"status": to, "isFinalized": True}
    if not is_terminal(meta["status"]):
        changed |= _times(meta, to, now_ms)
    told: dict[str, Any] = {"status": to}
    if "actualCost" in value:
        told["actualCost"] = changed["actualCost"] = _amount(value, "actualCost")
    told |= {name: meta[name] for name in TOKEN_FIELDS}
    return Change("finalize", protocol.FINALIZED, changed, told, body=_flag(value, "body"))


def delete(meta: Meta, value: Value, now_ms: int) -> Change:
    return Change("delete", protocol.DELETED)


def retry(meta: Meta, value: Value, now_ms: int) -> Change:
    if meta["status"] != "failed":
        raise refuse(f"only a failed job can be retried; this one is {meta['status']}")
    gone = ("startTime", "endTime", "durationMs", "errorMessage", "errorDetails", "subStatusMessage")
    changed = {
        "status": "queued",
        "isFinalized": False,
        **dict.fromkeys(name for name in gone if meta[name] is not None),
    }
    return Change("retry", protocol.STATUS_CHANGED, changed, {"status": "queued"}, new_attempt=True)


def cancel(meta: Meta, value: Value, now_ms: int) -> Change:
    """A mobile's request. Raises Definite for a job that ended otherwise; the caller asks for one that is canceled."""
    if is_terminal(meta["status"]):
        raise refuse(f"the job is {meta['status']}: there is nothing to cancel")
    changed = {"status": "canceled", **_times(meta, "canceled", now_ms)}
    return Change("cancel", protocol.STATUS_CHANGED, changed, {"status": "canceled", "endTime": now_ms})


OPERATIONS: Mapping[str, Callable[[Meta, Value, int], Change]] = {
    "status": status,
    "chunk": chunk,
    "progress": progress,
    "tokens": tokens,
    "cost": cost,
    "metadata": metadata,
    "error": error,
    "finalize": finalize,
    "delete": delete,
    "retry": retry,
    "cancel": cancel,
}


def of_existing(f: str, value: Value) -> Decide:
    """The operation `f` on a job that must be there. Raises Definite `not_found` when it is not."""
    operation = OPERATIONS[f]

    def decide(meta: Meta | None, now_ms: int) -> Change:
        if meta is None:
            raise Definite("not_found", f"no job {value.get('jobId')}")
        return operation(meta, value, now_ms)

    return decide


def check_size(meta: Meta) -> None:
    """A row must fit into a frame, however its text is escaped. Raises Definite."""
    size = len(encode(meta))
    if size > META_CAP_BYTES:
        raise refuse(f"the row without its response would be {size} bytes, above {META_CAP_BYTES}")
    if size + meta["jsonBytes"] > ROW_CAP_BYTES:
        raise refuse(f"the row would be above {ROW_CAP_BYTES} bytes as JSON")
