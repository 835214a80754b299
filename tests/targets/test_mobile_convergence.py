"""Whatever the network does to messages, the hardened replica ends as its desktop, and never shows a wrong text."""

from __future__ import annotations

import itertools
import random
from collections.abc import Sequence
from typing import Any, Protocol

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mobile_rig import Bench, Desktop

from targets.mobile.model import Scope, Send

JOBS = ("a", "b", "c")
TEXTS = ("Привет", "ab", "ab", "", "\r", "\n", "e", "\u0301", "👩", "\u200d👩", "x" * 40)


class Pick(Protocol):
    """Chance: Hypothesis' or a seed's."""

    def __call__(self, options: Sequence[Any], /) -> Any: ...


class World:
    """A desktop, a replica, and a network in which every frame and every answer waits to be delivered, or lost."""

    def __init__(self, pick: Pick, page: int, project: bool, bench: Bench) -> None:
        self.pick = pick
        self.desktop = Desktop(page=page)
        self.bench = bench
        self.bench.register()
        self.scope = Scope(project="/p1") if project else Scope(session="s1")
        self.open()
        self.frames: list[dict[str, object]] = []
        self.answers: list[tuple[Send, object, object]] = []
        self.history: dict[str, list[str]] = {}  # every text a job ever had, attempt by attempt
        self.used: set[str] = set()

    def open(self) -> None:
        self.bench.open(self.scope.session, self.scope.project)

    def mutate(self) -> None:
        desktop = self.desktop
        free = [job for job in JOBS if job not in self.used]
        there = sorted(desktop.rows)
        actions = ["create"] * bool(free) + ["chunk", "chunk", "status", "finalize", "legacy", "delete"] * bool(there)
        if not actions:
            return
        action = self.pick(actions)
        if action == "create":
            job = free[0]
            self.used.add(job)
            session = self.pick(["s1", "s1", "s2"])
            frame = desktop.create(job, session, self.pick(["/p1", "/p1", "/p2"]))
        else:
            job = self.pick(there)
            frame = self._change(action, job)
        if job in desktop.rows:
            self.history.setdefault(job, []).append(desktop.rows[job]["response"])
        self.frames.append(frame)

    def _change(self, action: str, job: str) -> dict[str, object]:
        desktop = self.desktop
        if action in ("chunk", "legacy"):
            text = self.pick(TEXTS)
            return desktop.chunk(job, text) if action == "chunk" else desktop.legacy_chunk(job, text)
        if action == "finalize":
            return desktop.finalize(job, "failed", body=self.pick((False, True)))
        if action == "delete":
            return desktop.delete(job)
        if desktop.rows[job]["status"] == "failed":
            return desktop.retry(job)
        return desktop.status(job, self.pick(["running", "queued"]))

    def network(self) -> None:
        """One thing that a network does."""
        move = self.pick(["deliver", "deliver", "late", "twice", "lose", "ask", "answer", "wait", "cut"])
        if move in ("deliver", "late", "twice", "lose") and self.frames:
            at = 0 if move == "deliver" else self.pick(range(len(self.frames)))
            frame = self.frames[at] if move == "twice" else self.frames.pop(at)
            if move != "lose":
                self.bench.get_frame(frame)
        elif move == "ask" and self.bench.sends:
            send = self.bench.sends.pop(self.pick(range(len(self.bench.sends))))
            self.answers.append((send, *self.desktop.answer(send.method, send.params)))
        elif move == "answer" and self.answers:
            self.bench.reply(*self.answers.pop(self.pick(range(len(self.answers)))))
        elif move == "wait":
            self.bench.wait(self.pick([0.1, 0.3, 6.0]))
        elif move == "cut":
            self.cut(self.pick(["reconnect", "head", "gap", "reopen"]))

    def cut(self, how: str) -> None:
        if how == "reconnect":
            self.bench.lose()
            self.bench.sends.clear()
            self.bench.register()
        elif how == "head":
            self.frames.append(self.desktop.head())
        elif how == "gap":
            self.bench.get_frame({"messageType": "sync:gap", "payload": {"lost": 1}})
        else:
            self.open()

    def check(self) -> None:
        """Every text shown is one the desktop had, or a prefix of it, and every removed job stays away."""
        for job, row in self.bench.jobs.items():
            assert any(text.startswith(row["response"]) for text in self.history[job]), (job, row["response"])

    def end(self) -> None:
        """The faults are over: everything under way is lost, the desktop says its head, and calls are answered."""
        self.bench.wait(40.0)
        self.bench.sends.clear()
        self.bench.get_frame(self.desktop.head())
        self.bench.serve(self.desktop, pause_s=40.0)
        assert self.bench.jobs == self.desktop.scope(self.scope)


