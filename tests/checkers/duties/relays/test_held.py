"""The relay lets go of a connection whose client has gone, as soon as it can know."""

from __future__ import annotations

import pytest
from telling import judge

from checkers.notation import read

LATE = "r!conn[state=registered,device=device-of-mobile-1,conn=1]"
UP = f"{LATE} m:up d:+a"
GOES = "m>background m!link[state=suspended] m:down m<ok"
CLOSED = "r!conn[state=closed,device=device-of-mobile-1,conn=1]"
AGAIN = "r!conn[state=registered,device=device-of-mobile-1,conn=2] m:up"


@pytest.mark.parametrize(
    ("why", "line", "held"),
    [
        ("nobody noticed", f"{UP} {GOES} @200 m:final", True),
        ("it was noticed", f"{UP} {GOES} {CLOSED} @200 m:final", False),
        ("it was noticed at last", f"{UP} {GOES} @200 {CLOSED} m:final", True),
        ("within the time of a dead peer", f"{UP} {GOES} @60 {CLOSED} @200 m:final", False),
        ("it came back first", f"{UP} {GOES} @60 m>foreground m<ok {AGAIN} @200 m:final", False),
        ("it came back too late", f"{UP} {GOES} @200 m>foreground m<ok {AGAIN} m:final", True),
        ("the relay began anew", f"{UP} {GOES} r!started @200 m:final", False),
        ("another relay's number", f"{UP} {GOES} {CLOSED.replace('conn=1', 'conn=7')} @200 m:final", True),
        ("its register was read late", f"m:up d:+a {GOES} {LATE} @200 m:final", False),
        ("the relay tells nothing of connections", f"m:up d:+a {GOES} @200 m:final", False),
    ],
)
def test_who_has_gone_is_let_go(why: str, line: str, held: bool) -> None:
    assert (judge(line, "connections").reason == "held-on") == held


@pytest.mark.parametrize(
    ("action", "nodes", "heals_s", "held"),
    [
        ("kill", ["mobile-1"], 190, True),  # what is on its way comes no later for it
        ("reconnect", ["mobile-1"], 190, True),
        ("delay", ["mobile-1"], 190, False),  # it may have kept the end until a moment ago
        ("delay", ["mobile-1"], 20, True),
        ("pause", ["relay"], 190, False),
        ("pause", ["relay"], 20, True),
        ("delay", ["desktop-1"], 190, True),
    ],
)
def test_a_fault_that_keeps_the_end_from_the_relay_excuses_it(
    action: str, nodes: list[str], heals_s: int, held: bool
) -> None:
    history = read(f"{UP} fault:x {GOES} @{heals_s} heal:x @200 m:final")
    for op in history.ops:
        if op.f.startswith("fault"):
            op.value |= {"action": action, "nodes": nodes, "directions": []}
    assert (judge(history, "connections").reason == "held-on") == held
