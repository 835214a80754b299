"""The page on the architecture names what there is, and every room."""

from __future__ import annotations

import re
from pathlib import Path

from test_imports import ROOMS, ROOT

PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")


def test_every_file_that_the_page_names_exists() -> None:
    named = set(re.findall(r"`((?:harness|targets|faults|checkers|tests|configs)/[^`]*)`", PAGE))
    paths = {name for name in named if not re.search(r"[A-Z]{4}|\*", name)}
    assert len(paths) > 20
    assert {name for name in paths if not (ROOT / name).exists()} == set()


def test_every_room_stands_in_the_picture() -> None:
    picture = PAGE.partition("```\n")[2].partition("```")[0]
    shown = set(re.findall(r"(?:harness|checkers)/[\w/]+", picture)) | {
        f"harness/runtimes/{name}" for name in re.findall(r"…/(sim/\w+)", picture)
    }
    rooms = {room for room in ROOMS if "/" in room}
    assert rooms - shown == set()
    assert {name for name in shown if not Path(ROOT / name).is_dir()} == set()
