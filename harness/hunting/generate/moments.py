"""When it goes wrong: now and then, or just when protocols are easily caught."""

from __future__ import annotations

from random import Random
from typing import Any, Final

from harness.hunting.generate.cast import Cast
from harness.hunting.generate.troubles import Trouble

MOMENTS: Final = {  # role → what happens there when a protocol is easily caught
    "mobile": ("registered", "register", "connected", "open", "switch", "foreground", "rpc:job.list", "rpc:job.get"),
    "desktop": ("registered", "register", "commit", "create", "finalize", "delete", "retry", "rpc-reply", "sync:head"),
    "relay": ("registered", "presence", "rpc-reply", "rpc:*", "job:finalized", "job:deleted", "job:created"),
}
_COME_BACK: Final = ("registered", "register", "connected")
_OFTEN: Final = {"commit": 40, "rpc:job.get": 6, "rpc-reply": 8, "rpc:*": 8, "job:created": 6, "create": 6}
_REPEATS: Final = 3  # a fault at a moment comes so often at most


def role_of(node: str, cast: Cast) -> str:
    return "mobile" if node in cast.mobiles else "desktop" if node in cast.desktops else "relay"


def drawn(trouble: Trouble, cast: Cast, random: Random) -> str:
    """One of those without an event, or the name of a moment with its node: `switch mobile-1`."""
    share = random.random()
    if trouble.at_ms is not None:
        return ALONE
    if trouble.beside and not trouble.last:
        return ALL_ALONG
    if trouble.last or (share < 0.1 and trouble.length_ms < 1000):
        return LAST
    if share < 0.45:
        return AGAIN
    node = trouble.near if random.random() < 0.7 else random.choice((*cast.clients, "relay"))
    return f"{random.choice(MOMENTS[role_of(node, cast)])} {node}"


AGAIN: Final = "again and again"
LAST: Final = "at the end"
ALONE: Final = "at its time"
ALL_ALONG: Final = "all along"  # of several faults that do harm together only
_LAST_WORK_MS: Final = (350, 700)  # before the end; the very last chunk comes later (`shapes.ending`)


def event_of(when: str) -> str:
    """The moment without its node, as features name it."""
    return when if when in (AGAIN, LAST, ALL_ALONG, ALONE) else when.rpartition(" ")[0]


def timed(name: str, trouble: Trouble, when: str, random: Random, duration_s: float) -> list[dict[str, Any]]:
    """The fault, or the faults, that a trouble at that time is in a plan."""
    action = name.partition(" ")[0]
    if when == ALL_ALONG:
        end_ms = round(duration_s * 1000)
        along = {"for": f"{end_ms - 2 * _START_MS}ms", **_once(_START_MS, end_ms)}
        return [{**words, **along} for words in ({"action": action, **trouble.words}, *trouble.beside)]
    length = {_LENGTH_KEY.get(action, "for"): f"{trouble.length_ms}ms"}
    words = {"action": action, **trouble.words, **length}
    if when == LAST:
        return _at_the_end(words, next(iter(length)), trouble, random.randint(*_LAST_WORK_MS), round(duration_s * 1000))
    if when == ALONE:
        at_ms, end_ms = trouble.at_ms or 0, round(duration_s * 1000)
        beside = [{**_once(at_ms + _JUST_MS, end_ms), **each} for each in trouble.beside]
        return [{**_once(at_ms, end_ms), **words}, *beside]
    if when == AGAIN:
        every = {"mean": f"{round(trouble.length_ms * 1.5 + 150 + 900 * random.random())}ms", "dist": "uniform"}
        return [{**words, "every": every}]
    event, _, node = when.rpartition(" ")
    times = random.randint(1, _REPEATS) if trouble.length_ms < 1000 else 1
    found = [{**words, "at": _moment(event, node, random)} for _ in range(times)]
    return [*found, _cause(node, random)] if event in _COME_BACK and node != "relay" else found


def _at_the_end(
    words: dict[str, Any], length: str, trouble: Trouble, before_ms: int, end_ms: int
) -> list[dict[str, Any]]:
    lasts = {length: f"{min(trouble.length_ms, before_ms)}ms"}
    beside = [{**each, **_once(end_ms - before_ms + _JUST_MS, end_ms)} for each in trouble.beside]
    return [{**words, **lasts, **_once(end_ms - before_ms, end_ms)}, *beside]


def _once(at_ms: int, end_ms: int) -> dict[str, str]:
    """The first of many, for the others of which there is no time: a fault that is told to stand alone at its time has
    to meet something there, which nobody who draws can know."""
    return {"at": f"{at_ms}ms", "every": f"{end_ms}ms"}


_START_MS, _JUST_MS = 200, 10
_LENGTH_KEY: Final = {"reconnect": "downtime", "kill": "restart"}


def _cause(node: str, random: Random) -> dict[str, Any]:
    """Nobody registers a second time without a reason."""
    how = random.choice(("close", "reset", "reset", "half-open"))
    every = {"mean": f"{round(500 + 700 * random.random())}ms", "dist": "uniform"}
    return {"action": "reconnect", "clients": [node], "how": how, "downtime": "40ms", "every": every}


def _moment(event: str, node: str, random: Random) -> dict[str, Any]:
    nth = random.randint(1, _OFTEN.get(event, 3))
    within = random.choice(("0ms", "10ms", "30ms", "80ms"))
    said = {"after": event, "node": node}
    return {**said, **({"within": within} if within != "0ms" else {}), **({"nth": nth} if nth > 1 else {})}
