from __future__ import annotations

import asyncio
import sqlite3
import time

import pytest
from target_rig import DESKTOP, create, rig, run, until

from targets.desktop.store import Store
from targets.probe import Definite
from targets.protocol import JOB_EVENTS, RESPONSE_CAP_BYTES, project_hash

OTHER_DESKTOP = "dddddddd-0000-5000-8000-000000000002"


def with_trio(tmp_path, test, **policies):
    async def go():
        async with rig(tmp_path, **policies) as r:
            await r.start()
            await test(r, await r.client())

    run(go)


def alone(tmp_path, test, **policies):
    """A desktop without a relay."""

    async def go():
        async with rig(tmp_path, **policies) as r:
            await test(r, await r.start_desktop())

    run(go)


async def life(node, job="j1"):
    """One mutation of each kind, and the event each must emit."""
    steps = [
        ("create", "job:created", {}),
        ("status", "job:status-changed", {"status": "running", "subStatusMessage": "off"}),
        ("chunk", "job:response-appended", {"chunk": "é"}),
        ("progress", "job:stream-progress", {"progress": 40}),
        ("tokens", "job:tokens-updated", {"tokensSent": 3, "cacheReadTokens": 1}),
        ("cost", "job:cost-updated", {"actualCost": 0.25, "isFinalized": False}),
        ("metadata", "job:metadata-updated", {"patch": {"user_key": 1, "gone": None}}),
        ("error", "job:error-details", {"errorDetails": {"message": "no"}}),
        ("finalize", "job:finalized", {"status": "failed", "body": True, "actualCost": 0.5}),
        ("retry", "job:status-changed", {}),
        ("delete", "job:deleted", {}),
    ]
    for f, _, value in steps:
        if f == "create":
            await create(node, job, metadata={"gone": 1})
        else:
            await node.op(f, jobId=job, **value)
    return [(f, event) for f, event, _ in steps]


# Mutations and events ----------------------------------------------------------------------------------------------


def test_every_kind_of_mutation_emits_its_event_on_both_buses_after_its_commit(tmp_path):
    async def test(r, mobile):
        steps = await life(r.desktop)
        await until(lambda: mobile.of("job:deleted"), "the last event")
        got = [f for f in mobile.frames if f.get("messageType") in JOB_EVENTS]
        assert [f["messageType"] for f in got] == [event for _, event in steps]
        assert {event for _, event in steps} == set(JOB_EVENTS)
        lines = [(n, f) for n, f in r.desktop.lines if n in ("commit-begin", "commit-end", "emit")]
        for number, (f, event) in enumerate(steps, start=1):
            begin, end, local, link = lines[4 * (number - 1) : 4 * number]
            assert (begin[0], begin[1]["f"], begin[1]["n"]) == ("commit-begin", f, number)
            assert (end[0], end[1]["n"]) == ("commit-end", number)
            assert [(e["bus"], e["event"], e["rev"]) for _, e in (local, link)] == [
                ("local", event, number),
                ("link", event, number),
            ]
        msgs = [f["payload"]["sync"]["msg"] for f in got]
        assert len(set(msgs)) == len(msgs)

    with_trio(tmp_path, test)


def test_events_carry_the_documented_payloads(tmp_path):
    async def test(r, mobile):
        await life(r.desktop)
        await until(lambda: mobile.of("job:deleted"), "the last event")
        got = [f["payload"] for f in mobile.frames if f.get("messageType") in JOB_EVENTS]
        always = {"jobId", "sessionId", "projectHash", "sync"}
        assert [set(p) - always for p in got] == [
            {"job"},
            {"status", "startTime", "subStatusMessage"},
            {"chunk", "accumulatedLength"},
            {"progress", "responseLength", "lastStreamUpdateTime"},
            {"tokensSent", "cacheReadTokens"},
            {"actualCost", "isFinalized"},
            {"metadataPatch"},
            {"errorDetails"},
            {"status", "response", "actualCost", "tokensSent", "tokensReceived", "cacheReadTokens", "cacheWriteTokens"},
            {"status"},
            set(),
        ]
        assert all((p["jobId"], p["sessionId"], p["projectHash"]) == ("j1", "s1", project_hash("/p1")) for p in got)
        assert got[2]["accumulatedLength"] == 2
        assert got[6]["metadataPatch"] == {"user_key": 1, "gone": None}
        assert got[6]["sync"]["set"]["metadata"]["user_key"] == 1
        assert "gone" not in got[6]["sync"]["set"]["metadata"]
        assert got[8]["response"] == "é"

    with_trio(tmp_path, test)


