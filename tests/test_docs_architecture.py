"""The page on the architecture names what there is, and its picture is true: every room is in it, and above what it
uses."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from rooms import ROOT, doors, uses_of_rooms

pytestmark = pytest.mark.xdist_group("imports")
ROOMS = tuple(doors())
PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
PICTURE = PAGE.partition("```\n")[2].partition("```")[0]


def _drawn(picture: str) -> Iterator[tuple[str, int]]:
    """(room, line) of every one; `…/sim/net` is the one room whose name ends so."""
    for line, text in enumerate(picture.splitlines()):
        for name in re.findall(r"(?:…|harness|checkers)(?:/[a-z]+)+|\b(?:harness(?=  )|checkers(?=/ ))", text):
            rooms = [room for room in ROOMS if room == name or (name[0] == "…" and room.endswith(name[1:]))]
            yield (rooms[0] if len(rooms) == 1 else name), line


def test_every_file_that_the_page_names_exists() -> None:
    named = set(re.findall(r"`((?:harness|targets|faults|checkers|tests|configs)/[^`]*)`", PAGE))
    assert len(named) > 40
    patterns = {name: re.sub(r"\b(NAME|FOLDER|ROLE)\b", "*", name.rstrip("/")) for name in named}
    assert [name for name, pattern in patterns.items() if not any(ROOT.glob(pattern))] == []
    bare = set(re.findall(r"`(\w+\.py)`", PAGE)) - {"__init__.py"}
    assert bare == set(), "a file is named with its folder"


def test_the_picture_shows_every_room_once_and_nothing_else() -> None:
    assert sorted(room for room, _ in _drawn(PICTURE)) == sorted(ROOMS)


def test_in_the_picture_a_room_stands_above_those_that_it_uses() -> None:
    line = dict(_drawn(PICTURE))
    contract = {"checkers"}  # of the checkers that stand there, and of those below
    arrows = [(room, used) for room in ROOMS for used in uses_of_rooms()[room] & set(ROOMS) - contract]
    assert len(arrows) > 200
    assert [f"{room} → {used}" for room, used in arrows if line[room] >= line[used]] == []


def test_a_room_that_is_drawn_below_what_it_uses_is_seen() -> None:
    assert dict(_drawn(" harness/store x …/sim/net\n checkers/   …/nowhere")) == {
        "harness/store": 0,
        "harness/runtimes/sim/net": 0,
        "checkers": 1,
        "…/nowhere": 1,
    }
