"""The calls of a script: `{at: 1s, node: desktop-1, do: chunk, job: a, text: "Привет"}`.

One class per call of the closed table of probe operations; the plan's words are short, `WIRE` has the probe's.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, cast

from pydantic import Field, GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

from faults import DurationNs, Words
from harness.schedule import Node, Step, System
from harness.workload.lasting import Lasting

WIRE = {
    "job": "jobId",
    "session": "sessionId",
    "project": "projectDirectory",
    "task": "taskType",
    "text": "chunk",
    "message": "subStatusMessage",
    "sent": "tokensSent",
    "received": "tokensReceived",
    "cache_read": "cacheReadTokens",
    "cache_write": "cacheWriteTokens",
    "cost": "actualCost",
    "final": "isFinalized",
    "details": "errorDetails",
    "error_message": "errorMessage",
    "status_filter": "statusFilter",
    "task_filter": "taskTypeFilter",
    "page_size": "pageSize",
    "bypass_cache": "bypassCache",
}
Status = Literal[
    "created",
    "queued",
    "acknowledgedByWorker",
    "preparing",
    "preparingInput",
    "running",
    "generatingStream",
    "processingStream",
    "completed",
    "completedByTag",
    "failed",
    "canceled",
]
Terminal = Literal["completed", "completedByTag", "failed", "canceled"]
JobId = Annotated[str, Field(min_length=1, max_length=100)]


class Call(Words):
    """One client call. Calls of one `user` of a node run one after the other; other users' overlap with them."""

    ROLES: ClassVar[frozenset[str]] = frozenset({"desktop"})

    at: DurationNs
    node: str
    do: str
    user: int = Field(1, ge=1, le=16)

    def times_ns(self) -> list[int]:
        """When it is made."""
        return [self.at]

    def value(self, node: Node) -> dict[str, Any]:
        """What the probe of `node` is sent."""
        said = self.model_dump(exclude={"at", "node", "do", "user"}, exclude_none=True)
        return {WIRE.get(word, word): value for word, value in said.items()}


class Create(Call):
    do: Literal["create"]
    job: JobId
    session: str | None = None
    task: str = "text_improvement"
    prompt: str = "Improve this text."
    metadata: dict[str, Any] | None = None

    def value(self, node: Node) -> dict[str, Any]:
        session = self.session if self.session is not None else sessions_of(node)[0]
        said = super().value(node)
        return {**said, "sessionId": session, "projectDirectory": project_of(node, session)}


class SetStatus(Call):
    do: Literal["status"]
    job: JobId
    status: Status
    message: str | None = None


class Chunk(Call):
    """`repeat` makes a long text of a short one; `legacy` leaves the accumulated length out, spells it `snake`,
    or leaves out of which session and project it is (`no-session`). `stream: {for: 30s, every: 500ms}` says it again
    and again, the first time at `at`."""

    do: Literal["chunk"]
    job: JobId
    text: str
    repeat: int = Field(1, ge=1, le=1_000_000)
    legacy: bool | Literal["snake", "no-session"] = False
    stream: Lasting | None = None

    def times_ns(self) -> list[int]:
        return list(self.stream.times_ns(self.at)) if self.stream is not None else [self.at]

    def value(self, node: Node) -> dict[str, Any]:
        return {"jobId": self.job, "chunk": self.text * self.repeat, **({"legacy": self.legacy} if self.legacy else {})}


class Progress(Call):
    do: Literal["progress"]
    job: JobId
    progress: float = Field(ge=0, le=100)


class Tokens(Call):
    do: Literal["tokens"]
    job: JobId
    sent: int | None = Field(None, ge=0)
    received: int | None = Field(None, ge=0)
    cache_read: int | None = Field(None, ge=0)
    cache_write: int | None = Field(None, ge=0)


class Cost(Call):
    do: Literal["cost"]
    job: JobId
    cost: float = Field(ge=0)
    final: bool | None = None


