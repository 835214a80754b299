"""The wire: frames, events, rows, errors and their codecs. Both ends and the relay speak through this file.

One JSON object a text frame. Frames are plain dicts (`encode`, `decode`); sizes are bytes, times are Unix milliseconds.
"""

from __future__ import annotations

import hashlib
import random
import uuid
from collections.abc import Mapping
from typing import Any

import msgspec

from targets import wall

Frame = dict[str, Any]
Row = dict[str, Any]

PATH = "/ws/device-link"
SERVER_HEADER = USER_AGENT = "jobsync/1"  # pinned: the library's own names its version, and bytes on the wire must not
FRAME_CAP_BYTES = 10 * 1024 * 1024
RESPONSE_CAP_BYTES = 8 * 1024 * 1024
ROW_CAP_BYTES = 9 * 1024 * 1024  # a row as JSON (escapes count); the rest of a frame is its envelope
PAGE_CAP_BYTES = 1024 * 1024
PAGE_SIZE = 50
PAGE_SIZE_MAX = 200
GLOBAL_PREFIX = "mobile-session-"  # a mobile's session with this prefix is global mode: it lists by project

CREATED = "job:created"
DELETED = "job:deleted"
STATUS_CHANGED = "job:status-changed"
STREAM_PROGRESS = "job:stream-progress"
TOKENS_UPDATED = "job:tokens-updated"
COST_UPDATED = "job:cost-updated"
RESPONSE_APPENDED = "job:response-appended"
ERROR_DETAILS = "job:error-details"
FINALIZED = "job:finalized"
METADATA_UPDATED = "job:metadata-updated"
JOB_EVENTS = (
    CREATED,
    DELETED,
    STATUS_CHANGED,
    STREAM_PROGRESS,
    TOKENS_UPDATED,
    COST_UPDATED,
    RESPONSE_APPENDED,
    ERROR_DETAILS,
    FINALIZED,
    METADATA_UPDATED,
)
SYNC_HEAD = "sync:head"
SYNC_GAP = "sync:gap"
PRESENCE = "presence"

ACTIVE_STATUSES = (
    "created",
    "queued",
    "acknowledgedByWorker",
    "preparing",
    "preparingInput",
    "running",
    "generatingStream",
    "processingStream",
)
TERMINAL_STATUSES = ("completed", "completedByTag", "failed", "canceled")
STATUSES = ACTIVE_STATUSES + TERMINAL_STATUSES

TOKEN_FIELDS = ("tokensSent", "tokensReceived", "cacheReadTokens", "cacheWriteTokens")
# Every field of a row but `sync`. A row on the wire leaves out optional fields that have no value;
# in an event's `sync.set` such a field is null.
REQUIRED_FIELDS = (
    "id",
    "sessionId",
    "projectHash",
    "taskType",
    "status",
    "prompt",
    "response",
    *TOKEN_FIELDS,
    "metadata",
    "createdAt",
    "updatedAt",
    "isFinalized",
)
OPTIONAL_FIELDS = (
    "errorMessage",
    "errorDetails",
    "modelUsed",
    "actualCost",
    "durationMs",
    "startTime",
    "endTime",
    "subStatusMessage",
)
ROW_FIELDS = REQUIRED_FIELDS + OPTIONAL_FIELDS

# Errors of a frame: {"type": "error", "code", "message", "timestamp"}
ERROR_CODES = (
    "invalid_json",
    "invalid_payload",
    "unknown_message_type",
    "auth_required",
    "missing_target_device_id",
    "missing_method",
    "relay_failed",
)
# Errors of a call: definite ones did not happen; the others may have, or may yet.
DEFINITE_CODES = ("not_found", "invalid_params", "forbidden", "desktop_offline", "offline")
INDEFINITE_CODES = ("disconnected", "internal", "timeout")

RPC_METHODS = ("job.list", "job.get", "job.cancel", "job.delete")

CLOSE_TOKEN_EXPIRED = 4401
CLOSE_REPLACED = 4409


class BadFrame(ValueError):
    """Text that is not one JSON object."""


class RpcError(Exception):
    """The answer to a call that failed: `{code, message}` and, for `not_found`, what the answer is as of."""

    def __init__(self, code: str, message: str = "", **extra: Any) -> None:
        super().__init__(message or code)
        self.code = code
        self.message = message or code
        self.extra = extra

    @property
    def definite(self) -> bool:
        return self.code in DEFINITE_CODES

    def as_json(self) -> dict[str, Any]:
        return {"code": self.code, "message": self.message, **self.extra}


_decoder = msgspec.json.Decoder()
encode = msgspec.json.Encoder().encode


def decode(data: str | bytes) -> Frame:
    """One frame. Raises BadFrame."""
    try:
        frame = _decoder.decode(data)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as exc:
        raise BadFrame(f"not JSON: {exc}") from None
    if not isinstance(frame, dict):
        raise BadFrame(f"expected a JSON object, got {type(frame).__name__}")
    return frame


def now_ms() -> int:
    return int(wall.now_s() * 1000)


def new_id() -> str:
    """A random UUID, drawn from the `random` module so that a simulated run can be repeated."""
    return str(uuid.UUID(int=random.getrandbits(128), version=4))


def device_id(text: str) -> str:
    """Device ids are compared without regard to case: lower-cased at every edge."""
    return text.strip().lower()


def project_hash(directory: str) -> str:
    return hashlib.sha256(directory.encode()).hexdigest()


def text_digest(data: bytes) -> str:
    """BLAKE2b, 8 bytes, hex, of a response's UTF-8 bytes."""
    return hashlib.blake2b(data, digest_size=8).hexdigest()


def is_terminal(status: object) -> bool:
    return status in TERMINAL_STATUSES


def summary(row: Mapping[str, Any]) -> Row:
    """A row without its `response`, plus that text's `bytes` and `digest`."""
    data = str(row.get("response") or "").encode()
    rest = {name: value for name, value in row.items() if name != "response"}
    return {**rest, "bytes": len(data), "digest": text_digest(data)}


def error_frame(code: str, message: str) -> Frame:
    return {"type": "error", "code": code, "message": message, "timestamp": now_ms()}


def event_frame(event: str, payload: Mapping[str, Any], key: str = "eventType") -> Frame:
    """Desktop → relay. `key`: where the event's type stands."""
    return {"type": "event", key: event, "payload": payload}


def call_frame(target: str, method: str, params: Mapping[str, Any], correlation_id: str) -> Frame:
    """Mobile → relay: a call of the target device's `method`."""
    call = {"method": method, "params": params, "id": correlation_id}
    return {"type": "relay", "payload": {"targetDeviceId": target, "messageType": "rpc", "payload": call}}


def reply_frame(
    client_id: str, correlation_id: str, result: Any = None, error: Mapping[str, Any] | None = None
) -> Frame:
    """Desktop → relay → mobile: the one and final answer to a call."""
    response = {"correlationId": correlation_id, "result": result, "error": error, "isFinal": True}
    return {"type": "relay_response", "clientId": client_id, "response": response}