def tell(world: World, steps: int) -> None:
    """A random story, judged all along and at its end."""
    for _ in range(steps):
        if world.pick(range(3)) == 0:
            world.mutate()
        else:
            world.network()
        world.check()
    world.end()
    assert_revisions_grow(world.bench)
    assert_removed_stay_away(world.bench)


def assert_revisions_grow(bench: Bench) -> None:
    newest: dict[str, int] = {}
    for seen in bench.lines("observe"):
        job, rev = seen.get("job"), seen.get("rev")
        if job is not None and rev is not None and seen["kind"] != "remove":
            assert rev["n"] >= newest.get(job, 0), seen
            newest[job] = rev["n"]


def assert_removed_stay_away(bench: Bench) -> None:
    gone: set[str] = set()
    for seen in bench.lines("observe"):
        if seen["kind"] == "remove":
            gone.add(seen["job"])
        elif seen.get("job") is not None:
            assert seen["job"] not in gone, seen


def test_an_event_without_a_session_is_fetched_for_once_and_its_job_of_another_session_stays_away() -> None:
    desktop = Desktop()
    bench = Bench().started(desktop)
    bench.get_frame(desktop.create("there", session="s2"))
    event = desktop.status("there", "running")
    del event["payload"]["sessionId"]
    bench.get_frame(event)
    for _ in range(5):
        bench.serve(desktop, pause_s=3.0)
    assert (bench.jobs, bench.licences("get")) == ({}, ["miss"])


def moment(turn: Sequence[int], *without: str) -> tuple[str, list[str]]:
    """Three chunks come in one moment, in this turn: the text in the end, and what was fetched for it."""
    desktop = Desktop()
    bench = Bench(without=without).started(desktop)
    bench.get_frame(desktop.create("a"))
    chunks = [desktop.chunk("a", text) for text in ("one ", "two ", "three ")]
    bench.get_frame(*(chunks[n] for n in turn))
    bench.forget()
    bench.serve(desktop)
    return bench.text("a"), bench.licences()


@pytest.mark.parametrize("turn", list(itertools.permutations(range(3))))
def test_three_events_of_one_moment_are_applied_whatever_their_turn(turn: Sequence[int]) -> None:
    assert moment(turn) == ("one two three ", [])


def test_without_turns_an_event_is_lost_only_when_three_come_and_the_last_is_the_first() -> None:
    lost = [turn for turn in itertools.permutations(range(3)) if moment(turn, "order.drain")[0] != "one two three "]
    assert lost == [(2, 0, 1), (2, 1, 0)]
    assert moment((2, 1, 0), "order.drain") == ("one two ", [])


def test_the_attempt_of_a_retry_that_no_row_follows_is_no_column():
    """The first list is answered before the retry; the events that came meanwhile are applied after it."""
    story = [
        0,
        "create",
        "s1",
        "/p1",
        1,
        "wait",
        0.1,
        1,
        "deliver",
        0,
        "finalize",
        "a",
        False,
        1,
        "deliver",
        1,
        "ask",
        0,
    ]
    story += [0, "status", "a", 0, "chunk", "a", "Привет", 1, "deliver", 1, "deliver", 1, "answer", 0]
    told = iter(story)
    world = World(lambda options: next(told), 1, False, Bench())
    tell(world, sum(type(word) is int for word in story) - 2)  # two of them choose an answer
    assert world.bench.jobs["a"]["status"] == "queued"


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(data=st.data(), page=st.sampled_from([1, 2, 200]), project=st.booleans(), steps=st.integers(5, 60))
def test_any_interleaving_followed_by_a_reconcile_converges(
    data: st.DataObject, page: int, project: bool, steps: int
) -> None:
    def pick(options: Sequence[Any]) -> Any:
        return data.draw(st.sampled_from(options))

    tell(World(pick, page, project, Bench()), steps)


def seeded(seed: int, *without: str) -> None:
    """The seed's story with these safeguards taken out. Raises AssertionError when it ends badly."""
    rng = random.Random(seed)
    tell(World(rng.choice, rng.choice([1, 2, 200]), rng.random() < 0.5, Bench("hardened", (), without)), 80)


def test_a_thousand_seeded_stories_end_well() -> None:
    for seed in range(1000):
        seeded(seed)
