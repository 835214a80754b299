"""The checker and an oracle that tries every choice agree; one wrong answer is named, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st
from telling import OF_JOURNALS, named

NAME = "linearizable"
JOBS = ("a", "b", "c")


@dataclass
class _Read:
    """A call of one client: between which steps, what it asked for, and what it was told."""

    client: int
    invoked: int
    job: str | None
    low: int  # revisions complete when it was called
    returned: int = -1
    high: int = 0
    rows: dict[str, int] = field(default_factory=dict)
    as_of: int | None = None


@dataclass
class Run:
    """Writes, each at one instant, and reads around them. `states[n]` is job → revision of its row at revision n."""

    states: list[dict[str, int]] = field(default_factory=lambda: [{}])
    tokens: list[str] = field(default_factory=list)
    reads: list[_Read] = field(default_factory=list)
    open: dict[int, _Read] = field(default_factory=dict)

    def write(self, job: str, delete: bool) -> None:
        n, state = len(self.states), dict(self.states[-1])
        ever = any(job in old for old in self.states)
        if job in state and delete:
            del state[job]
            self.tokens.append(f"d:-{job}")
        elif job in state or not ever:
            self.tokens.append(f"d:{job}{{status=s{n}}}" if job in state else f"d:+{job}")
            state[job] = n
        else:
            return  # ids are never used again
        self.states.append(state)

    def call(self, client: int, job: str | None) -> None:
        self.tokens.append(f"m>{client}:get({job})" if job else f"m>{client}:list")
        self.open[client] = _Read(client, len(self.tokens), job, low=len(self.states) - 1)

    def answer(self, client: int, n: int, as_of: int | None) -> None:
        """Told what was there at revision `n`."""
        read = self.open.pop(client)
        read.returned, read.high, read.as_of = len(self.tokens), len(self.states) - 1, as_of
        read.rows = self.told(read, n)
        rows = ",".join(f"{job}={rev}" for job, rev in sorted(read.rows.items()))
        claim = f"@{as_of}" if as_of is not None else ""
        gone = read.job is not None and not read.rows
        self.tokens.append(f"m<{client}:fail(not_found)" if gone else f"m<{client}:ok({rows}){claim}")
        read.as_of = None if gone else as_of
        self.reads.append(read)

    def told(self, read: _Read, n: int) -> dict[str, int]:
        state = self.states[n]
        return state if read.job is None else {job: rev for job, rev in state.items() if job == read.job}

    def choices(self, read: _Read) -> list[int]:
        """All revisions of its call that it fits, and that it claims."""
        window = range(read.low, read.high + 1)
        return [n for n in window if self.told(read, n) == read.rows and read.as_of in (None, n)]

    def explained(self) -> bool:
        """Is there a choice for every read in which no read is told of less than one that returned before its call?"""
        return self._explained(0, [])

    def _explained(self, at: int, chosen: list[int]) -> bool:
        if at == len(self.reads):
            return True
        read = self.reads[at]
        before = [n for n, other in zip(chosen, self.reads, strict=False) if other.returned < read.invoked]
        return any(self._explained(at + 1, [*chosen, n]) for n in self.choices(read) if n >= max(before, default=0))

    def line(self) -> str:
        return " ".join([*self.tokens, "d:final"])


@st.composite
def runs(draw: st.DrawFn, *, slack: int) -> Run:
    """Two clients; an answer is off by at most `slack` revisions, on either side of its call."""
    run = Run()
    for _ in range(draw(st.integers(3, 14))):
        client, job = draw(st.integers(1, 2)), draw(st.sampled_from(JOBS))
        kind = draw(st.sampled_from(["write", "write", "delete", "read", "read"]))
        if kind != "read":
            run.write(job, kind == "delete")
        elif client not in run.open:
            run.call(client, draw(st.sampled_from([job, None])))
        else:
            head, low = len(run.states) - 1, run.open[client].low
            n = draw(st.integers(max(0, low - slack), head))
            claim = draw(st.sampled_from([None, n, min(head, n + slack)]))
            run.answer(client, n, claim)
    return run


@settings(max_examples=300, deadline=None)
@given(runs(slack=2))
def test_it_decides_as_an_oracle_that_tries_every_choice(run: Run) -> None:
    assert (named(run.line(), NAME) == {}) == run.explained()


@settings(max_examples=100, deadline=None)
@given(runs(slack=0), st.sampled_from(JOBS))
def test_an_old_answer_is_stale_and_nothing_else(run: Run, job: str) -> None:
    if not run.explained():
        return
    new = f"n{job}"
    n = len(run.states)
    line = " ".join([*run.tokens, f"d:+{new} d:{new}{{status=x}} m>9:get({new}) m<9:ok({new}={n}) d:final"])
    assert named(line, *OF_JOURNALS, NAME) == {NAME: ["stale"]}
    late = " ".join([*run.tokens, f"d:+{new} m>9:get({new}) d:{new}{{status=x}} m<9:ok({new}={n}) d:final"])
    assert named(late, *OF_JOURNALS, NAME) == {}


@settings(max_examples=60, deadline=None)
@given(runs(slack=0))
def test_a_list_of_two_instants_is_torn_and_nothing_else(run: Run) -> None:
    if not run.explained():
        return
    n = len(run.states)
    jobs = ",".join(f"{job}={rev}" for job, rev in sorted({**run.states[-1], "x": n, "y": n + 3}.items()))
    line = " ".join([*run.tokens, f"d:+x d:+y m>9:list d:x{{status=q}} d:y{{status=q}} m<9:ok({jobs}) d:final"])
    assert named(line, *OF_JOURNALS, NAME) == {NAME: ["torn-list"]}
