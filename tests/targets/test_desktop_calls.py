"""What a desktop answers: pages, filters, caches and requests, asked through a real relay."""

from __future__ import annotations

from typing import Any

import pytest
from target_rig import Client, Rig, rig, run, until

from targets.desktop.rpc import query_of
from targets.protocol import PAGE_CAP_BYTES, PAGE_SIZE, PAGE_SIZE_MAX, RpcError, project_hash


def asked(tmp_path: Any, test: Any, **env: str) -> None:
    async def go() -> None:
        async with rig(tmp_path, **env) as r:
            await r.start_relay()
            mobile = await r.client()
            await r.start_desktop()
            await until(lambda: r.desktop.journal("link", state="registered"), "the desktop")
            await test(r, mobile)

    run(go)


async def create(r: Rig, job: str, session: str = "s", **more: Any) -> None:
    value = {"jobId": job, "sessionId": session, "projectDirectory": "/p", "taskType": "t", "prompt": "p", **more}
    await r.desktop.op("create", **value)


def ids(reply: dict[str, Any]) -> list[str]:
    return [row["id"] for row in reply["jobs"]]


# Lists -------------------------------------------------------------------------------------------------------------


def test_a_list_is_of_a_session_or_of_a_project_newest_first_and_the_session_wins(tmp_path: Any) -> None:
    async def test(r: Rig, mobile: Client) -> None:
        for job, session in (("a", "s"), ("b", "s"), ("c", "other")):
            await create(r, job, session)
        session = await mobile.ok("job.list", sessionId="s")
        project = await mobile.ok("job.list", projectDirectory="/p")
        both = await mobile.ok("job.list", sessionId="other", projectDirectory="/p")
        assert (set(ids(session)), set(ids(project)), ids(both)) == ({"a", "b"}, {"a", "b", "c"}, ["c"])
        keys = [(-row["createdAt"], row["id"]) for row in project["jobs"]]
        assert keys == sorted(keys)
        assert (project["totalCount"], project["page"], project["pageSize"]) == (3, 0, PAGE_SIZE)
        assert (await mobile.call("job.list"))["error"]["code"] == "invalid_params"

    asked(tmp_path, test)


@pytest.mark.parametrize(
    ("params", "problem"),
    [
        ({}, "sessionId or projectDirectory"),
        ({"sessionId": 7, "projectDirectory": "/p"}, "sessionId or projectDirectory"),
        ({"sessionId": "s", "page": -1}, "page"),
        ({"sessionId": "s", "pageSize": 0}, "pageSize"),
        ({"sessionId": "s", "pageSize": True}, "pageSize"),
        ({"sessionId": "s", "statusFilter": 1}, "statusFilter"),
        ({"sessionId": "s", "after": "x"}, "after"),
    ],
)
def test_a_list_that_makes_no_sense_is_refused(params: dict[str, Any], problem: str) -> None:
    with pytest.raises(RpcError, match=problem) as refused:
        query_of(params)
    assert refused.value.code == "invalid_params"


def test_a_query_knows_its_scope_its_page_and_the_most_that_a_page_may_hold() -> None:
    query = query_of({"projectDirectory": "/p", "page": 2, "pageSize": 10_000, "statusFilter": ["b", "a", "b"]})
    assert (query.column, query.scope) == ("projectHash", project_hash("/p"))
    assert (query.page, query.page_size, query.statuses) == (2, PAGE_SIZE_MAX, ("a", "b"))
    assert query_of({"sessionId": "s", "statusFilter": "a"}).filters != query_of({"sessionId": "s"}).filters


def test_filters_and_pages_take_their_part_and_count_all_of_it(tmp_path: Any) -> None:
    async def test(r: Rig, mobile: Client) -> None:
        for number in range(5):
            await create(r, f"j{number}", taskType="odd" if number % 2 else "even")
        await r.desktop.op("status", jobId="j2", status="running")
        running = await mobile.ok("job.list", sessionId="s", statusFilter=["running"])
        odd = await mobile.ok("job.list", sessionId="s", taskTypeFilter="odd")
        pages = [await mobile.ok("job.list", sessionId="s", page=n, pageSize=2) for n in range(4)]
        assert (ids(running), set(ids(odd)), odd["totalCount"]) == (["j2"], {"j1", "j3"}, 2)
        assert [len(page["jobs"]) for page in pages] == [2, 2, 1, 0]
        assert {job for page in pages for job in ids(page)} == {f"j{n}" for n in range(5)}
        assert [page["more"] for page in pages] == [True, True, False, False]
        assert {page["totalCount"] for page in pages} == {5}

    asked(tmp_path, test)


def test_a_page_is_cut_at_a_megabyte_says_more_and_goes_on_after_its_last_row(tmp_path: Any) -> None:
    async def test(r: Rig, mobile: Client) -> None:
        for number in range(5):
            await create(r, f"j{number}")
            await r.desktop.op("chunk", jobId=f"j{number}", chunk="x" * 400_000)
        seen, after, sizes = [], None, []
        while True:
            where = {} if after is None else {"after": {"createdAt": after["createdAt"], "id": after["id"]}}
            page = await mobile.ok("job.list", sessionId="s", **where)
            seen += ids(page)
            sizes.append(sum(len(row["response"]) for row in page["jobs"]))
            if not page["more"]:
                break
            after = page["jobs"][-1]
        assert sorted(seen) == [f"j{n}" for n in range(5)]
        assert sizes == [800_000, 800_000, 400_000]
        assert max(sizes) < PAGE_CAP_BYTES

    asked(tmp_path, test)


