"""The numbers of the protocol, as its users and other people's components rely on them, and what they bound."""

from __future__ import annotations

import dataclasses
import sqlite3

import pytest
from target_rig import MOBILE, create, rig, run, until

from targets import protocol
from targets.desktop import store
from targets.relay import mailbox
from targets.timing import Timing

MOBILE_2 = "aaaaaaaa-0000-5000-8000-000000000002"
SECONDS = {
    "ping_s": 30,
    "heartbeat_s": 30,
    "dead_peer_s": 60,
    "upgrade_s": 10,
    "register_s": 5,
    "close_s": 2,
    "call_s": 30,
    "fetch_s": 5,
    "relay_pending_s": 45,
    "head_s": 10,
    "stable_s": 5,
    "backoff_max_s": 30,
    "backoff_unit_s": 0.5,
    "fetch_backoff_max_s": 5,
    "desktop_cache_s": 2,
    "mobile_cache_s": 300,
    "refresh_after_s": 5,
    "coalesce_max_s": 0.25,
    "batch_s": 0.1,
}


def test_every_timer_is_what_the_protocol_says():
    assert dataclasses.asdict(Timing()) == SECONDS


def test_sizes_are_what_the_protocol_says():
    assert (protocol.FRAME_CAP_BYTES, protocol.RESPONSE_CAP_BYTES, protocol.PAGE_CAP_BYTES) == (
        10 << 20,
        8 << 20,
        1 << 20,
    )
    assert mailbox.SIZE == 16
    assert store.OUTCOME_LIFE_MS == 24 * 3600 * 1000


def test_a_page_has_fifty_jobs_unless_asked_for_more_and_two_hundred_at_most(tmp_path):
    async def test(r, node):
        for n in range(201):
            await create(node, f"j{n:03}")
        client = await r.client()
        for asked, given in ((None, 50), (120, 120), (500, 200)):
            size = {} if asked is None else {"pageSize": asked}
            found = await client.ok("job.list", sessionId="s1", **size)
            assert (len(found["jobs"]), found["totalCount"]) == (given, 201)

    with_desktop(tmp_path, test)


def test_jobs_of_one_moment_are_listed_by_their_ids(tmp_path, monkeypatch):
    monkeypatch.setattr(protocol, "now_ms", lambda: 1_000_000)

    async def test(r, node):
        for job in ("b", "é", "a", "Z"):
            await create(node, job)
        client = await r.client()
        found = await client.ok("job.list", sessionId="s1")
        assert [job["id"] for job in found["jobs"]] == ["Z", "a", "b", "é"]  # by code point

    with_desktop(tmp_path, test)


def test_a_finalized_job_says_so_and_a_retried_one_does_not(tmp_path):
    async def test(r, node):
        await create(node)
        await node.op("status", jobId="j1", status="running")
        await node.op("finalize", jobId="j1", status="failed", body=True)
        assert (await node.state())["jobs"]["j1"]["isFinalized"] is True
        await node.op("retry", jobId="j1")
        assert (await node.state())["jobs"]["j1"]["isFinalized"] is False

    with_desktop(tmp_path, test)


def test_the_database_is_synchronous_and_writes_ahead(tmp_path):
    """With NORMAL a power cut loses committed rows whose events were already sent."""
    opened = store.Store({"STORE": str(tmp_path / "a.db")}, "d")
    try:
        db: sqlite3.Connection = opened._db
        assert db.execute("PRAGMA synchronous").fetchone() == (2,)  # FULL
        assert db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    finally:
        opened.close()


@pytest.mark.parametrize("kind", ["sync:head", "sync:gap", "job:created"])
def test_a_mobile_publishes_neither_jobs_nor_heads(tmp_path, kind):
    async def go():
        async with rig(tmp_path) as r:
            await r.start_relay()
            mobile, other = await r.client(MOBILE), await r.client(MOBILE_2)
            await mobile.send({"type": "event", "eventType": kind, "payload": {"jobId": "j", "rev": 1}})
            await mobile.error("invalid_payload")
            await mobile.send({"type": "event", "eventType": "ui:hello", "payload": {}})
            await until(lambda: other.of("ui:hello"), "an event of its own")
            assert other.of(kind) == []

    run(go)


def with_desktop(tmp_path, test):
    async def go():
        async with rig(tmp_path) as r:
            await r.start()
            await test(r, r.desktop)

    run(go)