class Metadata(Call):
    """A shallow merge; null deletes a key."""

    do: Literal["metadata"]
    job: JobId
    patch: dict[str, Any]


class Error(Call):
    do: Literal["error"]
    job: JobId
    details: dict[str, Any] | str
    error_message: str | None = None


class Finalize(Call):
    """`body` says whether the event carries the whole response."""

    do: Literal["finalize"]
    job: JobId
    status: Terminal = "completed"
    body: bool = True
    cost: float | None = Field(None, ge=0)


class Retry(Call):
    do: Literal["retry"]
    job: JobId


class Delete(Call):
    """On a desktop it is done there; on a mobile it is a request to the desktop."""

    ROLES = frozenset({"desktop", "mobile"})
    do: Literal["delete"]
    job: JobId


class _OnMobile(Call):
    ROLES = frozenset({"mobile"})


class Scoped(_OnMobile):
    session: str | None = None
    project: str | None = None

    def value(self, node: Node) -> dict[str, Any]:
        if self.session is not None:
            return {"scope": {"session": self.session}}
        return {"scope": {"project": self.project} if self.project is not None else dict(node.scope)}


class Open(Scoped):
    """Opens a screen: of a `session`, of a `project`, or the mobile's first one of the topology."""

    do: Literal["open"]


class Switch(Scoped):
    do: Literal["switch"]


class Close(_OnMobile):
    do: Literal["close"]


class List(_OnMobile):
    do: Literal["list"]
    status_filter: list[Status] | None = None
    task_filter: list[str] | None = None
    page: int | None = Field(None, ge=0)
    page_size: int | None = Field(None, ge=1, le=200)
    bypass_cache: bool | None = None


class Get(_OnMobile):
    do: Literal["get"]
    job: JobId


class Cancel(_OnMobile):
    do: Literal["cancel"]
    job: JobId


class Background(_OnMobile):
    do: Literal["background"]


class Foreground(_OnMobile):
    do: Literal["foreground"]


CALLS: Mapping[str, type[Call]] = {
    "create": Create,
    "status": SetStatus,
    "chunk": Chunk,
    "progress": Progress,
    "tokens": Tokens,
    "cost": Cost,
    "metadata": Metadata,
    "error": Error,
    "finalize": Finalize,
    "delete": Delete,
    "retry": Retry,
    "open": Open,
    "close": Close,
    "list": List,
    "get": Get,
    "cancel": Cancel,
    "switch": Switch,
    "background": Background,
    "foreground": Foreground,
}


class AnyCall:
    """Marks a field that holds any call, told apart by `do`."""

    TAG = "do"

    @classmethod
    def members(cls) -> Mapping[str, type[Call]]:
        return CALLS

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        choices = {do: handler.generate_schema(call) for do, call in CALLS.items()}
        return core_schema.tagged_union_schema(cast(dict[Any, CoreSchema], choices), discriminator=cls.TAG)


def sessions_of(node: Node) -> list[str]:
    return [s for sessions in node.projects.values() for s in sessions]


def project_of(node: Node, session: str) -> str:
    """The directory of `session`. Raises `KeyError` for a session that the desktop does not have."""
    for directory, sessions in node.projects.items():
        if session in sessions:
            return directory
    raise KeyError(session)


def has_its_session(call: Call, system: System) -> bool:
    """Can a job be created as the call says?"""
    sessions = sessions_of(system.node(call.node))
    return not isinstance(call, Create) or (call.session in sessions if call.session is not None else bool(sessions))


def scripted(script: list[Call], system: System) -> list[Step]:
    """A script's calls as steps, in its order."""
    return [step for call in script for step in _steps(call, system.node(call.node))]


def _steps(call: Call, node: Node) -> list[Step]:
    process = f"{node.name}/script" if call.user == 1 else f"{node.name}/script-{call.user}"
    value = call.value(node)
    return [Step(at_ns=at_ns, process=process, node=node.name, f=call.do, value=value) for at_ns in call.times_ns()]