# The cache ---------------------------------------------------------------------------------------------------------


def noted(r: Rig, what: str) -> list[str]:
    return [line["key"] for line in r.desktop.journal("cache", what=what)]


def test_a_list_is_cached_by_session_or_project_and_any_change_drops_both(tmp_path: Any) -> None:
    async def test(r: Rig, mobile: Client) -> None:
        await create(r, "a")
        for _ in range(2):
            await mobile.ok("job.list", sessionId="s")
            await mobile.ok("job.list", projectDirectory="/p")
        keys = ["jobs::session::s", f"jobs::project::{project_hash('/p')}"]
        assert (noted(r, "fill"), noted(r, "hit")) == (keys, keys)
        await r.desktop.op("chunk", jobId="a", chunk="x")
        assert sorted(set(noted(r, "invalidate"))) == sorted(keys)
        for reply in (await mobile.ok("job.list", sessionId="s"), await mobile.ok("job.list", projectDirectory="/p")):
            assert [row["response"] for row in reply["jobs"]] == ["x"]

    asked(tmp_path, test, TIMING_DESKTOP_CACHE_S="1000")


def test_documented_only_the_sessions_list_is_dropped_and_filters_share_an_entry(tmp_path: Any) -> None:
    async def test(r: Rig, mobile: Client) -> None:
        await create(r, "a")
        await mobile.ok("job.list", projectDirectory="/p")
        await r.desktop.op("chunk", jobId="a", chunk="x")
        stale = await mobile.ok("job.list", projectDirectory="/p", statusFilter="failed")
        assert [row["response"] for row in stale["jobs"]] == [""]
        fresh = await mobile.ok("job.list", projectDirectory="/p", bypassCache=True)
        assert [row["response"] for row in fresh["jobs"]] == ["x"]

    asked(tmp_path, test, PROFILE="documented", TIMING_DESKTOP_CACHE_S="1000")


def test_a_cached_list_is_forgotten_after_its_time(tmp_path: Any) -> None:
    async def test(r: Rig, mobile: Client) -> None:
        await create(r, "a")
        for _ in range(3):
            await mobile.ok("job.list", sessionId="s")
        assert (len(noted(r, "fill")), noted(r, "hit")) == (3, [])

    asked(tmp_path, test, TIMING_DESKTOP_CACHE_S="0")


# One job, and requests ---------------------------------------------------------------------------------------------


def test_a_job_says_its_model_and_the_message_of_its_error_until_it_is_tried_again(tmp_path: Any) -> None:
    async def test(r: Rig, mobile: Client) -> None:
        await create(r, "a", modelUsed="m-1")
        await r.desktop.op("error", jobId="a", errorDetails={"code": 7}, errorMessage="no")
        await r.desktop.op("status", jobId="a", status="failed")
        row = (await mobile.ok("job.get", jobId="a"))["job"]
        assert (row["modelUsed"], row["errorMessage"], row["errorDetails"]) == ("m-1", "no", {"code": 7})
        await r.desktop.op("retry", jobId="a")
        row = (await mobile.ok("job.get", jobId="a"))["job"]
        assert row["modelUsed"] == "m-1"
        assert not {"errorMessage", "errorDetails"} & set(row)

    asked(tmp_path, test)


def test_a_row_and_its_absence_say_what_they_are_as_of(tmp_path: Any) -> None:
    async def test(r: Rig, mobile: Client) -> None:
        await create(r, "a")
        found = await mobile.ok("job.get", jobId="a")
        missing = (await mobile.call("job.get", jobId="b"))["error"]
        assert (found["job"]["id"], found["asOf"]) == ("a", 1)
        assert (missing["code"], missing["asOf"]) == ("not_found", 1)
        assert (await mobile.call("job.get"))["error"]["code"] == "invalid_params"
        assert (await mobile.call("job.fly", jobId="a"))["error"]["code"] == "invalid_params"

    asked(tmp_path, test)


@pytest.mark.parametrize("profile", ["hardened", "documented"])
def test_cancel_and_delete_do_what_they_say_once(tmp_path: Any, profile: str) -> None:
    async def test(r: Rig, mobile: Client) -> None:
        await create(r, "a")
        assert await mobile.ok("job.cancel", jobId="a") == {"success": True}
        assert (await r.desktop.state())["jobs"]["a"]["status"] == "canceled"
        assert (await mobile.call("job.cancel", jobId="a"))["error"]["code"] == "invalid_params"
        assert await mobile.ok("job.delete", jobId="a") == {"success": True}
        assert (await mobile.call("job.delete", jobId="a"))["error"]["code"] == "not_found"

    asked(tmp_path, test, PROFILE=profile)


@pytest.mark.parametrize(("without", "again"), [("", None), ("rpc.idempotency-key", "not_found")])
def test_a_request_made_again_under_its_key_has_its_first_outcome(
    tmp_path: Any, without: str, again: str | None
) -> None:
    async def test(r: Rig, mobile: Client) -> None:
        await create(r, "a")
        await mobile.ok("job.delete", jobId="a", idempotencyKey="k")
        second = await mobile.call("job.delete", jobId="a", idempotencyKey="k")
        assert (second["error"] or {}).get("code") == again
        refused = [await mobile.call("job.cancel", jobId="b", idempotencyKey="k2") for _ in range(2)]
        await create(r, "b")
        late = await mobile.call("job.cancel", jobId="b", idempotencyKey="k2")
        assert [one["error"]["code"] for one in refused] == ["not_found"] * 2
        assert (late["error"] is None) is bool(without)

    asked(tmp_path, test, WITHOUT=without)
