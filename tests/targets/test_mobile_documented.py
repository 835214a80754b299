"""The mobile of the document, section by section, on a bench; and where `hardened` decides the same."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
from mobile_rig import DESKTOP, OTHER, TIMING, Bench, Desktop, Frame

from targets.mobile.model import Scope
from targets.protocol import GLOBAL_PREFIX

Make = Callable[[Desktop], Frame]


def tokens(desktop: Desktop) -> Frame:
    return desktop._change("job:tokens-updated", "a", {"tokensSent": 7}, {"tokensSent": 7})


def cost(desktop: Desktop) -> Frame:
    return desktop._change("job:cost-updated", "a", {"actualCost": 0.5}, {"actualCost": 0.5})


def progress(desktop: Desktop) -> Frame:
    stream = {"progress": 50, "responseLength": 0, "lastStreamUpdateTime": 1}
    return desktop._change("job:stream-progress", "a", stream, {"metadata": {"stream": stream}})


SEVEN: dict[str, Make] = {
    "status-changed": lambda d: d.status("a", "running"),
    "tokens-updated": tokens,
    "cost-updated": cost,
    "metadata-updated": lambda d: d.metadata("a", {"k": 1}),
    "response-appended": lambda d: d.chunk("a", "text"),
    "stream-progress": progress,
    "finalized": lambda d: d.finalize("a"),
}


def started(**more: Any) -> tuple[Bench, Desktop]:
    desktop = Desktop()
    return Bench("documented", **more).started(desktop), desktop


@pytest.mark.parametrize("kind", SEVEN)
@pytest.mark.parametrize("profile", ["documented", "hardened"])
def test_an_event_of_a_missing_job_fetches_it_once_and_its_effect_is_there(profile: str, kind: str) -> None:
    desktop = Desktop()
    bench = Bench(profile).started(desktop)
    desktop.create("a")  # its event is lost
    bench.forget()
    bench.get_frame(SEVEN[kind](desktop))
    bench.serve(desktop)
    assert bench.jobs == desktop.scope(Scope(session="s1"))
    assert bench.licences("get") in (["miss"], [])  # hardened may list instead: a hole was seen
    assert profile == "hardened" or bench.licences() == ["miss"]


def test_error_details_have_no_handler_and_fetch_nothing() -> None:
    bench, desktop = started()
    desktop.create("a")
    bench.get_frame(desktop.error("a", "boom"))
    assert not bench.sends


@pytest.mark.parametrize("profile", ["documented", "hardened"])
def test_both_spellings_of_an_event_say_the_same(profile: str) -> None:
    def shown(spell: Callable[[Frame], Frame]) -> Any:
        desktop = Desktop()
        bench = Bench(profile).started(desktop)
        bench.get_frame(
            spell(desktop.create("a")), spell(desktop.chunk("a", "x")), spell(desktop.status("a", "running"))
        )
        return bench.jobs

    def as_relay_event(frame: Frame) -> Frame:
        rest = {key: frame[key] for key in ("payload", "sourceDeviceId")}
        return {"type": "relay_event", "eventType": frame["messageType"], **rest}

    assert shown(lambda frame: frame) == shown(as_relay_event) != {}


def test_taking_sync_away_changes_nothing_that_the_document_shows() -> None:
    """Revisions and attempts are journaled, and nothing acts on them."""

    def without_sync(value: Any) -> Any:
        if isinstance(value, dict):
            return {k: without_sync(v) for k, v in value.items() if k not in ("sync", "asOf", "store", "desktop")}
        return [without_sync(item) for item in value] if isinstance(value, list) else value

    def shown(strip: Callable[[Any], Any]) -> Any:
        desktop, bench = Desktop(), Bench("documented")
        bench.register()
        bench.open()
        story: list[Frame] = [desktop.create("a"), desktop.chunk("a", "é"), desktop.chunk("a", "b")]
        story += [desktop.finalize("a"), desktop.create("b"), desktop.retry("a"), desktop.chunk("a", "again")]
        story += [desktop.delete("b"), desktop.status("a", "failed")]
        seen = []
        for frame in [*story, *reversed(story)]:
            bench.get_frame(strip(copy.deepcopy(frame)))
            while bench.sends:
                send = bench.sends.pop(0)
                bench.reply(send, *strip(list(desktop.answer(send.method, send.params))))
            seen.append(copy.deepcopy(bench.jobs))
        return seen

    assert shown(without_sync) == shown(lambda value: value)


# Gates ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("profile", ["documented", "hardened"])
def test_without_a_session_nothing_is_shown_and_of_another_session_nothing_is(profile: str) -> None:
    desktop = Desktop()
    bench = Bench(profile)
    bench.register()
    bench.get_frame(desktop.create("early"))
    assert not bench.jobs
    desktop.delete("early")
    bench.open()
    bench.serve(desktop)
    bench.get_frame(desktop.create("a"), desktop.create("b", session="s2"))
    assert list(bench.jobs) == ["a"]


def test_global_mode_shows_all_sessions_and_only_hardened_asks_for_the_project() -> None:
    for profile, shown in (("documented", ["a", "b", "c"]), ("hardened", ["a", "b"])):
        desktop = Desktop()
        bench = Bench(profile).started(desktop, project="/p1")
        frames = [desktop.create("a"), desktop.create("b", session="s2"), desktop.create("c", project="/p2")]
        bench.get_frame(*frames)
        assert list(bench.jobs) == shown


def test_a_session_that_a_mobile_made_up_is_global_mode() -> None:
    assert Scope.parse({"session": f"{GLOBAL_PREFIX}1", "project": "/p"}) == Scope(project="/p")
    assert Scope.parse({"session": "s", "project": "/p"}) == Scope(session="s")
    with pytest.raises(ValueError, match="expected"):
        Scope.parse({"session": f"{GLOBAL_PREFIX}1"})


def test_events_of_another_desktop_count_in_documented_only() -> None:
    for profile, shown in (("documented", ["x"]), ("hardened", [])):
        bench = Bench(profile).started(Desktop())
        bench.get_frame(Desktop(device=OTHER).create("x"))
        assert list(bench.jobs) == shown


# The append rule -----------------------------------------------------------------------------------------------------


def test_a_chunk_is_appended_once_a_gap_refreshes_and_a_legacy_chunk_is_appended_blindly() -> None:
    bench, desktop = started()
    bench.get_frame(desktop.create("a"), first := desktop.chunk("a", "one"), first)
    assert bench.text("a") == "one"
    desktop.chunk("a", "lost")
    bench.get_frame(desktop.chunk("a", "three"))
    assert [send.method for send in bench.sends] == ["job.get"]
    bench.serve(desktop)
    assert bench.text("a") == "onelostthree"
    bench.get_frame(legacy := desktop.legacy_chunk("a", "!"), legacy)
    assert bench.text("a") == "onelostthree!!"


def test_lengths_are_counted_in_grapheme_clusters() -> None:
    bench, desktop = started()
    bench.get_frame(desktop.create("a"), desktop.chunk("a", "é"))  # two bytes, one cluster: a gap, it seems
    assert [send.method for send in bench.sends] == ["job.get"]


def test_the_tracker_goes_with_its_job_and_is_set_again_by_a_whole_response() -> None:
    bench, desktop = started()
    trackers = bench.replica.board.trackers
    bench.get_frame(desktop.create("a"), desktop.chunk("a", "text"), desktop.create("b"), desktop.chunk("b", "ab"))
    assert trackers == {"a": 4, "b": 2}
    bench.get_frame(desktop.finalize("a", body=True), desktop.finalize("b"))
    assert trackers == {"a": 4}
    bench.get_frame(desktop.delete("a"))
    assert not trackers


# The hydration queue -------------------------------------------------------------------------------------------------


def test_fifty_events_of_a_missing_job_cost_one_fetch_and_are_applied_in_their_order() -> None:
    bench, desktop = started()
    desktop.create("a")
    bench.forget()
    bench.get_frame(*[desktop.metadata("a", {"n": n}) for n in range(50)])
    assert len(bench.sends) == 1
    assert bench.replica.gauges()["waiters"] == 1
    bench.serve(desktop)
    assert bench.jobs["a"]["metadata"] == {"n": 49}
    assert bench.replica.gauges()["waiters"] == 0


# The list cache ------------------------------------------------------------------------------------------------------


def calls_of_accesses(*at_s: float) -> list[int]:
    """How many lists were asked for after each access, all of them answered."""
    bench, desktop = started()
    begun = []
    for op, time_s in enumerate(at_s):
        bench.wait(time_s - bench.now_s)
        bench.wall_s = 1e9 + bench.now_s
        bench.list(op)
        while bench.sends:
            send = bench.sends.pop(0)
            bench.reply(send, *desktop.answer(send.method, send.params))
        begun.append(len(bench.lines("call", phase="begin", method="job.list")))
    return begun


def test_a_cached_list_is_refreshed_in_the_background_after_five_seconds_and_not_before() -> None:
    assert calls_of_accesses(1.0, 4.9, 5.5, 6.0, 11.0) == [1, 1, 2, 2, 3]


def test_a_cached_list_lives_three_hundred_seconds() -> None:
    def source(at_s: float) -> Any:
        bench, desktop = started()
        bench.wall_s += at_s
        bench.list(1)
        bench.serve(desktop)
        return bench.answers[1].value["source"]

    assert TIMING.mobile_cache_s == 300
    assert (source(299), source(301)) == ("cache", "desktop")


def test_the_cache_key_names_the_device_and_the_request() -> None:
    bench, desktop = started()
    bench.list(1)
    assert {line["key"] for line in bench.lines("cache")} == {"dev_phone_jobs_session_s1"}
    assert desktop.device == DESKTOP


# Reconnection --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("away_s", "asked"), [(10.0, True), (3.0, False)])
def test_a_reconnection_lists_again_unless_the_last_list_is_young(away_s: float, asked: bool) -> None:
    bench, _ = started()
    bench.lose()
    bench.wait(away_s)
    bench.wall_s += away_s
    bench.register()
    assert bool(bench.sends) is asked
