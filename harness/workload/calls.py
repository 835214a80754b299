"""The calls of a script: `{at: 1s, node: desktop-1, do: chunk, job: a, text: "Привет"}`.

One class per call of the closed table of probe operations; the plan's words are short, `WIRE` has the probe's.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from faults import DurationNs, Words
from harness.schedule import Node, Step, System
from harness.workload.lasting import Lasting
from harness.workload.tagged import OneOf

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
    """When the call is made: a duration since the start of the workload. It waits for the call before it of the same
    user."""
    node: str
    """The name of the node on which the call is made, such as `desktop-1`."""
    do: str
    """Which call it is; the words beside it depend on it."""
    user: int = Field(1, ge=1, le=16)
    """Which user of the node makes it, from 1 to 16; calls of different users overlap. The default is 1."""

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
    """The id that the new job gets; later calls name it so."""
    session: str | None = None
    """The session that the job belongs to. Left out, it is the desktop's first one."""
    task: str = "text_improvement"
    """The type of the job's task. The default is `text_improvement`."""
    prompt: str = "Improve this text."
    """The prompt of the job. The default is a short sentence."""
    metadata: dict[str, Any] | None = None
    """The metadata of the new job, any mapping. Left out, it has none."""

    def value(self, node: Node) -> dict[str, Any]:
        session = self.session if self.session is not None else sessions_of(node)[0]
        said = super().value(node)
        return {**said, "sessionId": session, "projectDirectory": project_of(node, session)}


class SetStatus(Call):
    do: Literal["status"]
    job: JobId
    """The id of the job that the call is about, as the plan names it."""
    status: Status
    """The status that the job gets, as the protocol spells it."""
    message: str | None = None
    """The sub-status, a text that is shown beside the status. Left out, it is not changed."""


class Chunk(Call):
    """`repeat` makes a long text of a short one; `legacy` leaves the accumulated length out, spells it `snake`,
    or leaves out of which session and project it is (`no-session`). `stream: {for: 30s, every: 500ms}` says it again
    and again, the first time at `at`."""

    do: Literal["chunk"]
    job: JobId
    """The id of the job that the call is about, as the plan names it."""
    text: str
    """The text that is appended to the job's response; it may be empty."""
    repeat: int = Field(1, ge=1, le=1_000_000)
    """How many times the text is said within this one chunk, up to a million. The default is 1."""
    legacy: bool | Literal["snake", "no-session"] = False
    """How older desktops tell it: `true` without the accumulated length, `snake` with another spelling, `no-session`
    without session and project. The default is no."""
    stream: Lasting | None = None
    """Says the chunk again and again, `{for: 30s, every: 500ms}`, the first time at `at`. Left out, it is said once."""

    def times_ns(self) -> list[int]:
        return list(self.stream.times_ns(self.at)) if self.stream is not None else [self.at]

    def value(self, node: Node) -> dict[str, Any]:
        return {"jobId": self.job, "chunk": self.text * self.repeat, **({"legacy": self.legacy} if self.legacy else {})}


class Progress(Call):
    do: Literal["progress"]
    job: JobId
    """The id of the job that the call is about, as the plan names it."""
    progress: float = Field(ge=0, le=100)
    """How far the stream has come, in percent, from 0 to 100."""


class Tokens(Call):
    do: Literal["tokens"]
    job: JobId
    """The id of the job that the call is about, as the plan names it."""
    sent: int | None = Field(None, ge=0)
    """How many tokens were sent so far. Left out, the count stays."""
    received: int | None = Field(None, ge=0)
    """How many tokens were received so far. Left out, the count stays."""
    cache_read: int | None = Field(None, ge=0)
    """How many tokens were read from the cache so far. Left out, the count stays."""
    cache_write: int | None = Field(None, ge=0)
    """How many tokens were written to the cache so far. Left out, the count stays."""


class Cost(Call):
    do: Literal["cost"]
    job: JobId
    """The id of the job that the call is about, as the plan names it."""
    cost: float = Field(ge=0)
    """What the job has cost so far, in the currency of the system, 0 or more."""
    final: bool | None = None
    """Whether the cost is the last one of the job. Left out, nothing is said of it."""


class Metadata(Call):
    """A shallow merge; null deletes a key."""

    do: Literal["metadata"]
    job: JobId
    """The id of the job that the call is about, as the plan names it."""
    patch: dict[str, Any]
    """The keys that change, with their new values; `null` deletes a key, and all others stay."""


class Error(Call):
    do: Literal["error"]
    job: JobId
    """The id of the job that the call is about, as the plan names it."""
    details: dict[str, Any] | str
    """What went wrong: a mapping, or a text."""
    error_message: str | None = None
    """A message for people beside the details. Left out, there is none."""


class Finalize(Call):
    """`body` says whether the event carries the whole response."""

    do: Literal["finalize"]
    job: JobId
    """The id of the job that the call is about, as the plan names it."""
    status: Terminal = "completed"
    """The status with which the job ends. The default is `completed`."""
    body: bool = True
    """Whether the event carries the whole response. The default is yes."""
    cost: float | None = Field(None, ge=0)
    """What the job has cost in the end, 0 or more. Left out, the cost stays."""


class Retry(Call):
    do: Literal["retry"]
    job: JobId
    """The id of the job that the call is about, as the plan names it."""


class Delete(Call):
    """On a desktop it is done there; on a mobile it is a request to the desktop."""

    ROLES = frozenset({"desktop", "mobile"})
    do: Literal["delete"]
    job: JobId
    """The id of the job that the call is about, as the plan names it."""


class _OnMobile(Call):
    ROLES = frozenset({"mobile"})


class Scoped(_OnMobile):
    session: str | None = None
    """The session whose jobs the screen shows. Left out, it is `project`, or the mobile's first scope."""
    project: str | None = None
    """The project directory whose jobs the screen shows, if no session is named. Left out, it is the mobile's first
    scope of the topology."""

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
    """Only jobs with one of these statuses. Left out, all of them."""
    task_filter: list[str] | None = None
    """Only jobs with one of these task types. Left out, all of them."""
    page: int | None = Field(None, ge=0)
    """Which page of the list is fetched, counted from 0. Left out, there are no pages."""
    page_size: int | None = Field(None, ge=1, le=200)
    """How many jobs a page has, from 1 to 200. Left out, the desktop decides."""
    bypass_cache: bool | None = None
    """Whether the answer may not come from a cache. Left out, it may."""


class Get(_OnMobile):
    do: Literal["get"]
    job: JobId
    """The id of the job that the call is about, as the plan names it."""


class Cancel(_OnMobile):
    do: Literal["cancel"]
    job: JobId
    """The id of the job that the call is about, as the plan names it."""


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


class AnyCall(OneOf):
    """Marks a field that holds any call."""

    TAG = "do"

    @classmethod
    def members(cls) -> Mapping[str, type[Call]]:
        return CALLS


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
