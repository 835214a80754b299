"""A run's answers as a picture of linearizability: what the one writer wrote, who was told what, and who told wrongly.

A desktop is the only writer of its jobs and its revisions are one counter, so the order of the writes is known, and an
answer stands after the revision that it fits (`linear_answers`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from checkers.linearizability.values import visible
from checkers.past.books import there
from checkers.past.ledger import active_desktop
from harness.history import History, Op
from harness.report.drawing.canvas import cut
from harness.report.linear.answers import Reading, Told
from harness.report.linear.view import Bar, Path, Step, View
from harness.report.told.words import count, seconds
from harness.verdict import CheckResult, Verdict

CHECK = "linearizable"
_NO_ORDER = "not-bypassed"
_MOST_STATES = 8
_MOST_LETTERS = 160


def failure(results: Iterable[CheckResult]) -> CheckResult | None:
    """The result that there is to draw. Who was to ask past a cache and did not may have been told what is right."""
    found = (r for r in results if r.check == CHECK and r.verdict is Verdict.INVALID and r.first is not None)
    return next((r for r in found if r.reason != _NO_ORDER), None)


def scene(history: History, result: CheckResult) -> Scene | None:
    """None where the failing op is not there, or nobody knows whose answer it is."""
    blamed = next((op for op in history.ops if op.index == result.first), None)
    if blamed is None or blamed.node is None:
        return None
    role = history.header.nodes.get(blamed.node, {}).get("role")
    desktop = blamed.node if role == "desktop" else active_desktop(history.header, blamed.node)
    if desktop is None:
        return None
    read = Reading(history, desktop)
    for op in history.ops:
        if op.time_ns > blamed.time_ns:
            break
        read.feed(op)
    read.judge_all()
    found = next((told for told in read.told if told.returned is blamed), None)
    if found is None and blamed.f != "commit":
        return None
    return Scene(history, found if found is not None else blamed, read, result.message)


class Scene:
    """What a failure is about, read once; `view` of any length is cut out of it."""

    def __init__(self, history: History, blamed: Told | Op, read: Reading, said: str) -> None:
        said = visible(said)
        self._said = said if said.endswith((".", "!", "?")) else f"{said}."
        self._origin_ns = history.ops[0].time_ns
        self._blamed, self._read = blamed, read
        op = blamed.returned if isinstance(blamed, Told) else blamed
        self._job, self._end_ns = op.job, op.time_ns
        self._shelf = blamed.shelf if isinstance(blamed, Told) else None

    def view(self, most: int) -> View:
        """`most`: steps of the longest order."""
        low, high = self._span()
        steps = self._steps(high)
        ends = self._ends(steps, low)
        paths = [steps[:end][-most:] for end in ends]
        ops = {step.op.index: step for step in steps[-most:]}
        shown = [[step for step in path if step.op.index in ops] for path in paths]
        rows = [*ops.values(), self._stuck()]
        axis = _Axis(rows, self._end_ns)
        told = [self._path(steps, end, path) for end, path in zip(ends, shown, strict=True)]
        lanes = sorted({row.lane for row in rows}, key=lambda lane: (not lane.endswith("/store"), lane))
        return View(
            lanes=lanes,
            bars=[axis.bar(row, lanes.index(row.lane), self._origin_ns) for row in rows],
            paths=told,
            blamed=self._stuck().op.index,
            places=axis.places,
            holding=dict.fromkeys(ops, 0),
            axis=[(place, seconds(ns - self._origin_ns)) for ns, place in axis.labels],
            left_out=_left_out(len(steps) - len(ops)),
            settled=list(dict.fromkeys(path.last for path in told)),
            subject="the store",
            said=self._said,
        )

    def _path(self, steps: list[_Row], end: int, shown: list[_Row]) -> Path:
        before = end - len(shown)
        state = steps[before - 1].state if before else "empty"
        return Path(before, state, [Step(row.op.index, row.state) for row in shown], self._stuck().op.index)

    def _span(self) -> tuple[int, int]:
        blamed, calls = self._blamed, self._read.book.counter
        if isinstance(blamed, Told):
            return blamed.low, blamed.high
        n = blamed.rev.n if blamed.rev is not None else calls.called
        return n - 1, n - 1

    def _steps(self, high: int) -> list[_Row]:
        """Writes by revision, and after each the answers that fit it, as they were called."""
        found = [(n, 0, begun.time_ns, self._write(n, begun, done)) for n, begun, done in self._writes(high)]
        for told in self._read.told:
            if told is self._blamed or told.fits is None or not self._is_alike(told):
                continue
            if told.returned.time_ns <= self._end_ns and told.fits <= high:
                found.append((told.fits, 1, told.invoke.time_ns, self._answer(told)))
        return [row for *_, row in sorted(found, key=lambda entry: entry[:3])]

    def _writes(self, high: int) -> list[tuple[int, Op, Op | None]]:
        read = self._read
        revs = read.book.shelf_revs(self._shelf) if self._shelf is not None else read.job_revs(self._job)
        return [(n, *read.commits[n]) for n in revs if n <= high and n in read.commits]

    def _is_alike(self, told: Told) -> bool:
        return told.shelf == self._shelf if self._shelf is not None else told.returned.job == self._job

    def _ends(self, steps: list[_Row], low: int) -> list[int]:
        """How many steps lead to each revision that the blamed answer could have told of, the latest first."""
        ends = [len(steps)]
        for place in range(len(steps) - 1, 0, -1):
            if steps[place].writes and steps[place].n > low:
                ends.append(place)
        return ends[:_MOST_STATES]

    # ---- rows -------------------------------------------------------------------------------------------------------

    def _write(self, n: int, begun: Op, done: Op | None) -> _Row:
        f = begun.value.get("f") if isinstance(begun.value, dict) else "write"
        return _Row(begun, done, begun.process, f"{f} {n}", f"{f} of job {begun.job}", self._state(n), n, writes=True)

    def _answer(self, told: Told) -> _Row:
        name = f"{told.returned.f} → {told.fits}"
        said = f"{_call(told.returned)}, which tells of revision {told.fits}"
        state = self._state(told.fits or 0)
        return _Row(told.invoke, told.returned, told.invoke.process, name, said, state, told.fits or 0)

    def _stuck(self) -> _Row:
        blamed = self._blamed
        if isinstance(blamed, Told):
            what = f"{_call(blamed.returned)} → {_answered(blamed.returned)}"
            return _Row(blamed.invoke, blamed.returned, blamed.invoke.process, what, what, "", 0)
        n = blamed.rev.n if blamed.rev is not None else 0
        begun, done = self._read.commits.get(n, (blamed, None))
        return self._write(n, begun, done)

    def _state(self, n: int) -> str:
        """As far as one job's state is short."""
        if self._shelf is not None or self._job is None:
            return f"at revision {n}"
        job = self._read.book.job(self._job)
        if job is None or not there(job, n):
            return f"at revision {n}, without the job"
        status, text = job.value_at("status", n), job.text_at(n)
        return f"at revision {n}: {cut(visible(str(status)), 40)}" + (f", {text[1]} bytes" if text and text[1] else "")


