"""A mobile's list cache keeps a list for as long as it lives, unless something empties it."""

from __future__ import annotations

import pytest
from telling import judge

from checkers.notation import read

OPEN = "m!link[state=registered] m:scope(s1) m:listed"
FILL, HIT, MISS = (f"m!cache[what={what},key=k]" for what in ("fill", "hit", "miss"))
MORE = " ".join(f"m!cache[what=fill,key=k{n}]" for n in range(64))


@pytest.mark.parametrize(
    ("why", "line", "reason"),
    [
        ("it was filled just now", f"{FILL} {MISS}", "cache-forgotten"),
        ("its process began anew", f"{FILL} m:restart m!started {MISS}", None),
        ("its desktop has another store", f"{FILL} m:scope(s1)[cause=local:store:x] {MISS}", None),
        ("it opened another screen", f"{FILL} m:scope(s2) {MISS}", "cache-forgotten"),
        ("there was no more room", f"{FILL} {MORE} {MISS}", None),
        (
            "another one was the oldest",
            f"m!cache[what=fill,key=o] {FILL} {MORE[: MORE.rindex(' ')]} {MISS}",
            "cache-forgotten",
        ),
        ("it is read in its life", f"{FILL} @200 {HIT}", None),
        ("it is read long after it", f"{FILL} @400 {HIT}", "cache-outlived"),
        ("it was filled again", f"{FILL} @390 {FILL} @400 {HIT}", None),
    ],
)
def test_a_list_is_kept_for_its_life(why: str, line: str, reason: str | None) -> None:
    found = judge(f"{OPEN} {line}", "resources")
    assert [r for r in (found.reason, *found.others) if r and r.startswith("cache-")] == [reason] * bool(reason)


@pytest.mark.parametrize("word", ["list-cache.mobile-events", "list-cache.mobile-events=dropped-by-events"])
@pytest.mark.parametrize(
    ("why", "line", "reason"),
    [
        ("an event came since", f"{FILL} m:a@2(event:7) {HIT}", "cache-outlived"),
        ("it was filled after the event", f"m:a@2(event:7) {FILL} {HIT}", None),
        ("a list came since", f"{FILL} m:a=2(list:c) {HIT}", None),
        ("it was emptied", f"{FILL} {MISS}", None),
    ],
)
def test_events_empty_a_cache_that_was_chosen_so(word: str, why: str, line: str, reason: str | None) -> None:
    history = read(f'{OPEN} d:+a m:a=1 d:a"x" {line}')
    history.header.with_.append(word)
    found = judge(history, "resources")
    assert [r for r in (found.reason, *found.others) if r and r.startswith("cache-")] == [reason] * bool(reason)