def test_applying_every_set_and_chunk_gives_the_row(tmp_path):
    """What `sync` says is enough to follow the desktop, column by column."""

    async def test(r, mobile):
        await life(r.desktop, "gone")
        await create(r.desktop, "j2")
        for f, value in [
            ("status", {"status": "running"}),
            ("chunk", {"chunk": "a"}),
            ("chunk", {"chunk": ""}),
            ("finalize", {"status": "failed"}),
            ("error", {"errorDetails": "why"}),
            ("retry", {}),
            ("status", {"status": "running"}),
            ("chunk", {"chunk": "b\u0301"}),
            ("chunk", {"chunk": "c"}),
            ("progress", {"progress": 99.5}),
        ]:
            await r.desktop.op(f, jobId="j2", **value)
        await until(
            lambda: any(f["payload"].get("progress") == 99.5 for f in mobile.of("job:stream-progress")), "the last"
        )
        row, rev = {}, 0
        for frame in mobile.frames:
            payload = frame.get("payload", {})
            if payload.get("jobId") != "j2":
                continue
            sync = payload["sync"]
            assert sync["prev"] == rev
            rev = sync["rev"]
            row = dict(payload["job"]) if "job" in payload else row | sync["set"]
            if "chunk" in payload:
                assert sync["start"] == len(row["response"].encode())
                row["response"] += payload["chunk"]
                assert payload["accumulatedLength"] == len(row["response"].encode())
            row["sync"] = {name: sync[name] for name in ("desktop", "store", "rev", "attempt")}
        row = {name: item for name, item in row.items() if item is not None}
        assert row == (await mobile.ok("job.get", jobId="j2"))["job"] == (await r.desktop.state())["jobs"]["j2"]
        assert row["sync"]["attempt"] == 2
        assert row["response"] == "b\u0301c"
        assert "endTime" not in row

    with_trio(tmp_path, test)


def test_a_legacy_chunk_says_neither_length_nor_revision_or_spells_the_length_otherwise(tmp_path):
    async def test(r, mobile):
        await create(r.desktop)
        await r.desktop.op("chunk", jobId="j1", chunk="ab", legacy=True)
        await r.desktop.op("chunk", jobId="j1", chunk="cd", legacy="snake")
        first, second = await until(
            lambda: c if len(c := mobile.of("job:response-appended")) == 2 else None, "two chunks"
        )
        assert set(first["payload"]) == {"jobId", "sessionId", "projectHash", "chunk", "sync"}
        assert set(first["payload"]["sync"]) == {"msg"}
        assert second["payload"]["accumulated_length"] == 4
        assert "accumulatedLength" not in second["payload"]

    with_trio(tmp_path, test)


def test_concurrent_mutations_get_dense_revisions_and_leave_in_their_order(tmp_path):
    async def test(r, mobile):
        await create(r.desktop)
        await asyncio.gather(*(r.desktop.op("chunk", jobId="j1", chunk=f"{n},") for n in range(30)))
        await until(lambda: len(mobile.of("job:response-appended")) == 30, "all chunks")
        revs = [f["payload"]["sync"]["rev"] for f in mobile.of("job:response-appended")]
        assert revs == list(range(2, 32))
        texts = "".join(f["payload"]["chunk"] for f in mobile.of("job:response-appended"))
        assert (await mobile.ok("job.get", jobId="j1"))["job"]["response"] == texts

    with_trio(tmp_path, test, STORE_LATENCY_MS="0..2", MAILBOX_SIZE="100")