@dataclass(frozen=True)
class _Row:
    """A bar to be: a call and its return, or a commit and its answer."""

    op: Op
    end: Op | None
    lane: str
    label: str
    told: str
    state: str
    n: int
    writes: bool = False


class _Axis:
    def __init__(self, rows: list[_Row], end_ns: int) -> None:
        times = [(row.op.time_ns, 0, row.op.index) for row in rows]
        times += [(row.end.time_ns, 1, row.end.index) for row in rows if row.end is not None]
        inside = sorted(time for time in times if time[0] <= end_ns)
        self._place = {index: place for place, (_, _, index) in enumerate(inside, start=1)}
        self.labels = [(ns, place) for place, (ns, _, _) in enumerate(inside, start=1)]
        self.places = len(inside) + 1

    def bar(self, row: _Row, lane: int, origin_ns: int) -> Bar:
        begin, end = seconds(row.op.time_ns - origin_ns), row.end
        when = f"{begin} to {seconds(end.time_ns - origin_ns)}" if end is not None else f"from {begin} on"
        place = None if end is None else self._place.get(end.index)
        label = cut(visible(row.label), _MOST_LETTERS)
        told = cut(visible(f"{row.lane}: {row.told}"), _MOST_LETTERS)
        return Bar(row.op.index, lane, self._place[row.op.index], place, label, f"{told} ({when})")


def _left_out(more: int) -> str:
    what = "write or answer" if more == 1 else "writes and answers"
    return f"Not drawn: {more:,} {what} before, and all that is about other jobs." if more > 0 else ""


def _call(op: Op) -> str:
    return f"{op.f} of job {op.job}" if op.job is not None else op.f


def _answered(op: Op) -> str:
    """What it was told, in a word or two."""
    value: Mapping[str, Any] = op.value if isinstance(op.value, dict) else {}
    if op.type != "ok":
        code = op.error.get("code") if isinstance(op.error, dict) else None
        return f"{op.type}{f' ({code})' if code else ''}"
    job, jobs = value.get("job"), value.get("jobs")
    if isinstance(job, dict):
        sync = job.get("sync")
        rev = sync.get("rev") if isinstance(sync, dict) else None
        return f"{job.get('status')}" + (f", revision {rev}" if rev is not None else "")
    return count(len(jobs), "job") if isinstance(jobs, list) else "ok"
