"""How a hunt goes: what was asked for, its budget of time, and the runs with their progress."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import msgspec

from harness.cli.telling import exits, say
from harness.cli.telling.often import Often
from harness.history import NOT_JSON
from harness.hunting.campaign import Campaign, Order, PlanText, new_campaign_id
from harness.hunting.tally import RunSummary
from harness.plan import Plan
from harness.runs.keep import Keep
from harness.schedule import Choice, Schedule

_GENERATED_LIMIT_S = 600.0  # of wall-clock time for one run of a generated plan, which lasts seconds
_FOR_SHRINKING = 0.25  # of a budget, once there is something to shrink
Kind = tuple[str, str]


class HuntWords(msgspec.Struct, frozen=True, kw_only=True):
    """What was typed. `budget` is in nanoseconds, and for each safeguard with `ablations`."""

    plan: tuple[str, ...]
    seeds: range
    jobs: int
    budget: int | None
    known: Path | None
    fail_on: str
    runtime: str
    system: Choice
    store: Path
    keep: Keep
    check_determinism: bool
    ablations: bool
    stop: bool
    no_guide: bool
    no_shrink: bool


class Budget:
    """Wall-clock time for everything that a hunt does; it begins to run when it is made."""

    def __init__(self, total_ns: int | None) -> None:
        self._until_s = None if total_ns is None else time.monotonic() + total_ns / 1e9

    @property
    def left_s(self) -> float | None:
        """None: there is no end."""
        return None if self._until_s is None else max(0.0, self._until_s - time.monotonic())

    def is_over(self) -> bool:
        return self.left_s == 0.0


def order(words: HuntWords, schedules: Sequence[Schedule]) -> Order:
    return Order(
        runtime=words.runtime,
        store=words.store,
        keep=words.keep,
        campaign=new_campaign_id(),
        argv=tuple(sys.argv[1:]),
        limit_s=max(map(_patience_s, schedules), default=_GENERATED_LIMIT_S),
        **words.system.chosen(),
    )


def _patience_s(schedule: Schedule) -> float:
    """Long enough for a loaded machine in real time; only a run that hangs takes longer."""
    return 300.0 + 3 * (schedule.duration_ns + schedule.quiesce_ns + schedule.converge_ns) / 1e9


def text(plan: Plan) -> PlanText:
    file = Path(plan.source.name)
    return PlanText(name=plan.name, text=plan.source.text, folder=file.parent if file.is_file() else None)


class _KnownSignature(msgspec.Struct):
    check: str
    reason: str


class _Known(msgspec.Struct):
    signatures: list[_KnownSignature]


def known(file: Path | None) -> list[Kind]:
    """Signatures of an earlier hunt's JSON. Raises `Refused`."""
    if file is None:
        return []
    try:
        found = msgspec.json.decode(file.read_bytes(), type=_Known)
    except (OSError, *NOT_JSON) as exc:
        raise exits.Refused(f"{file}: expected what `harness hunt --json` prints: {exc}") from exc
    return [(s.check, s.reason) for s in found.signatures]


def play(campaign: Campaign, jobs: int, budget: Budget, no_news: set[Kind], *, spare: bool) -> None:
    """All runs, with progress: on a terminal one line that moves; elsewhere a line for every new kind of failure, and
    now and then. With `spare` a part of the budget is kept for shrinking, once a run failed that can be shrunk."""
    seen: set[Kind] = set()
    often = Often(campaign.planned)
    with say.progress() as note, closing(campaign.play(jobs, budget.left_s)) as runs:
        try:
            for number, run in enumerate(runs, start=1):
                news = [s for s in dict.fromkeys(run.signatures) if s not in seen]
                seen.update(news)
                if spare and run.directory is not None and not no_news.issuperset(run.signatures):
                    campaign.spare(_FOR_SHRINKING)
                if often.is_time(number) or news:
                    note(_line(run, news, number, campaign.planned, len(seen)))
        except KeyboardInterrupt:
            campaign.interrupt()


def _line(run: RunSummary, news: list[Kind], number: int, planned: int, kinds: int) -> str:
    found = f"{number}/{planned} runs, {kinds} kind{'' if kinds == 1 else 's'} of failure"
    if not news:
        return found
    return f"{found}; new: {', '.join(f'{c} {r}' for c, r in news)} ({run.plan}, seed {run.seed})"
