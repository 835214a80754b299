"""A plan that cannot show anything is told so when it is validated, where its words alone say it."""

from __future__ import annotations

import pytest

from harness import plan, registry

HEAD = "version: 1\nduration: 50s\n"
TUNNEL = "faults: [{name: tunnel, action: partition, links: [mobile-1<->relay], at: 5s, for: 30s}]\n"
OPEN = "{at: 100ms, node: mobile-1, do: open}"
CREATE = "{at: 1s, node: desktop-1, do: create, job: a}"


def chunk(at: str, more: str = "") -> str:
    return f'{{at: {at}, node: desktop-1, do: chunk, job: a, text: "one "{more}}}'


def script(*calls: str) -> str:
    return "workload:\n  script:\n" + "".join(f"    - {call}\n" for call in calls)


def warned(text: str) -> list[str]:
    return [warning.message for warning in plan.parse(HEAD + text).warnings]


def test_work_that_is_over_before_the_first_fault_is_told() -> None:
    said = warned(script(OPEN, CREATE, chunk("3100ms")) + TUNNEL)
    assert said == [
        "'tunnel' begins at 5s, and the last work of mobile-1 before it is at 3100ms: it would meet only heartbeats",
        "the last chunk is written at 3100ms, before 'tunnel' begins: no text can be judged from then on",
    ]


@pytest.mark.parametrize(
    ("why", "text"),
    [
        ("a stream goes on", script(OPEN, CREATE, chunk("3100ms", ", stream: {for: 10s, every: 1s}")) + TUNNEL),
        ("a chunk comes inside", script(OPEN, CREATE, chunk("3s"), chunk("6s")) + TUNNEL),
        ("a call is on its way", script(OPEN, CREATE.replace("1s", "4900ms")) + TUNNEL),
        ("it comes while clients may still be coming back", script(OPEN, CREATE, chunk("36s")) + TUNNEL),
        ("the phone asks", script(OPEN, CREATE, chunk("3s"), "{at: 9s, node: mobile-1, do: list}") + TUNNEL),
        ("a seed says what is done", TUNNEL),
        ("a phone's user is at work", "workload: {jobs: 0}\n" + TUNNEL),
        (
            "it is drawn when it happens",
            script(OPEN, CREATE, chunk("3s"))
            + "faults: [{action: partition, links: [mobile-1<->relay], every: 9s, for: 1s}]\n",
        ),
    ],
)
def test_what_may_be_exercised_is_not_warned_of(why: str, text: str) -> None:
    assert warned(text) == []


def test_a_fault_after_the_end_of_everything_is_told() -> None:
    (said,) = warned(TUNNEL.replace("at: 5s, for: 30s", "at: 49s, for: 1s"))
    assert (
        said
        == "'tunnel' begins at 49s, and the last work of mobile-1 before it is at 48s: it would meet only heartbeats"
    )


def test_a_link_whose_clients_do_nothing_is_told() -> None:
    quiet = "topology: two-desktops\n" + script(OPEN, CREATE, chunk("6s")) + TUNNEL.replace("mobile-1<", "desktop-2<")
    assert warned(quiet) == ["no client of desktop-2 does anything: 'tunnel' would meet only heartbeats and reconnects"]
    assert warned("workload: {jobs: 0, mobile_rate: 0}\n" + TUNNEL) == [
        "no client of mobile-1 does anything: 'tunnel' would meet only heartbeats and reconnects"
    ]


def test_a_fault_of_the_relay_is_met_by_everybodys_work() -> None:
    kill = "faults: [{action: kill, nodes: [relay], at: 5s, restart: 1s}]\n"
    assert warned(script(OPEN, CREATE, chunk("5500ms")) + kill) == []
    assert len(warned(script(OPEN, CREATE, chunk("3s")) + kill)) == 2


def test_screens_that_nobody_opens_are_told_unless_the_plan_is_about_something_else() -> None:
    unseen = script(CREATE, chunk("6s")) + TUNNEL.replace("mobile-1", "desktop-1")
    assert warned(unseen) == ["no mobile opens a screen: nothing that is shown can be judged"]
    assert warned(unseen + "checks: [liveness, rpc]\n") == []


@pytest.mark.parametrize("name", registry.names("plan"))
def test_no_shipped_plan_is_warned_of(name: str) -> None:
    assert [w.message for w in plan.load(name).warnings if "heartbeats" in w.message or "judged" in w.message] == []
