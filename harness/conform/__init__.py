"""Does one component, in any language, speak as `docs/wire.md` says? Call by call, without a plan and without faults.

A check says what is sent and what is expected; its `play` gets a bench (the other ends of the component's links),
returns what came, and raises `Unmet` or `NotJudged`. Rooms: `relay` (its bench plays devices) and `client` (its bench
plays the relay, for a desktop or a mobile). Each module of a room that is named in its `CHECKS` lists its own, so
that a further check is one more object there. `looking` starts a node of a topology, and plays the checks. Here:
`frames`, as they come over a connection.

May use: `harness/wire`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

B = TypeVar("B")
Said = Literal["pass", "fail", "not judged"]


class Unmet(Exception):
    """The component did otherwise; the message says what came."""


class NotJudged(Exception):
    """What the check needs is not there; the message says what."""


@dataclass(frozen=True)
class Check(Generic[B]):
    """`name` is of the form `calls.absent-desktop`; `sent` and `expected` are for people."""

    name: str
    sent: str
    expected: str
    play: Callable[[B], Awaitable[str]]


@dataclass(frozen=True)
class Told:
    """What became of one check."""

    name: str
    said: Said
    sent: str
    came: str
    expected: str


async def judged(check: Check[B], bench: B) -> Told:
    """One check played; it raises nothing that is the component's doing."""
    said: Said = "pass"
    try:
        came = await check.play(bench)
    except Unmet as exc:
        said, came = "fail", str(exc)
    except NotJudged as exc:
        said, came = "not judged", str(exc)
    return Told(check.name, said, check.sent, came, check.expected)


def failed(told: Sequence[Told]) -> list[Told]:
    return [one for one in told if one.said == "fail"]
