"""What an operation has to make of a row, whoever asked for it."""

from __future__ import annotations

from typing import Any

import pytest

from checkers.past.deeds import mistaken
from checkers.past.truth import Truth
from harness.history import Op, Rev


def after(*commits: tuple[str, dict[str, Any]]) -> str | None:
    """What is wrong with the last of these commits (operation, columns) of one job."""
    truth = Truth()
    for n, (f, columns) in enumerate(commits, 1):
        value = {"f": f, "store": "s", "set": columns}
        about: dict[str, Any] = {"node": "desktop-1", "job": "a", "session": "s1", "rev": Rev("dev-1", n), "attempt": 1}
        truth.feed(Op(index=n, time_ns=n, process="desktop-1/store", type="ok", f="commit", value=value, **about))
    job = truth.job("desktop-1", "a")
    assert job is not None
    return mistaken(job, job.entries[len(commits)])


CREATED = ("create", {"status": "created", "isFinalized": False})
FAILED = ("status", {"status": "failed", "errorMessage": "no", "endTime": 7})
RETRIED = {"status": "queued", "isFinalized": False, "errorMessage": None, "endTime": None}


@pytest.mark.parametrize(
    ("f", "columns", "wrong"),
    [
        ("finalize", {"status": "completed", "isFinalized": True}, None),
        ("finalize", {"status": "completed", "isFinalized": False}, "left isFinalized as it should not be"),
        ("finalize", {"status": "completed"}, "left isFinalized as it should not be"),
        ("finalize", {"status": "completed", "isFinalized": True, "prompt": "x"}, "changed prompt"),
        ("retry", RETRIED, None),
        ("retry", {**RETRIED, "isFinalized": True}, "left isFinalized as it should not be"),
        ("retry", {"status": "queued", "isFinalized": False, "endTime": None}, "left errorMessage as it should not be"),
        ("retry", {k: v for k, v in RETRIED.items() if k != "status"}, "did not make the job queued"),
    ],
)
def test_what_was_left_undone_or_done_besides_is_named(f: str, columns: dict[str, Any], wrong: str | None) -> None:
    assert after(CREATED, FAILED, (f, columns)) == wrong


def test_a_desktop_need_not_store_every_column() -> None:
    assert after(("create", {"status": "created"}), ("finalize", {"status": "completed"})) is None


def test_a_job_is_not_over_when_it_is_created() -> None:
    assert after(CREATED) is None
    assert after(("create", {"status": "created", "isFinalized": True})) == "left isFinalized as it should not be"
    assert after(("create", {"status": "created", "anything": 1})) is None
