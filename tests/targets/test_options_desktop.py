"""The desktop's options: batches, deltas and snapshots say the same as the events they stand for."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from mobile_rig import Bench
from mobile_rig import Desktop as Model
from target_rig import DESKTOP, Rig, rig, run, until

from harness.runtimes.sim.world import World
from targets import profiles
from targets.desktop.batches import Batches
from targets.protocol import Frame

CREATE = {"sessionId": "s1", "projectDirectory": "/p", "taskType": "t", "prompt": "p"}
SLOW = {"TIMING_BATCH_S": "30"}  # a batch that leaves earlier was sent by something else than its time


async def stream(r: Rig, *chunks: str, job: str = "a") -> None:
    for chunk in chunks:
        await r.desktop.op("chunk", jobId=job, chunk=chunk)


def heard(tmp_path: Any, story: Any, **env: str) -> list[Frame]:
    """The job events that a raw client got, up to the last revision, while a story was played."""

    async def go() -> list[Frame]:
        async with rig(tmp_path, **{"TIMING_HEAD_S": "1000", **env}) as r:
            await r.start_relay()
            await r.start_desktop()
            mobile = await r.client()
            await until(lambda: r.desktop.journal("link", state="registered"), "the desktop")
            await r.desktop.op("create", jobId="a", **CREATE)
            await story(r)
            head = (await r.desktop.state())["head"]
            await until(
                lambda: head in [f["payload"]["sync"].get("rev") for f in events(mobile.frames)], "the last event"
            )
            await mobile.call("job.get", jobId="a", target=DESKTOP)
            return events(mobile.frames)

    return run(go)


def events(frames: list[Frame]) -> list[Frame]:
    return [frame for frame in frames if str(frame.get("messageType")).startswith("job:")]


def replica(frames: list[Frame], **more: Any) -> Bench:
    """A hardened replica, listed while there was nothing, that got these events and no answer."""
    bench = Bench(**more)
    bench.register()
    bench.open()
    sync = frames[0]["payload"]["sync"]
    bench.replica._desktop = sync["desktop"]
    where = {"asOf": 0, "desktop": sync["desktop"], "store": sync["store"]}
    send = bench.sends.pop() if bench.sends else None
    while send is None:
        bench.wait(0.3)
        send = bench.sends.pop() if bench.sends else None
    bench.reply(send, {"jobs": [], "totalCount": 0, "more": False, **where})
    bench.get_frame(*frames)
    bench.wait(10)
    return bench


async def stream_and_end(r: Rig, *chunks: str) -> None:
    """Whatever the clock says, the batch leaves when the status does."""
    await stream(r, *chunks)
    await r.desktop.op("status", jobId="a", status="running")


async def whole_life(r: Rig) -> None:
    await stream(r, "Привет", ", ", "мир")
    await r.desktop.op("metadata", jobId="a", patch={"kept": 1, "gone": 2})
    await r.desktop.op("progress", jobId="a", progress=40)
    await stream(r, "!", "\r", "\n")
    await r.desktop.op("metadata", jobId="a", patch={"gone": None, "kept": 1})
    await r.desktop.op("error", jobId="a", errorDetails="no", errorMessage="it failed")
    await r.desktop.op("finalize", jobId="a", status="failed", body=True, actualCost=1.5)
    await r.desktop.op("retry", jobId="a")
    await stream(r, "again", " and", " again")
    await r.desktop.op("tokens", jobId="a", tokensSent=3)


@pytest.mark.parametrize(
    "option",
    ["", "option.batching", "option.payload=delta", "option.payload=snapshots", "option.batching,option.payload=delta"],
)
def test_a_replica_that_gets_every_event_shows_the_desktops_row_and_asks_for_nothing(
    tmp_path: Any, option: str
) -> None:
    rows: dict[str, Any] = {}

    async def story(r: Rig) -> None:
        await whole_life(r)
        rows.update((await r.desktop.state())["jobs"])

    frames = heard(tmp_path, story, WITH=option)
    bench = replica(frames)
    assert not bench.sends
    wanted = {name: value for name, value in rows["a"].items() if name != "sync"}
    assert bench.jobs == {"a": wanted}
    assert bench.replica.visit.seen.upto == rows["a"]["sync"]["rev"]


def test_chunks_that_come_close_together_leave_as_one_event_that_says_what_it_stands_for(tmp_path: Any) -> None:
    frames = heard(tmp_path, lambda r: stream_and_end(r, "é", "b", "c"), WITH="option.batching", **SLOW)
    assert [f["messageType"] for f in frames[:2]] == ["job:created", "job:response-appended"]
    payload = frames[1]["payload"]
    assert (payload["chunk"], payload["accumulatedLength"]) == ("ébc", 4)
    sync = payload["sync"]
    assert (sync["rev"], sync["prev"], sync["start"], sync["covers"]) == (4, 1, 0, [2, 3])


def test_another_event_of_the_job_sends_its_batch_first_and_one_of_another_job_does_not(tmp_path: Any) -> None:
    async def story(r: Rig) -> None:
        await stream(r, "x", "y")
        await r.desktop.op("create", jobId="b", **CREATE)
        await r.desktop.op("status", jobId="a", status="running")

    frames = heard(tmp_path, story, WITH="option.batching", **SLOW)
    assert [f["payload"]["sync"]["rev"] for f in frames] == [1, 4, 3, 5]


def test_a_head_sends_what_waits_and_a_legacy_chunk_is_never_joined(tmp_path: Any) -> None:
    async def story(r: Rig) -> None:
        await stream(r, "x", "y")
        await r.desktop.op("chunk", jobId="a", chunk="z", legacy=True)
        await stream(r, "u", "v")

    frames = heard(tmp_path, story, WITH="option.batching", TIMING_HEAD_S="0.4", **SLOW)
    assert [f["payload"].get("chunk") for f in frames] == [None, "xy", "z", "uv"]


def test_a_batch_that_is_large_enough_does_not_wait(tmp_path: Any) -> None:
    frames = heard(tmp_path, lambda r: stream(r, "x" * 40_000, "y" * 40_000), WITH="option.batching", **SLOW)
    assert len(frames[1]["payload"]["chunk"]) == 80_000


@pytest.mark.parametrize(("without", "costs"), [("", False), ("batching.first-prev", True), ("batching.covers", True)])
def test_a_batch_that_says_too_little_costs_a_call(tmp_path: Any, without: str, costs: bool) -> None:
    frames = heard(tmp_path, lambda r: stream_and_end(r, "a", "b"), WITH="option.batching", WITHOUT=without, **SLOW)
    assert bool(replica(frames).sends) is costs


@pytest.mark.parametrize(
    ("without", "sent"), [((), ["x" * 10, "x" * 10, "x" * 5]), (("batching.maximum-wait",), ["x" * 25])]
)
def test_a_stream_without_a_pause_is_sent_all_the_same(without: tuple[str, ...], sent: list[str]) -> None:
    texts: list[str] = []

    async def go() -> None:
        batches = Batches(profiles.load(without=without), 1.0, lambda payload, _: texts.append(payload["chunk"]))
        for rev in range(25):
            batches.take(
                {"jobId": "a", "chunk": "x", "accumulatedLength": 1, "sync": {"rev": rev, "prev": 0, "start": 0}}
            )
            await asyncio.sleep(0.101)
        await asyncio.sleep(2)

    World(1).run(go)
    assert texts == sent


def test_without_its_flush_the_end_overtakes_the_text(tmp_path: Any) -> None:
    async def story(r: Rig) -> None:
        await stream(r, "x", "y")
        await r.desktop.op("finalize", jobId="a", status="completed")

    env = {"WITH": "option.batching", "WITHOUT": "batching.flush-first", **SLOW}
    frames = heard(tmp_path, story, **env)
    assert [f["payload"]["sync"]["rev"] for f in frames] == [1, 4]


@pytest.mark.parametrize(("without", "shown"), [("", {"kept": 1}), ("delta.removals", {"kept": 1, "gone": 2})])
def test_a_delta_names_what_went(tmp_path: Any, without: str, shown: dict[str, int]) -> None:
    async def story(r: Rig) -> None:
        await r.desktop.op("metadata", jobId="a", patch={"kept": 1, "gone": 2})
        await r.desktop.op("metadata", jobId="a", patch={"kept": 1, "gone": None})

    frames = heard(tmp_path, story, WITH="option.payload=delta", WITHOUT=without)
    assert "kept" not in frames[2]["payload"]["sync"]["delta"]["metadata"]
    assert "metadataPatch" not in frames[2]["payload"]
    assert replica(frames).jobs["a"]["metadata"] == shown


def test_a_snapshot_needs_nothing_before_it(tmp_path: Any) -> None:
    frames = heard(tmp_path, whole_life, WITH="option.payload=snapshots")
    last = replica(frames[:1] + frames[-1:])
    assert last.jobs == replica(frames).jobs


def test_an_event_that_does_not_follow_is_kept_or_its_job_fetched_instead() -> None:
    for with_, waiters in (((), 1), (("order.revisions=fetch-instead",), 0)):
        desktop, bench = Model(), Bench(with_=with_)
        bench.started(desktop)
        bench.get_frame(desktop.create("a"))
        desktop.chunk("a", "lost")
        bench.get_frame(desktop.chunk("a", "x"))
        assert bench.replica.gauges()["buffered"] == waiters
        bench.serve(desktop)
        assert bench.text("a") == "lostx"
