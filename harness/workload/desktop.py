"""A desktop's client: life-cycles of its jobs, one call at a time, several jobs in flight."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, get_args

from harness.schedule import Node, Step
from harness.seeds import Dice
from harness.workload import fields, lives
from harness.workload.calls import Status, Terminal, project_of, sessions_of
from harness.workload.content import Text
from harness.workload.mobile import Target
from harness.workload.words import Workload

_TERMINAL: tuple[str, ...] = get_args(Terminal)
_WAY: tuple[str, ...] = tuple(s for s in get_args(Status) if s not in _TERMINAL)
_STREAMING = _WAY.index("generatingStream")
_ENDINGS = ("completed",) * 6 + ("completedByTag",) + ("failed",) * 3
_TASKS = ("text_improvement", "implementation_plan", "path_finder", "web_search")
_AT_WORK = 4  # jobs that a client has in hand at a time
_CREATED_BY = 0.8  # of the window: the last job still has a life before it
_LONGEST_BURST = 6


@dataclass
class _Job:
    id: str
    session: str
    text: Text
    status: str = "created"
    deleted: bool = False
    tokens: int = 0
    cost: float = 0.0
    notes: int = 0
    streams_until_ns: int = 0
    ahead: list[str] = field(default_factory=list)  # the calls that its life still has before it
    still: bool = False  # nothing is ever done to it

    @property
    def live(self) -> bool:
        return not self.deleted and self.status not in _TERMINAL


@dataclass
class DesktopClient:
    """`jobs` jobs named `<letter>1`, `<letter>2`, … of one sequential client."""

    workload: Workload
    node: Node
    user: int
    letter: str
    jobs: int
    dice: Dice
    targets: list[Target] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._process = f"{self.node.name}/user" + (f"-{self.user + 1}" if self.user else "")
        self._random = self.dice.stream(f"workload:{self._process}")
        self._weights = self.workload.weights(self.workload.mix.desktop)
        self._sessions = sessions_of(self.node)
        self._mine: list[_Job] = []
        self._steps: list[Step] = []
        self._now_ns = self._spread_ns = 0
        self._pause_ns = round(1e9 * self.workload.users / self.workload.rate)
        self._makers: dict[str, Callable[[_Job], None]] = {
            "status": self._status,
            "chunk": self._burst,
            "progress": self._progress,
            "tokens": self._tokens,
            "cost": self._cost,
            "metadata": self._metadata,
            "error": self._error,
            "finalize": self._finalize,
            "delete": self._delete,
            "retry": self._retry,
            "fail": lambda job: self._end(job, "failed"),
        }
        self._drawn = fields if self.workload.fields == "all" else None  # None: the usual values

    def steps(self, start_ns: int, end_ns: int) -> list[Step]:
        """The client's calls between the two times."""
        if not self._sessions or not self.jobs or not any(self._weights.values()):
            return []
        spread_ns = self.workload.spread
        self._spread_ns = min(end_ns, start_ns + spread_ns) if spread_ns is not None else 0
        due = self._births(start_ns, self._spread_ns or end_ns)
        self._now_ns = start_ns
        while self._now_ns < end_ns:
            if due and due[0] <= self._now_ns:
                due.pop(0)
                self._create()
            else:
                self._one_call()
            self._rest()
        return sorted((step for step in self._steps if step.at_ns <= end_ns), key=lambda step: step.at_ns)

    def _births(self, start_ns: int, end_ns: int) -> list[int]:
        """When jobs are created: evenly, with some jitter, the first at once."""
        apart_ns = (end_ns - start_ns) * _CREATED_BY / self.jobs
        return [start_ns + round(apart_ns * (k + (self._random.random() if k else 0))) for k in range(self.jobs)]

    def _rest(self) -> None:
        self._now_ns += round(self._pause_ns * (0.5 + self._random.random()))

    def _one_call(self) -> None:
        """Something to do with one of the jobs in hand; nothing when none is in a state for it."""
        led = [j for j in self._mine if j.ahead and not j.deleted and j.streams_until_ns <= self._now_ns]
        if led and self._random.random() < lives.PACE:
            job = self._random.choice(led[-_AT_WORK:])
            self._makers[job.ahead.pop(0)](job)
            return
        kind = self._random.choices(list(self._weights), list(self._weights.values()))[0]
        able = self._able(kind)
        if able:
            self._makers[kind](self._random.choice(able[-_AT_WORK:]))

    def _able(self, kind: str) -> list[_Job]:
        free = [job for job in self._mine if not (job.deleted or job.ahead or job.still)]
        live = [job for job in free if job.live]
        if kind in ("delete", "finalize") and len(live) == 1 and self._now_ns < self._spread_ns:
            live = []  # the work is not over yet
        if kind == "delete":
            return [job for job in free if job in live or not job.live]
        if kind in ("chunk", "finalize"):
            return [job for job in live if job.streams_until_ns <= self._now_ns]
        if kind == "retry":
            return [job for job in free if job.status == "failed"]
        return live

    # ---- calls ------------------------------------------------------------------------------------------------------

    def _call(self, f: str, job: _Job, **value: Any) -> None:
        value = {"jobId": job.id, **value}
        self._steps.append(Step(at_ns=self._now_ns, process=self._process, node=self.node.name, f=f, value=value))

    def _create(self) -> None:
        name = f"{self.letter}{len(self._mine) + 1}"
        session = self._random.choice(self._sessions)
        life = lives.drawn(self.workload.lives, self.dice.spread(f"life:{self.letter}", len(self._mine), self.jobs))
        job = _Job(name, session, Text(self.workload.content, name, self.dice, len(self._mine), self.jobs))
        job.ahead, job.still = list(lives.CALLS.get(life, ())), life == "silent"
        self._mine.append(job)
        self._call(
            "create",
            job,
            sessionId=session,
            projectDirectory=project_of(self.node, session),
            **(self._drawn.create(self._random) if self._drawn else self._usual(name)),
        )
        self.targets.append(Target(job=name, born_ns=self._now_ns, works_until_ns=self._spread_ns))
        if life == "brief":
            self._now_ns += round(lives.BRIEF_NS * self._random.random())
            self._delete(job)

    def _usual(self, name: str) -> dict[str, Any]:
        """Task, prompt and metadata of a new job."""
        metadata = {"created_by": "workload", "retry_count": 0} if self._random.random() < 0.5 else None
        return {
            "taskType": self._random.choice(_TASKS),
            "prompt": f"Improve the text of {name}.",
            **({"metadata": metadata} if metadata else {}),
        }

    def _status(self, job: _Job) -> None:
        """One or two stations further on the way."""
        at = min(_WAY.index(job.status) + self._random.randint(1, 2), len(_WAY) - 1)
        job.status = _WAY[at]
        usual = {"subStatusMessage": f"step {at} of {len(_WAY)}"} if self._random.random() < 0.3 else {}
        self._call("status", job, status=job.status, **(self._drawn.status(self._random) if self._drawn else usual))

    def _progress(self, job: _Job) -> None:
        usual = {"progress": self._random.randint(0, 100)}
        self._call("progress", job, **(self._drawn.progress(self._random) if self._drawn else usual))

    def _error(self, job: _Job) -> None:
        usual = {"errorDetails": {"code": "rate_limited", "message": "try later"}}
        self._call("error", job, **(self._drawn.error(self._random) if self._drawn else usual))

    def _burst(self, job: _Job) -> None:
        """Several chunks in a row; a job that does not stream yet begins to."""
        if _WAY.index(job.status) < _STREAMING:
            job.status = _WAY[_STREAMING]
            self._call("status", job, status=job.status)
            self._rest()
        if self.workload.stream is not None:
            job.streams_until_ns = self._now_ns + self.workload.stream.for_
            for at_ns in self.workload.stream.times_ns(self._now_ns):
                self._chunk(job, at_ns)
            return
        for _ in range(self._random.randint(1, _LONGEST_BURST)):
            self._chunk(job, self._now_ns)
            self._now_ns += round(self._pause_ns * (0.1 + 0.6 * self._random.random()))

    def _chunk(self, job: _Job, at_ns: int) -> None:
        text, legacy = job.text.chunk()
        value = {"jobId": job.id, "chunk": text, **({"legacy": legacy} if legacy else {})}
        self._steps.append(Step(at_ns=at_ns, process=self._process, node=self.node.name, f="chunk", value=value))

    def _tokens(self, job: _Job) -> None:
        if self._drawn:
            self._call("tokens", job, **self._drawn.tokens(self._random))
            return
        job.tokens += self._random.randint(1, 200)
        cached = {"cacheReadTokens": job.tokens // 2, "cacheWriteTokens": job.tokens // 4}
        self._call(
            "tokens", job, tokensSent=100, tokensReceived=job.tokens, **(cached if self._random.random() < 0.5 else {})
        )

    def _cost(self, job: _Job) -> None:
        if self._drawn:
            self._call("cost", job, **self._drawn.cost(self._random))
            return
        job.cost = round(job.cost + self._random.randint(1, 50) / 1000, 3)
        self._call("cost", job, actualCost=job.cost)

    def _metadata(self, job: _Job) -> None:
        if self._drawn:
            self._call("metadata", job, **self._drawn.metadata(self._random))
            return
        job.notes += 1
        patch: dict[str, Any] = {"user_note": f"note {job.notes}"}
        if self._random.random() < 0.3:
            patch["created_by"] = None
        self._call("metadata", job, patch=patch)

    def _finalize(self, job: _Job) -> None:
        self._end(job, self._random.choice(_ENDINGS))

    def _end(self, job: _Job, status: str) -> None:
        target = self._target(job)
        target.works_until_ns = min(target.works_until_ns, self._now_ns)
        job.status = status
        cost = {"actualCost": job.cost} if self._random.random() < 0.5 else {}
        self._call("finalize", job, status=job.status, body=self._random.random() < 0.5, **cost)

    def _retry(self, job: _Job) -> None:
        job.status = "queued"
        self._call("retry", job)

    def _delete(self, job: _Job) -> None:
        """At any time, mid-stream too."""
        job.deleted = True
        self._steps = [s for s in self._steps if s.value["jobId"] != job.id or s.at_ns <= self._now_ns]
        self._call("delete", job)
        self._target(job).deleted = True

    def _target(self, job: _Job) -> Target:
        return next(t for t in self.targets if t.job == job.id)
