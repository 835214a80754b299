"""Correct histories are silent; a correct history with one anomaly in it names exactly that one."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st
from telling import named

TEXTS = st.sampled_from(["a", "b", "ab", "", "é", "—", "\r\n", "👩‍👩‍👧", "e\u0301", "x" * 30])
STATUSES = ("queued", "running", "processingStream")


@dataclass
class _Step:
    """One step of a correct run: what the desktop commits, and how the mobile shows it (None: it misses it)."""

    job: str
    n: int  # the revision
    kind: str  # create, chunk, status, retry, delete
    text: str
    shows: str | None


@dataclass
class Run:
    """A correct run: after it every job is fetched as a whole, so that a miss or an anomaly is repaired."""

    steps: list[_Step]
    heads: dict[str, int] = field(default_factory=dict)  # job → its last revision; deleted ones are not in it

    def add(self, job: str, kind: str, text: str, way: str) -> None:
        n = len(self.steps) + 1
        self.steps.append(_Step(job, n, kind, text, _shows(job, n, kind, way)))
        self.heads[job] = n
        if kind == "delete":
            del self.heads[job]

    def line(self, *, extra: dict[int, list[str]] | None = None, replace: dict[int, str | None] | None = None) -> str:
        """The tokens; `extra` are inserted after a step, `replace` changes how the mobile shows one."""
        tokens: list[str] = []
        for at, step in enumerate(self.steps):
            tokens.append(_commit(step))
            shows = step.shows if replace is None or at not in replace else replace[at]
            tokens += [shows] if shows else []
            tokens += (extra or {}).get(at, [])
        tokens += [f"m:{job}={n}" for job, n in self.heads.items()]
        return " ".join([*tokens, *(extra or {}).get(-1, []), "m:final", "d:final"])


def _commit(step: _Step) -> str:
    if step.kind == "create":
        return f"d:+{step.job}"
    if step.kind == "delete":
        return f"d:-{step.job}"
    if step.kind == "retry":
        return f"d:{step.job}^"
    if step.kind == "chunk":
        return f"d:{step.job}{json.dumps(step.text)}"
    return f"d:{step.job}{{status={step.text}}}"


@st.composite
def runs(draw: st.DrawFn, *, misses: bool = True, deletes: bool = True, ends: tuple[str, ...] = ()) -> Run:
    """Up to three jobs; the mobile follows in order, by changes, rows or legacy chunks, or misses a step.

    `ends`: kinds of further steps of one job, all shown by changes.
    """
    run, behind, fresh = Run([]), set[str](), iter("abc")
    kinds = ["create", "chunk", "chunk", "chunk", "status", "retry", *(["delete"] if deletes else [])]
    for _ in range(draw(st.integers(1, 11))):
        kind = draw(st.sampled_from(kinds))
        new = next(fresh, None) if kind == "create" or not run.heads else None
        if new is None and not run.heads:
            break
        job = new or draw(st.sampled_from(sorted(run.heads)))
        kind = "create" if new else "chunk" if kind == "create" else kind
        text = draw(TEXTS) if kind == "chunk" else draw(st.sampled_from(STATUSES))
        ways = ["change", "row", *(["miss"] if misses else []), *(["legacy"] if kind == "chunk" else [])]
        way = "row" if new or job in behind else draw(st.sampled_from(ways))
        behind.discard(job)
        if way == "miss":
            behind.add(job)
        run.add(job, kind, text, way)
    if ends:
        last = draw(st.sampled_from(sorted(run.heads))) if run.heads else "last"
        run.add(last, "status" if run.heads else "create", "queued", "row")
        for kind in ends:
            run.add(
                last, kind, draw(TEXTS.filter(bool)) if kind == "chunk" else draw(st.sampled_from(STATUSES)), "change"
            )
    return run


def _shows(job: str, n: int, kind: str, way: str) -> str | None:
    if kind == "delete":
        return f"m:-{job}"
    return {"change": f"m:{job}@{n}", "legacy": f"m:{job}@{n}~", "row": f"m:{job}={n}", "miss": None}[way]


def _appends(run: Run) -> list[int]:
    """Steps where the mobile appended a chunk that has bytes and says what it is."""
    return [i for i, s in enumerate(run.steps) if s.kind == "chunk" and s.text and s.shows == f"m:{s.job}@{s.n}"]


def _next_of(run: Run, at: int) -> int | None:
    """The next step of the same job."""
    return next((i for i in range(at + 1, len(run.steps)) if run.steps[i].job == run.steps[at].job), None)


def _pick(draw: Callable[..., int], choices: list[int]) -> int:
    return draw(st.sampled_from(choices))


@settings(max_examples=100, deadline=None)
@given(runs())
def test_a_correct_history_is_silent(run: Run) -> None:
    assert named(run.line()) == {}


@settings(max_examples=40, deadline=None)
@given(runs(ends=("chunk",)), st.data())
def test_a_chunk_applied_twice_is_a_double_append_and_nothing_else(run: Run, data: st.DataObject) -> None:
    at = _pick(data.draw, _appends(run))
    shows = run.steps[at].shows
    assert shows is not None
    assert named(run.line(extra={at: [shows]})) == {"stream-integrity": ["double-append"]}


def _pairs(run: Run) -> list[int]:
    """Appends that another append of the same job follows, and no legacy chunk: behind a gap it could be any."""
    appends = _appends(run)
    legacy = [(step.job, i) for i, step in enumerate(run.steps) if (step.shows or "").endswith("~")]
    told = [i for i in appends if not any(job == run.steps[i].job and j > i for job, j in legacy)]
    return [i for i in told if _next_of(run, i) in appends]


@settings(max_examples=40, deadline=None)
@given(runs(misses=False, deletes=False, ends=("chunk", "chunk")), st.data())
def test_a_chunk_left_out_is_a_gap_and_nothing_else(run: Run, data: st.DataObject) -> None:
    at = _pick(data.draw, _pairs(run))
    assert named(run.line(replace={at: None})) == {"stream-integrity": ["gap"]}


@settings(max_examples=40, deadline=None)
@given(runs(misses=False, deletes=False, ends=("chunk", "chunk")), st.data())
def test_two_chunks_swapped_are_a_reorder_and_nothing_else(run: Run, data: st.DataObject) -> None:
    at = _pick(data.draw, _pairs(run))
    then = _next_of(run, at)
    assert then is not None
    swapped = {at: None, then: f"{run.steps[then].shows} {run.steps[at].shows}"}
    assert named(run.line(replace=swapped)) == {"stream-integrity": ["reorder"]}


@settings(max_examples=40, deadline=None)
@given(runs(ends=("chunk",)), st.data())
def test_other_bytes_than_were_written_are_foreign_and_nothing_else(run: Run, data: st.DataObject) -> None:
    at = _pick(data.draw, _appends(run))
    step = run.steps[at]
    other = "Ω" * max(1, len(step.text.encode()) // 2)
    end = f"[end={sum(len(s.text.encode()) for s in _attempt_before(run, at)) + len(step.text.encode())}]"
    found = named(run.line(replace={at: f"{step.shows}{json.dumps(other)}{end}"}))
    assert found == {"stream-integrity": ["foreign-bytes"]}


def _attempt_before(run: Run, at: int) -> list[_Step]:
    """The chunks of the same attempt before step `at`."""
    job, found = run.steps[at].job, []
    for step in run.steps[:at]:
        if step.job == job and step.kind == "retry":
            found.clear()
        if step.job == job and step.kind == "chunk":
            found.append(step)
    return found


@settings(max_examples=40, deadline=None)
@given(runs(ends=("chunk",)), st.data())
def test_a_row_with_another_field_disagrees_and_nothing_else(run: Run, data: st.DataObject) -> None:
    rows = [i for i, s in enumerate(run.steps) if s.shows == f"m:{s.job}={s.n}"]
    at = _pick(data.draw, rows)
    assert named(run.line(replace={at: f"{run.steps[at].shows}{{prompt=other}}"})) == {"agreement": ["wrong-field"]}


@settings(max_examples=40, deadline=None)
@given(runs(ends=("status", "status")))
def test_an_older_row_of_equal_text_goes_back_and_nothing_else(run: Run) -> None:
    before, last = run.steps[-2:]
    assert named(run.line(extra={len(run.steps) - 1: [f"m:{last.job}={before.n}"]})) == {"monotonic": ["older-row"]}


@settings(max_examples=40, deadline=None)
@given(runs(ends=("chunk", "delete")), st.data())
def test_a_deleted_job_shown_again_is_a_resurrection_and_nothing_else(run: Run, data: st.DataObject) -> None:
    at = _pick(data.draw, [i for i, s in enumerate(run.steps) if s.kind == "delete"])
    job = run.steps[at].job
    shown = max(s.n for s in run.steps[:at] if s.job == job)
    extra = {at: [f"m:{job}={shown}", f"m:-{job}"]}
    found = named(run.line(extra=extra))
    assert found.pop("no-resurrection") == ["resurrected"]
    assert set(found) <= {"monotonic"}


@settings(max_examples=40, deadline=None)
@given(runs(misses=False, ends=("chunk",)), st.data())
def test_a_living_job_removed_has_vanished_and_nothing_else(run: Run, data: st.DataObject) -> None:
    at = _pick(data.draw, [i for i, s in enumerate(run.steps) if s.shows and s.kind != "delete"])
    step = run.steps[at]
    extra = {at: [f"m:-{step.job}", f"m:{step.job}={step.n}"]}
    assert named(run.line(extra=extra)) == {"no-resurrection": ["vanished"]}


@settings(max_examples=40, deadline=None)
@given(
    runs(ends=("chunk",)),
    st.sampled_from(
        [
            ('d:{}"z"', "wrong-text"),
            ("d:{}{{status=odd}}", "stale-field"),
            ("d:-{}", "extra-job"),
            ("d:+new", "missing-job"),
        ]
    ),
    st.data(),
)
def test_a_last_commit_that_never_arrives_is_missing_in_the_end_and_nothing_else(
    run: Run, last: tuple[str, str], data: st.DataObject
) -> None:
    token, reason = last
    job = data.draw(st.sampled_from(sorted(run.heads)))
    assert named(run.line(extra={-1: [token.format(job)]})) == {"convergence": [reason]}
