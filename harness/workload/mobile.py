"""A mobile's user: opens a screen and looks around; what takes the replica away is undone by the next call."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from harness.schedule import Node, Step
from harness.seeds import Dice
from harness.workload.calls import sessions_of
from harness.workload.words import Workload

_OPEN_NS = 50_000_000
_FILTERS: tuple[dict[str, Any], ...] = (
    {"statusFilter": ["running", "generatingStream"]},
    {"statusFilter": ["completed"]},
    {"taskTypeFilter": ["implementation_plan"]},
    {"page": 0, "pageSize": 3},
    {"page": 1, "pageSize": 3},
    {"bypassCache": True},
)


@dataclass
class Target:
    """A job that a mobile may ask about; `deleted` ones are not deleted a second time.

    `works_until_ns`: until then nobody else ends it, because its desktop's work is to last.
    """

    job: str
    born_ns: int
    deleted: bool = False
    works_until_ns: int = 0


class MobileUser:
    def __init__(self, workload: Workload, node: Node, desktop: Node, targets: list[Target], dice: Dice) -> None:
        self._node, self._targets = node, sorted(targets, key=lambda t: (t.born_ns, t.job))
        self._process = f"{node.name}/user"
        self._random = dice.stream(f"workload:{self._process}")
        self._weights = {k: w for k, w in workload.weights(workload.mix.mobile).items() if w}
        self._scopes = [{"session": s} for s in sessions_of(desktop)] + [{"project": p} for p in desktop.projects]
        self._scope = dict(node.scope)
        self._idle = not workload.mobile_rate
        self._pause_ns = round(1e9 / workload.mobile_rate) if workload.mobile_rate else 0
        self._steps: list[Step] = []
        self._now_ns = _OPEN_NS
        self._makers: dict[str, Callable[[], None]] = {
            "list": self._list,
            "get": self._get,
            "switch": self._switch,
            "background": lambda: self._away("background", "foreground", {}),
            "close": lambda: self._away("close", "open", {"scope": self._scope}),
            "cancel": lambda: self._ask("cancel"),
            "delete": lambda: self._ask("delete"),
            "reopen": lambda: self._call("open", {"scope": self._scope}),
        }

    def steps(self, end_ns: int) -> list[Step]:
        """The user's calls up to `end_ns`; at the end the screen is open and in front."""
        self._call("open", {"scope": self._scope})
        if self._idle:
            return self._steps
        self._rest()
        while self._weights and self._now_ns < end_ns:
            kind = self._random.choices(list(self._weights), list(self._weights.values()))[0]
            self._makers[kind]()
            self._rest()
        kept = [step for step in self._steps if step.at_ns <= end_ns]
        return kept[:-1] if kept and kept[-1].f in ("background", "close") else kept

    def _rest(self) -> None:
        self._now_ns += round(self._pause_ns * (0.5 + self._random.random()))

    def _call(self, f: str, value: dict[str, Any]) -> None:
        self._steps.append(Step(at_ns=self._now_ns, process=self._process, node=self._node.name, f=f, value=value))

    def _list(self) -> None:
        self._call("list", dict(self._random.choice(_FILTERS)) if self._random.random() < 0.4 else {})

    def _get(self) -> None:
        """One of the latest jobs, sometimes any of them, born or not."""
        born = [t for t in self._targets if t.born_ns <= self._now_ns]
        among = born[-6:] if born and self._random.random() < 0.8 else self._targets
        if among:
            self._call("get", {"jobId": self._random.choice(among).job})

    def _switch(self) -> None:
        others = [scope for scope in self._scopes if scope != self._scope]
        if others:
            self._scope = self._random.choice(others)
            self._call("switch", {"scope": self._scope})

    def _away(self, leave: str, come_back: str, value: dict[str, Any]) -> None:
        self._call(leave, {})
        self._rest()
        self._call(come_back, value)

    def _ask(self, f: str) -> None:
        """A request that the desktop carries out: cancel any job, delete one that nobody else deletes."""
        born = [t for t in self._targets if t.born_ns <= self._now_ns and not t.deleted]
        born = [t for t in born if t.works_until_ns <= self._now_ns]
        if not born:
            return
        target = self._random.choice(born[-6:])
        target.deleted = f == "delete"
        self._call(f, {"jobId": target.job})
