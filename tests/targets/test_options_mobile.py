"""Optimistic updates on a bench: a wish is shown at once, apart from the rows, for as long as it is one."""

from __future__ import annotations

import pytest
from mobile_rig import Bench, Desktop, Send


def wished(method: str = "job.cancel", **more: tuple[str, ...]) -> tuple[Bench, Desktop, Send]:
    """A running job, and a user who does not want it any more."""
    desktop, bench = Desktop(), Bench(with_=("option.optimistic",), **more)
    bench.started(desktop)
    bench.get_frame(desktop.create("a"), desktop.status("a", "running"))
    bench.call(1, method, "a")
    (send,) = bench.sends
    return bench, desktop, send


def shown(bench: Bench) -> dict[str, str]:
    return bench.replica.overlay.state()


@pytest.mark.parametrize(("method", "as_"), [("job.cancel", "canceled"), ("job.delete", "deleted")])
def test_a_wish_is_shown_before_anybody_answers_and_the_row_is_as_it_was(method: str, as_: str) -> None:
    bench, _, _ = wished(method)
    assert shown(bench) == {"a": as_}
    assert bench.jobs["a"]["status"] == "running"


def test_it_stays_until_the_job_itself_shows_it() -> None:
    bench, desktop, send = wished()
    bench.reply(send, {"success": True})
    assert shown(bench) == {"a": "canceled"}
    bench.get_frame(desktop.status("a", "canceled"))
    assert shown(bench) == {}
    assert [line["phase"] for line in bench.lines("pending")] == ["begin", "confirmed", "settled"]


def test_an_event_before_the_answer_leaves_it_until_the_answer() -> None:
    bench, desktop, send = wished("job.delete")
    bench.get_frame(desktop.delete("a"))
    assert bench.replica.gauges()["wishes"] == 1
    bench.reply(send, {"success": True})
    assert bench.replica.gauges()["wishes"] == 0


@pytest.mark.parametrize("how", ["refused", "timed out", "cut off"])
def test_a_wish_that_failed_or_of_which_nobody_knows_goes(how: str) -> None:
    bench, _, send = wished()
    if how == "refused":
        bench.reply(send, None, {"code": "invalid_params", "message": "it is over"})
    elif how == "timed out":
        bench.wait(31)
    else:
        bench.lose()
    assert shown(bench) == {}
    assert [line["phase"] for line in bench.lines("pending")] == ["begin", "rolled-back"]


@pytest.mark.parametrize(("without", "status"), [((), "running"), (("optimistic.apart",), "canceled")])
def test_only_without_its_safeguard_the_row_keeps_what_was_refused(without: tuple[str, ...], status: str) -> None:
    bench, _, send = wished(without=without)
    bench.reply(send, None, {"code": "invalid_params", "message": "it is over"})
    assert bench.jobs["a"]["status"] == status


def test_nothing_is_shown_in_advance_of_what_is_not_there_or_shows_it_already_or_without_the_option() -> None:
    desktop, bench = Desktop(), Bench(with_=("option.optimistic",))
    bench.started(desktop)
    bench.get_frame(desktop.create("done"), desktop.status("done", "completed"))
    bench.call(1, "job.cancel", "done")
    bench.call(2, "job.cancel", "nowhere")
    plain = Bench().started(desktop)
    plain.call(1, "job.delete", "done")
    assert not bench.lines("pending")
    assert not plain.lines("pending")
