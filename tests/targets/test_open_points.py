"""What the document leaves open: each variant does what it says, and the decision of both profiles does not."""

from __future__ import annotations

import pytest
from mobile_rig import Bench, Desktop
from target_rig import DESKTOP, MOBILE, rig, run, until

from targets.protocol import event_frame


def changed(number: int) -> dict[str, object]:
    return event_frame("job:status-changed", {"jobId": "j", "sessionId": "s", "n": number})


@pytest.mark.parametrize(("with_", "missed"), [("", []), ("transport.absent-devices", list(range(24, 40)))])
def test_a_relay_keeps_the_last_sixteen_events_for_a_device_that_went_or_none(tmp_path, with_, missed):
    async def go():
        async with rig(tmp_path, WITH=with_) as r:
            await r.start_relay()
            desktop, mobile = await r.client(DESKTOP, "desktop"), await r.client()
            await mobile.ws.close()
            await until(lambda: r.relay.journal("conn", device=MOBILE, state="closed"), "gone")
            for number in range(40):
                await desktop.send(changed(number))
            await until(lambda: len(r.relay.journal("deliver")) == 40, "all were fanned out")
            back = await r.client()
            await back.call("job.get", target="nobody")
            assert [f["payload"]["n"] for f in back.of("job:status-changed")] == missed
            assert not desktop.of("job:status-changed")

    run(go)


@pytest.mark.parametrize(("with_", "arrives"), [("", False), ("transport.offline-queue", True)])
def test_a_desktop_keeps_events_for_its_link_or_loses_them(tmp_path, with_, arrives):
    async def go():
        async with rig(tmp_path, WITH=with_) as r:
            await r.start_desktop()
            value = {"sessionId": "s", "projectDirectory": "/p", "taskType": "t", "prompt": "p"}
            await r.desktop.op("create", jobId="j1", **value)
            await r.start_relay()
            mobile = await r.client()
            await until(lambda: mobile.of("sync:head"), "the first head")
            await r.desktop.op("create", jobId="j2", **value)
            await until(lambda: any(f["payload"]["jobId"] == "j2" for f in mobile.of("job:created")), "the second")
            # The mobile registers when it likes; the desktop's early event reaches it only if it was there in time.
            sent = r.relay.journal("deliver", event="job:created")
            assert (len(sent) == 2) is arrives

    run(go)


def documented(**more: tuple[str, ...]) -> tuple[Bench, Desktop]:
    bench, desktop = Bench("documented", **more), Desktop()
    return bench, desktop


@pytest.mark.parametrize(("with_", "licences"), [((), ["refresh"]), (("lost-events.relist",), [])])
def test_a_reconnection_lists_at_once_or_waits_for_somebody_to_look(with_, licences):
    bench, desktop = documented(with_=with_)
    bench.started(desktop)
    bench.lose()
    bench.wall_s += 10
    bench.forget()
    bench.register()
    bench.serve(desktop)
    assert bench.licences("list") == licences


@pytest.mark.parametrize(("with_", "source"), [((), "cache"), (("list-cache.mobile-events",), "desktop")])
def test_an_applied_event_leaves_the_cached_list_or_drops_it(with_, source):
    bench, desktop = documented(with_=with_)
    desktop.create("a")
    bench.started(desktop)
    bench.get_frame(desktop.status("a", "running"))
    bench.list(1)
    bench.serve(desktop)
    assert bench.answers[1].value["source"] == source


@pytest.mark.parametrize(("with_", "calls"), [((), 1), (("refresh.shared",), 2)])
def test_a_refresh_during_a_fetch_shares_it_or_is_a_call_of_its_own(with_, calls):
    bench, desktop = documented(with_=with_)
    desktop.create("a")
    bench.started(desktop)
    desktop.chunk("a", "lost")
    bench.get_frame(desktop.chunk("a", "x"))  # a gap
    bench.get_frame(desktop.chunk("a", "y"))  # and again
    assert [send.method for send in bench.sends] == ["job.get"] * calls
    bench.serve(desktop)
    assert bench.text("a") == "lostxy"


@pytest.mark.parametrize(("with_", "shown"), [((), "one, two, three"), (("length.offset=tracker-kept",), "one, ")])
def test_a_row_that_replaces_another_sets_the_tracker_or_leaves_it(with_, shown):
    """The desktop's store went back to an older copy of itself: the row is shorter than the tracker says."""
    bench, desktop = documented(with_=with_)
    desktop.create("a")
    bench.started(desktop)
    bench.get_frame(desktop.chunk("a", "a first text that was longer"))
    desktop.rows["a"]["response"] = "one, "
    bench.list(1, bypassCache=True)
    bench.serve(desktop)
    bench.get_frame(desktop.chunk("a", "two, "), desktop.chunk("a", "three"))
    assert bench.text("a") == shown
