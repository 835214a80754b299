"""The mobile over real sockets, with the real relay and desktop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from target_rig import DESKTOP, MOBILE, PATIENCE_S, Node, Rig, create, rig, run

import targets.mobile


@dataclass
class Trio:
    rig: Rig
    mobile: Node

    async def converged(self) -> dict[str, Any]:
        """Poll until the mobile shows exactly the desktop's jobs of session s1; they are returned."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                expected = await self.expected()
                state = await self.mobile.state()
                if state["listed"] and state["jobs"] == expected:
                    return expected
                await asyncio.sleep(0.01)

    async def expected(self) -> dict[str, Any]:
        jobs = (await self.rig.desktop.state())["jobs"]
        plain = {job: {k: v for k, v in row.items() if k != "sync" and v is not None} for job, row in jobs.items()}
        return {job: row for job, row in plain.items() if row["sessionId"] == "s1"}


@asynccontextmanager
async def trio(directory: Path, **policies: str) -> AsyncIterator[Trio]:
    async with rig(directory, **policies) as started:
        await started.start()
        mobile = Node()
        env = started.env(DEVICE_ID=MOBILE, DESKTOP_DEVICE_ID=DESKTOP, NODE_NAME="mobile-1")
        mobile.start(targets.mobile.main, env)
        try:
            async with asyncio.timeout(PATIENCE_S):
                while not mobile.journal("link", state="registered"):
                    assert mobile.task is None or not mobile.task.done() or mobile.task.result()
                    await asyncio.sleep(0.005)
            yield Trio(started, mobile)
        finally:
            await mobile.stop()


def with_trio(directory: Path, story: Callable[[Trio], Awaitable[None]], **policies: str) -> None:
    async def told() -> None:
        async with trio(directory, **policies) as built:
            await story(built)

    run(told)


def test_a_replica_follows_its_desktop_by_events_alone(tmp_path: Path) -> None:
    async def story(t: Trio) -> None:
        await t.mobile.op("open", scope={"session": "s1"})
        await t.converged()
        desktop = t.rig.desktop
        await create(desktop)
        await create(desktop, job="elsewhere", session="s2")
        await desktop.op("status", jobId="j1", status="running")
        for chunk in ("Привет", "", "\r", "\n", "ab", "ab", "👩‍", "👩"):
            await desktop.op("chunk", jobId="j1", chunk=chunk)
        await desktop.op("progress", jobId="j1", progress=50)
        await desktop.op("tokens", jobId="j1", tokensSent=3)
        await desktop.op("metadata", jobId="j1", patch={"a_b": 1, "gone": None})
        await desktop.op("error", jobId="j1", errorDetails={"why": "x"})
        await desktop.op("finalize", jobId="j1", status="failed", body=False)
        await desktop.op("retry", jobId="j1")
        await desktop.op("chunk", jobId="j1", chunk="again")
        await desktop.op("finalize", jobId="j1", status="completed", body=True, actualCost=1.5)
        rows = await t.converged()
        assert rows["j1"]["response"] == "again"
        assert [f["licence"] for f in t.mobile.journal("fetch", phase="begin")] == ["first-list"]
        await desktop.op("delete", jobId="j1")
        assert await t.converged() == {}

    with_trio(tmp_path, story)


def test_users_calls_are_answered(tmp_path: Path) -> None:
    async def story(t: Trio) -> None:
        await create(t.rig.desktop)
        await t.rig.desktop.op("chunk", jobId="j1", chunk="é")
        await t.mobile.op("open", scope={"project": "/p1"})
        first = await t.mobile.op("list")
        again = await t.mobile.op("list")
        assert (first["source"], again["source"]) == ("desktop", "cache")
        assert [(j["id"], j["bytes"]) for j in first["jobs"]] == [("j1", 2)] and first["jobs"] == again["jobs"]
        got = await t.mobile.op("get", jobId="j1")
        assert got["job"]["bytes"] == 2 and got["source"] == "desktop"
        await t.mobile.op("cancel", jobId="j1")
        await t.converged()
        assert (await t.mobile.state())["jobs"]["j1"]["status"] == "canceled"
        await t.mobile.op("delete", jobId="j1")
        assert await t.converged() == {}

    with_trio(tmp_path, story)


def test_what_happened_in_the_background_is_there_after_the_foreground(tmp_path: Path) -> None:
    async def story(t: Trio) -> None:
        await create(t.rig.desktop)
        await t.mobile.op("open", scope={"session": "s1"})
        await t.converged()
        await t.mobile.op("background")
        await t.rig.desktop.op("chunk", jobId="j1", chunk="meanwhile")
        await create(t.rig.desktop, job="j2")
        await t.mobile.op("foreground")
        assert set(await t.converged()) == {"j1", "j2"}

    with_trio(tmp_path, story)