@pytest.mark.parametrize(
    ("f", "value", "code"),
    [
        ("create", {"jobId": "j1"}, "exists"),
        ("create", {"jobId": "dead"}, "exists"),
        ("create", {"jobId": "j2", "sessionId": None}, "invalid_params"),
        ("create", {"jobId": "j2", "metadata": []}, "invalid_params"),
        ("create", {"jobId": "j2", "prompt": "x" * 600_000}, "invalid_params"),
        ("create", {"jobId": ""}, "invalid_params"),
        ("status", {"jobId": "nobody", "status": "running"}, "not_found"),
        ("status", {"status": "dancing"}, "invalid_params"),
        ("status", {"status": 7}, "invalid_params"),
        ("status", {"jobId": "done", "status": "running"}, "invalid_params"),
        ("chunk", {"chunk": 7}, "invalid_params"),
        ("chunk", {"chunk": "\ud800"}, "invalid_params"),
        ("chunk", {"jobId": "done", "chunk": "x"}, "invalid_params"),
        ("chunk", {"chunk": "x" * (RESPONSE_CAP_BYTES + 1)}, "invalid_params"),
        ("chunk", {"chunk": "\x00" * (RESPONSE_CAP_BYTES // 4)}, "invalid_params"),
        ("progress", {"progress": 101}, "invalid_params"),
        ("progress", {}, "invalid_params"),
        ("tokens", {}, "invalid_params"),
        ("tokens", {"tokensSent": -1}, "invalid_params"),
        ("tokens", {"tokensSent": 2**64}, "invalid_params"),
        ("cost", {"actualCost": "much"}, "invalid_params"),
        ("cost", {"actualCost": float("nan")}, "invalid_params"),
        ("metadata", {"patch": 7}, "invalid_params"),
        ("error", {"errorDetails": 7}, "invalid_params"),
        ("finalize", {"status": "running"}, "invalid_params"),
        ("finalize", {"jobId": "done", "status": "failed"}, "invalid_params"),
        ("retry", {}, "invalid_params"),
        ("retry", {"jobId": "done"}, "invalid_params"),
        ("dance", {}, "unknown_op"),
    ],
    ids=lambda value: str(value)[:50],
)
def test_an_operation_that_makes_no_sense_is_refused_and_commits_nothing(tmp_path, f, value, code):
    async def test(r, node):
        await create(node)
        await create(node, "done")
        await node.op("finalize", jobId="done", status="completed", body=False)
        await create(node, "dead")
        await node.op("delete", jobId="dead")
        before = await node.state()
        defaults = {"jobId": "j1", "sessionId": "s1", "projectDirectory": "/p", "taskType": "t", "prompt": "p"}
        with pytest.raises(Definite) as refused:
            await node.op(f, **{**(defaults if f == "create" else {"jobId": "j1"}), **value})
        assert refused.value.code == code
        assert await node.state() == before

    alone(tmp_path, test)


def test_a_response_may_grow_to_its_cap_and_reaches_a_client_in_one_frame(tmp_path):
    async def test(r, mobile):
        await create(r.desktop)
        for _ in range(8):
            await r.desktop.op("chunk", jobId="j1", chunk="é" * (512 * 1024))
        with pytest.raises(Definite):
            await r.desktop.op("chunk", jobId="j1", chunk="x")
        job = (await mobile.ok("job.get", jobId="j1"))["job"]
        assert len(job["response"].encode()) == RESPONSE_CAP_BYTES
        await r.desktop.op("finalize", jobId="j1", status="completed", body=True)
        await until(lambda: mobile.of("job:finalized"), "the whole text in an event")

    with_trio(tmp_path, test, MAILBOX_SIZE="100")


# The store ---------------------------------------------------------------------------------------------------------


def test_a_restarted_desktop_goes_on_where_it_committed(tmp_path):
    async def go():
        async with rig(tmp_path) as r:
            first = await r.start_desktop()
            await create(first)
            await first.op("chunk", jobId="j1", chunk="x")
            before = await first.state()
            await first.stop()
            second = await r.start_desktop()
            assert {k: v for k, v in (await second.state()).items() if k != "gauges"} == {
                k: v for k, v in before.items() if k != "gauges"
            }
            (was,), (recovered,) = first.journal("recovered"), second.journal("recovered")
            assert (was["head"], recovered["head"]) == (0, 2)
            assert recovered["store"] == was["store"]
            assert recovered["boot"] != was["boot"]
            assert (await second.op("chunk", jobId="j1", chunk="y")) == {"rev": 3}

    run(go)


def test_a_shared_memory_store_survives_the_desktop_that_was_killed_inside_a_write(tmp_path, monkeypatch):
    uri = f"file:{tmp_path.name}?mode=memory&cache=shared"
    gates: dict[str, asyncio.Event] = {}  # by $GATE of a store: its accesses wait for it

    async def gated(store: Store) -> None:
        gate = gates.get(store._env.get("GATE", ""))
        if gate is not None:
            await gate.wait()

    monkeypatch.setattr(Store, "_wait", gated)

    async def go():
        anchor = sqlite3.connect(uri, uri=True)
        async with rig(tmp_path) as r:
            first = await r.start_desktop(STORE=uri, GATE="first")
            await create(first)
            gates["first"] = asyncio.Event()
            write = asyncio.create_task(first.op("chunk", jobId="j1", chunk="x"))
            await until(lambda: len(first.journal("commit-begin")) == 2, "the write began")
            second = await r.start_desktop(STORE=uri)  # the first one is still there, as a killed process's objects are
            assert second.journal("recovered")[0]["head"] == 1
            assert await second.op("status", jobId="j1", status="running") == {"rev": 2}
            gates["first"].set()
            with pytest.raises(Definite) as late:
                await write
            assert late.value.code == "store_failed"
            assert first.journal("commit-abort")[0]["n"] == 2
            await first.stop()
        anchor.close()

    run(go)


def test_a_write_that_fails_is_rolled_back_and_its_revision_taken_again(tmp_path):
    async def test(r, mobile):
        await create(r.desktop)
        other = sqlite3.connect(tmp_path / "desktop.db")
        other.execute(
            "CREATE TRIGGER full BEFORE INSERT ON chunks BEGIN SELECT RAISE(FAIL, 'database or disk is full'); END"
        )
        with pytest.raises(Definite) as failed:
            await r.desktop.op("chunk", jobId="j1", chunk="x")
        assert failed.value.code == "store_failed"
        (abort,) = r.desktop.journal("commit-abort")
        assert abort["n"] == 2
        assert "full" in abort["error"]
        other.execute("DROP TRIGGER full")
        other.close()
        assert await r.desktop.op("chunk", jobId="j1", chunk="y") == {"rev": 2}
        job = (await mobile.ok("job.get", jobId="j1"))["job"]
        assert (job["response"], job["sync"]["rev"]) == ("y", 2)

    with_trio(tmp_path, test)


def test_commit_begin_is_journaled_before_the_commit_and_end_after_it(tmp_path):
    async def test(r, node):
        await create(node)
        reader = sqlite3.connect(tmp_path / "desktop.db")
        write = asyncio.create_task(node.op("chunk", jobId="j1", chunk="x"))
        await until(lambda: len(node.journal("commit-begin")) == 2, "begun")
        assert reader.execute("SELECT head FROM store").fetchone() == (1,)
        begun = node.journal("commit-begin")[1]
        assert {k: begun[k] for k in ("n", "job", "session", "attempt", "f", "start", "chunk")} == {
            "n": 2,
            "job": "j1",
            "session": "s1",
            "attempt": 1,
            "f": "chunk",
            "start": 0,
            "chunk": "x",
        }
        assert set(begun["set"]) == {"updatedAt"}
        await until(lambda: reader.execute("SELECT head FROM store").fetchone() == (2,), "committed")
        assert len(node.journal("commit-end")) == 1
        await write
        assert len(node.journal("commit-end")) == 2
        reader.close()

    alone(tmp_path, test, STORE_LATENCY_MS="200..200")


def test_appending_does_not_rewrite_the_text_that_is_there(tmp_path):
    async def test(r, node):
        await create(node)
        for n in range(20):
            await node.op("chunk", jobId="j1", chunk=str(n) * 1000)
        reader = sqlite3.connect(tmp_path / "desktop.db")
        assert reader.execute("SELECT count(*), max(length(text)) FROM chunks").fetchone() == (20, 2000)
        reader.close()

    alone(tmp_path, test)


# Heads -------------------------------------------------------------------------------------------------------------


def revs(mobile):
    return [f["payload"]["rev"] for f in mobile.of("sync:head")]


def test_a_head_is_said_at_registration_and_again_and_again(tmp_path):
    async def test(r, mobile):
        await create(r.desktop)
        await until(lambda: len(mobile.of("sync:head")) >= 3, "heads")
        assert revs(mobile)[0] == 0
        await until(lambda: revs(mobile)[-1] == 1, "the head with the new revision")
        last = mobile.of("sync:head")[-1]["payload"]
        assert last == {"desktop": DESKTOP, "store": (await r.desktop.state())["store"], "rev": 1}

    with_trio(tmp_path, test, TIMING_HEAD_S="0.05")


def test_without_heads_nothing_is_said(tmp_path):
    async def test(r, mobile):
        await create(r.desktop)
        await asyncio.sleep(0.2)
        await mobile.call("job.get", jobId="j1")
        assert not mobile.of("sync:head")

    with_trio(tmp_path, test, TIMING_HEAD_S="0.05", WITHOUT="lost-events.heads")


@pytest.mark.parametrize(("without", "first"), [("", 2), ("crash-before-emit.first-head", None)])
def test_the_first_head_after_a_start_names_what_is_committed(tmp_path, without, first):
    async def go():
        async with rig(tmp_path, WITHOUT=without, TIMING_HEAD_S="0.05") as r:
            node = await r.start_desktop()  # its events reach nobody
            await create(node)
            await node.op("chunk", jobId="j1", chunk="x")
            await node.stop()
            await r.start()
            mobile = await r.client()
            if first is None:
                await asyncio.sleep(0.2)
                await mobile.call("job.get", jobId="j1")
                assert not revs(mobile)
            else:
                await until(lambda: revs(mobile), "a head")
                assert revs(mobile)[0] == first
            await r.desktop.op("chunk", jobId="j1", chunk="y")
            await until(lambda: revs(mobile) and revs(mobile)[-1] == 3, "the head of the next event")

    run(go)


@pytest.mark.parametrize(("without", "early"), [("", False), ("lost-events.handed-head", True)])
def test_a_head_never_speaks_of_an_event_that_was_not_handed_on(tmp_path, without, early):
    async def test(r, mobile):
        await create(r.desktop)
        writes = asyncio.gather(*(r.desktop.op("chunk", jobId="j1", chunk="x") for _ in range(6)))
        await writes
        await until(lambda: len(mobile.of("job:response-appended")) == 6, "all chunks")
        seen, ahead = 0, False
        for frame in mobile.frames:
            if frame.get("messageType") == "sync:head":
                ahead |= frame["payload"]["rev"] > seen
            elif "sync" in frame.get("payload", {}):
                seen = frame["payload"]["sync"]["rev"]
        assert ahead is early

    with_trio(tmp_path, test, TIMING_HEAD_S="0.005", STORE_LATENCY_MS="60..60", WITHOUT=without)


def test_events_while_the_link_is_down_are_lost_and_the_head_says_so(tmp_path):
    async def go():
        async with rig(tmp_path) as r:
            await r.start_desktop()
            await create(r.desktop)
            await r.start_relay()
            mobile = await r.client()
            await until(lambda: revs(mobile), "the first head")
            assert revs(mobile)[0] == 1
            assert not mobile.of("job:created")

    run(go)


# Several desktops --------------------------------------------------------------------------------------------------


def test_what_came_from_the_relay_is_not_sent_back(tmp_path):
    async def test(r, mobile):
        second = await r.start_desktop("desktop-2", OTHER_DESKTOP)
        await until(lambda: second.journal("link", state="registered"), "registered")
        await create(r.desktop)
        await create(second, "j2")
        await until(lambda: len(mobile.of("job:created")) == 2, "both")
        await mobile.call("job.get", jobId="j1", target=OTHER_DESKTOP)
        await mobile.call("job.get", jobId="j2")
        delivered = r.relay.journal("deliver", event="job:created")
        assert len(delivered) == 2
        await second.stop()

    with_trio(tmp_path, test)


def test_when_nobody_stamps_two_desktops_send_one_event_round_and_round(tmp_path):
    async def test(r, mobile):
        second = await r.start_desktop("desktop-2", OTHER_DESKTOP)
        await until(lambda: second.journal("link", state="registered"), "registered")
        await create(r.desktop)
        await until(lambda: len(r.relay.journal("deliver", event="job:created")) > 20, "an echo without end")
        await second.stop()

    with_trio(tmp_path, test, POLICIES="transport.relay-origin=nobody")


def test_time_is_read_where_a_test_can_put_it(tmp_path, monkeypatch):
    async def test(r, node):
        await create(node)
        assert (await node.state())["jobs"]["j1"]["createdAt"] == 1_000_000

    real = time.time
    monkeypatch.setattr(time, "time", lambda: 1000.0)
    alone(tmp_path, test)
    monkeypatch.setattr(time, "time", real)
