"""A relay that journals nothing is blamed only where the wire proves what it left out."""

from __future__ import annotations

import pytest
from telling import judge

from checkers.notation import read

ON = "wire:r>d[type=registered,conn=2] wire:r>m[type=registered,conn=3] d:up m:up"
E, F = (f"wire:d>r[msg={n},conn=2,source=device-of-desktop-1,job=a]" for n in (1, 2))
TO_M = "wire:r>m[msg=%d,conn=%d,source=device-of-desktop-1,job=a]"
HEAD = "wire:d>r[type=sync:head,msg=s/9,conn=2]"
HEAD_M = "wire:r>m[type=sync:head,msg=s/9,conn=3,source=device-of-desktop-1]"
GAP = "wire:r>m[type=sync:gap,msg=1,conn=3]"
SAID = "wire:r>m[type=presence,msg=online/b/1,conn=3,source=device-of-desktop-1]"

AGAIN = f"wire:r>m[type=registered,conn=4] {SAID.replace('conn=3', 'conn=4')}"


def reasons(line: str, level: int = 0) -> list[str]:
    history = read(f"{line} @200 d:final")
    history.header.nodes["relay"]["level"] = level
    result = judge(history, "reaction")
    return [reason for reason in [result.reason, *result.others] if reason and reason.startswith("untold")]


@pytest.mark.parametrize(
    ("why", "line", "expected"),
    [
        ("a later one left", f"{ON} {SAID} {E} @10 {F} {TO_M % (2, 3)}", ["untold-gap"]),
        ("a gap was announced", f"{ON} {SAID} {E} {GAP} @10 {F} {TO_M % (2, 3)}", []),
        ("it left after it", f"{ON} {SAID} {E} @10 {F} {TO_M % (2, 3)} {TO_M % (1, 3)}", []),
        ("nothing later left", f"{ON} {SAID} {E} @10 {F}", []),
        ("at once, and then the connection ended", f"{ON} {SAID} {E} {F} {TO_M % (2, 3)}", []),
        ("it was not registered yet", f"{ON} {SAID} {E} {AGAIN} @10 {F} {TO_M % (2, 4)}", []),
        ("a later one of before the reconnect", f"{ON} {SAID} {E} @10 {F} wire:r>m[type=registered,conn=4]", []),
        ("only heads, for a moment", f"{ON} {SAID} {E} @10 {HEAD} {HEAD_M}", []),
        ("only heads, for long", f"{ON} {SAID} {E} @100 {HEAD} {HEAD_M}", ["untold-gap"]),
        ("on another socket of it", f"{ON} {SAID} {E.replace('conn=2', 'conn=1')} @10 {F} {TO_M % (2, 3)}", []),
        ("nobody was told of it", f"{ON} @10 {E} {TO_M % (1, 3)}", ["untold-presence"]),
        ("told in the end", f"{ON} @10 {E} {SAID} {TO_M % (1, 3)}", []),
        ("at once", f"{ON} {E} {TO_M % (1, 3)}", []),
    ],
)
def test_an_overtaking_proves_it(why: str, line: str, expected: list[str]) -> None:
    assert reasons(line) == expected


def test_the_latest_head_comes_before_later_events() -> None:
    first = f"wire:r>d[type=registered,conn=2] {HEAD} @5 wire:r>m[type=registered,conn=3] d:up m:up {SAID}"
    assert reasons(f"{first} @10 {E} {TO_M % (1, 3)}") == ["untold-head"]
    assert reasons(f"{first} {HEAD_M} @10 {E} {TO_M % (1, 3)}") == []


def test_a_relay_that_journals_is_judged_by_its_journal() -> None:
    assert reasons(f"{ON} {SAID} {E} @10 {F} {TO_M % (2, 3)}", level=2) == []


def test_what_only_its_own_words_could_tell_is_listed() -> None:
    history = read("d:up m:up @200 d:final")
    history.header.nodes["relay"]["level"] = 0
    said = judge(history, "reaction").details["relay"]
    assert said.startswith("not judged") and "untold-gap" in said and "forwarded-call" in said
    assert judge(history, "liveness").details["relay"].endswith("given-up, evicted, unreachable")
