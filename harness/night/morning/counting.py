"""Outcomes of runs, added up."""

from __future__ import annotations

from collections import Counter

import msgspec

from harness.hunting.ablating import Caught
from harness.hunting.generate.atlas import Atlas
from harness.hunting.tally import RunSummary
from harness.verdict import Verdict

Kind = tuple[str, str]


class Cell(msgspec.Struct, kw_only=True):
    """What a checker said of all runs of a plan: in how many it judged, found something, or could not tell."""

    judged: int = 0
    invalid: int = 0
    unknown: int = 0
    first: RunSummary | None = None  # INVALID, else UNKNOWN


class PlanTold(msgspec.Struct, kw_only=True):
    """One plan of one part; generated plans of a part count as one."""

    part: str
    plan: str
    runs: int = 0
    cells: dict[str, Cell] = {}


class PartTold(msgspec.Struct, kw_only=True):
    name: str
    runs: int = 0
    invalid: int = 0
    unknown: int = 0


class Count:
    """Takes runs in the order of the night. `kinds`: what is wrong → (part, run); `by_id`: → the same."""

    def __init__(self) -> None:
        self.parts: dict[str, PartTold] = {}
        self.plans: dict[tuple[str, str], PlanTold] = {}
        self.kinds: dict[Kind, list[tuple[str, RunSummary]]] = {}  # → (part, run)
        self.by_id: dict[str, tuple[str, RunSummary]] = {}
        self.doubts: dict[Kind, tuple[int, RunSummary]] = {}
        self.exercised: Counter[str] = Counter()
        self.caught: list[Caught] = []
        self.problems: list[str] = []
        self.atlas = Atlas()

    @property
    def runs(self) -> int:
        return sum(part.runs for part in self.parts.values())

    @property
    def invalid(self) -> int:
        return sum(part.invalid for part in self.parts.values())

    @property
    def unknown(self) -> int:
        return sum(part.unknown for part in self.parts.values())

    def add(self, name: str, run_id: str | None, run: RunSummary) -> None:
        part = self.parts.setdefault(name, PartTold(name=name))
        part.runs += 1
        part.invalid += run.verdict is Verdict.INVALID
        part.unknown += run.verdict is Verdict.UNKNOWN
        self.exercised.update(run.exercised)
        self.atlas.learn((), run.met)
        if run_id is not None:
            self.by_id[run_id] = (name, run)
        if run.problem is not None:
            self.problems.append(run.problem)
        for kind in dict.fromkeys(run.signatures):
            self.kinds.setdefault(kind, []).append((name, run))
        if run.verdict is Verdict.UNKNOWN:
            for kind in dict.fromkeys(run.doubts):
                n, first = self.doubts.get(kind, (0, run))
                self.doubts[kind] = (n + 1, first)
        self._plan(name, run)

    def _plan(self, part: str, run: RunSummary) -> None:
        plan = "generated" if run.plan.startswith("generated-") else run.plan
        told = self.plans.setdefault((part, plan), PlanTold(part=part, plan=plan, cells={}))
        told.runs += 1
        for check in run.judged:
            told.cells.setdefault(check, Cell()).judged += 1
        for check in {check for check, _ in run.signatures}:
            cell = told.cells.setdefault(check, Cell())
            cell.first = run if not cell.invalid else cell.first
            cell.invalid += 1
        if run.verdict is Verdict.UNKNOWN:
            for check in {check for check, _ in run.doubts}:
                cell = told.cells.setdefault(check, Cell())
                cell.unknown += 1
                cell.first = cell.first or run
