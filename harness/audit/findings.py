"""Defects of the documented design: a plan each under `configs/findings/`, with the word `finding`.

Each is played on `documented`, where its run finds what the plan says; with its repair, where the run no longer does;
and with all of its repair but one safeguard, where it does again: so none of these can be left out. It is played once
more with phones whose users look at their lists in the end, which may heal it; and with each variant of a point that
the document leaves open: one that hides it, it depends on.
"""

from __future__ import annotations

import itertools
from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import dataclass, field

import yaml

from harness.audit.claims import Claim
from harness.audit.shown import FindingPlan
from harness.hunting.mutants import worker
from harness.hunting.mutants.task import Play, Played
from harness.hunting.pool import Died, Pool
from harness.plan.words.model import FindingWords
from targets import policy

OPEN_POINTS = (  # variants of what the document does not say
    "transport.relay-origin=nobody",
    "transport.event-envelope=message-type",
    "transport.relayed-envelope=relay-event",
    "transport.offline-queue=kept",
    "transport.delivery-order=any",
    "transport.absent-devices=sixteen",
    "mailbox-full.gap=unbounded",
    "lost-events.relist=on-access",
    "list-cache.mobile-events=dropped-by-events",
    "snapshots.caller-only=cached-answers-only",
    "refresh.shared=apart",
    "length.offset=tracker-kept",
)


@dataclass
class Finding:
    """What the runs of one plan say. `lasts`: in the end some replica shows something else than what is stored, and
    `lasts_listed`: also after its user has listed again; None: convergence judged nothing. `depends`: the variants of
    open points with which it does not show. `wrong`: why it is none; empty: it is one."""

    plan: FindingPlan
    claim: Claim
    message: str = ""
    lasts: bool | None = None
    lasts_listed: bool | None = None
    depends: list[str] = field(default_factory=list)
    wrong: str = ""

    @property
    def what(self) -> str:
        """What the documented design lacks, in the words of the safeguards that mend it."""
        return " ".join(f"`{name}`: {described(name)}" for name in self.plan.words.repair)


def described(safeguard: str) -> str:
    return " ".join(policy.slots()[safeguard].doc.split())


class Findings:
    """`runs`: how many were played. `interrupted`: those that were decided by then are all that there is."""

    def __init__(self, plans: Sequence[tuple[FindingPlan, Claim]]) -> None:
        self._plans = plans
        self._numbers = itertools.count()
        self._tasks: dict[int, tuple[int, str, Play]] = {}  # number → which finding, as what, the run
        for at, (plan, _) in enumerate(plans):
            for role, with_ in _of(plan.words):
                task = plan.play(next(self._numbers), with_, listed(plan.text) if role == "listed" else None)
                self._tasks[task.number] = (at, role, task)
        self.runs = 0
        self.interrupted = False

    @property
    def planned(self) -> int:
        return len(self._tasks)

    def play(self, jobs: int) -> Generator[Finding]:
        """Every finding when all its runs have ended."""
        left = [sum(at == one for at, _, _ in self._tasks.values()) for one in range(len(self._plans))]
        found = [Finding(plan, claim) for plan, claim in self._plans]
        pool: Pool[Play, Played] = Pool(worker.play, min(jobs, max(1, self.planned)))
        try:
            with closing(pool.results(task for _, _, task in self._tasks.values())) as results:
                for task, played in results:
                    at, role, _ = self._tasks[task.number]
                    self.runs += 1
                    left[at] -= 1
                    _add(found[at], role, task, played)
                    if not left[at]:
                        yield found[at]
        except KeyboardInterrupt:
            self.interrupted = True


def _of(words: FindingWords) -> Generator[tuple[str, tuple[str, ...]]]:
    yield "as documented", ()
    yield "listed", ()
    yield "repaired", tuple(words.repair)
    if len(words.repair) > 1:
        for name in words.repair:
            yield "half", tuple(other for other in words.repair if other != name)
    for variant in OPEN_POINTS:
        yield "open", (variant,)


def listed(text: str) -> str:
    """The same plan, and in the end every phone that it names looks at its list, longer after all else than a list is
    held to be fresh."""
    words = yaml.safe_load(text)
    after_ms = round(1000 * (_FRESH_S / words["timing"]["scale"] + 0.5))
    end_ms = duration_ms(words["duration"]) + after_ms
    phones = sorted({call["node"] for call in words["workload"]["script"] if call.get("do") == "open"})
    words["workload"]["script"] += [{"at": f"{end_ms}ms", "node": phone, "do": "list"} for phone in phones]
    return str(yaml.safe_dump({**words, "duration": f"{end_ms + 1}ms"}, allow_unicode=True, sort_keys=False))


def duration_ms(text: str) -> int:
    return round(float(text.removesuffix("ms")) if text.endswith("ms") else 1000 * float(text.removesuffix("s")))


_FRESH_S = 5.0  # "Background refresh if > 5s old when accessed"


def _add(found: Finding, role: str, task: Play, played: Played | Died) -> None:
    if isinstance(played, Died) or played.refused is not None:
        found.wrong = found.wrong or f"{role}: {played.why if isinstance(played, Died) else played.refused}"
        return
    check, reason = found.plan.signature
    shows = (check, reason) in played.signatures
    if role == "as documented":
        found.message, found.lasts = played.told.get(check, ""), _differs(played)
        if not shows:
            found.wrong = f"its run does not find {check}/{reason}"
        elif (check, reason) != next(one for one in played.signatures if one[0] == check):
            found.wrong = f"its run finds something else by {check} first"
    elif role == "listed":
        found.lasts_listed = _differs(played)
    elif role == "repaired" and shows:
        found.wrong = f"its run finds {check}/{reason} in spite of its repair"
    elif role == "repaired" and check not in played.judged:
        found.wrong = f"with its repair {check} judges nothing"
    elif role == "half" and not shows:
        found.wrong = f"{' and '.join(task.with_)} would do"
    elif role == "open" and not shows and check in played.judged:
        found.depends.append(task.with_[0])


def _differs(played: Played) -> bool | None:
    """Does a replica show something else in the end than what is stored? None: nobody can tell."""
    if "convergence" not in played.judged:
        return None
    return any(check == "convergence" for check, _ in played.signatures)
