"""Ends of connections whose cause is not a fault of the plan."""

from __future__ import annotations

import pytest
from telling import judge


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("m:up @100 m:down @104", None),  # what carries the links may have died: nobody was seen to be alive after it
        ("m:up @100 m:down @104 m:up", "ended-without-cause"),
        ("m:up @100 m:down @104 d:final", "ended-without-cause"),
    ],
)
def test_outside_the_simulator_an_end_counts_once_the_links_are_seen_to_live(line: str, reason: str | None) -> None:
    assert judge(f"%runtime=docker {line}", "connections").reason == reason


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("m:up @100 m:down @104 m:up", "ended-without-cause"),
        ("m:up @100 m:down d:final", "ended-without-cause"),
        ("m:up @100 m:down", None),  # a run that is stopped just then takes its connections along
    ],
)
def test_in_the_simulator_a_run_that_goes_on_has_ended_no_connection(line: str, reason: str | None) -> None:
    assert judge(line, "connections").reason == reason


ENDS = "fault:x m:down heal:x m:final"
GRANTED = "wire:r>m[type=registered,msg=s,conn=1]"


@pytest.mark.parametrize(
    ("why", "line", "shared"),
    [
        ("two clients", f"{GRANTED} wire:r>d[type=registered,msg=s,conn=2]", True),
        ("one client, that did not ask to resume", f"{GRANTED} wire:r>m[type=registered,msg=s,conn=2]", True),
        ("no name", "wire:r>m[type=registered,msg=]", True),
        ("granted again on its connection", f"{GRANTED} {GRANTED}", False),
        ("resumed", f"{GRANTED} wire:r>m[type=resumed,msg=s,conn=2]", False),
        (
            "resumed, and granted again",
            f"{GRANTED} wire:r>m[type=resumed,msg=s,conn=2] wire:r>m[type=registered,msg=s,conn=2]",
            False,
        ),
        ("two names", f"{GRANTED} wire:r>d[type=registered,msg=s2,conn=2]", False),
    ],
)
def test_sessions_are_named_apart(why: str, line: str, shared: bool) -> None:
    found = judge(f"m:up d:+a {line} @100 {ENDS}", "connections")
    assert ("session-shared" in (found.reason, *found.others)) == shared
