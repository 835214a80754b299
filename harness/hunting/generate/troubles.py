"""What goes wrong: for each action its aims and strengths, without a time.

A trouble is the words of one fault and how long it lasts. Strengths reach from what nobody notices to outages that are
several times the whole back-off ladder; lengths are those of the fast timing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final

from harness.hunting.generate.cast import Cast

_SHORT, _MIDDLE, _LONG, _LADDERS = (20, 120), (200, 700), (1000, 2500), (5000, 9000)  # ms
_LENGTHS: Final = (_SHORT, _SHORT, _MIDDLE, _MIDDLE, _MIDDLE, _LONG)

_TO_MOBILE: Final = ("job:*", "job:*", "job:response-appended", "job:created", "job:deleted", "job:finalized")
_TO_MOBILE_TOO: Final = ("rpc-reply", "rpc-reply", "presence", "sync:*", "registered", "*")
_FROM_MOBILE: Final = ("rpc:*", "rpc:job.list", "rpc:job.get", "register", "*")
_FROM_DESKTOP: Final = ("job:*", "job:*", "rpc-reply", "rpc-reply", "sync:*", "register", "*")
_TO_DESKTOP: Final = ("rpc:*", "rpc:*", "registered", "*")

UPGRADED_BYTES: Final = 185  # of the reference relay's answer to an upgrade


@dataclass(frozen=True)
class Trouble:
    """`words`: action, aim and strength. `near`: a node that it is about. `length_ms`: how long each time. `beside`:
    other faults, action included, without which this one is harmless; all of them last as long as the run, or with
    `last`, which is about the end of the run, or `at_ms`, they begin just after it, if they do not say when. `calls`:
    what phones' users do more of, as weights, at the `rate`; it is about that. `at_ms`: its own time, for the `script`
    of calls that it is about; `slowly`: timing without which something else hides it."""

    kind: str
    words: dict[str, Any]
    near: str
    length_ms: int
    beside: tuple[dict[str, Any], ...] = ()
    last: bool = False
    calls: Mapping[str, float] = field(default_factory=dict)
    rate: str = "8/s"
    at_ms: int | None = None
    script: tuple[dict[str, Any], ...] = ()
    slowly: bool = False


def _ms(random: Random, low: float, high: float) -> str:
    return f"{round(low + (high - low) * random.random())}ms"


def _length(random: Random, lengths: tuple[tuple[int, int], ...] = _LENGTHS) -> int:
    low, high = random.choice(lengths)
    return round(low + (high - low) * random.random())


def _links(cast: Cast, random: Random) -> tuple[str, list[str]]:
    """A client and its link: one way or both; sometimes everybody's."""
    near = cast.one(random)
    aims = (f"{near}->relay", f"relay->{near}", f"{near}<->relay", f"{near}<->relay", "*<->relay")
    return near, [random.choice(aims)]


def _partition(cast: Cast, random: Random) -> Trouble:
    near, links = _links(cast, random)
    drop = random.choice(("blackhole", "blackhole", "reset", "refuse"))
    length_ms = _length(random, (*_LENGTHS, _LADDERS) if drop != "blackhole" else _LENGTHS)
    return Trouble(f"partition {drop}", {"links": links, "drop": drop}, near, length_ms)


def _delay(cast: Cast, random: Random) -> Trouble:
    near, links = _links(cast, random)
    latency = {"latency": _ms(random, 5, 90), "jitter": _ms(random, 0, 50)}
    return Trouble("delay", {"links": links, **latency}, near, _length(random, (_MIDDLE, _LONG)))


def _bandwidth(cast: Cast, random: Random) -> Trouble:
    near, links = _links(cast, random)
    return Trouble("bandwidth", {"links": links, "rate": random.choice((6, 15, 30, 60))}, near, _length(random))


def _slow_close(cast: Cast, random: Random) -> Trouble:
    near = cast.one(random)
    return Trouble(
        "slow_close", {"links": [f"{near}<->relay"], "delay": _ms(random, 100, 900)}, near, _length(random, (_LONG,))
    )


def _slicer(cast: Cast, random: Random) -> Trouble:
    near, links = _links(cast, random)
    sizes = {"average_size": random.choice((60, 120, 400)), "size_variation": 30, "delay": "300us"}
    return Trouble("slicer", {"links": links, **sizes}, near, _length(random, (_SHORT, _MIDDLE)))


def _limit_data(cast: Cast, random: Random) -> Trouble:
    near = cast.one(random)
    words = {"links": [f"relay->{near}"], "bytes": random.choice((300, 1500, 6000))}
    return Trouble("limit_data", words, near, _length(random, (_MIDDLE,)))


def _cut_when_upgraded(cast: Cast, random: Random) -> Trouble:
    """A connection ends with the last byte of the answer that opened it: who goes on to speak finds it closed."""
    near = cast.one(random)
    words = {"links": [f"relay->{near}"], "bytes": UPGRADED_BYTES}
    again = {"action": "reconnect", "clients": [near], "how": "reset", "downtime": "20ms"}
    every = {"every": {"mean": "300ms", "dist": "uniform"}}
    length_ms = _length(random, (_MIDDLE,))
    return Trouble("limit_data upgraded", words, near, length_ms, ({**again, **every},), at_ms=random.randint(400, 900))


def _some_slow(cast: Cast, random: Random) -> Trouble:
    """Half of the connections are slow: a register is late on one, while the next is quick."""
    near = cast.one(random)
    words = {"stream": "upstream", "type": "latency", "toxicity": 0.5}
    attributes = {"latency": random.choice((80, 200, 320))}
    return Trouble(
        "toxic latency",
        {"links": [f"{near}->relay"], **words, "attributes": attributes},
        near,
        _length(random, (_LONG,)),
    )


def _silence(cast: Cast, random: Random) -> Trouble:
    near = cast.one(random)
    words = {"links": [f"{near}->relay"], "type": "timeout", "attributes": {"timeout": random.choice((50, 200, 600))}}
    return Trouble("toxic timeout", words, near, _length(random, (_MIDDLE,)))


def _reconnect(cast: Cast, random: Random) -> Trouble:
    how = random.choice(("close", "reset", "reset", "half-open", "dead", "timeout"))
    clients = list(cast.clients) if random.random() < 0.2 else [cast.one(random)]
    lengths = (_SHORT, _SHORT, _MIDDLE, _LONG, _LADDERS) if how != "timeout" else (_SHORT, _MIDDLE)
    return Trouble(f"reconnect {how}", {"clients": clients, "how": how}, clients[0], _length(random, lengths))


def _direction(cast: Cast, random: Random) -> tuple[str, str, str]:
    """(node, direction, type of message that goes there)"""
    desktop, mobile = random.choice(cast.desktops), random.choice(cast.mobiles)
    return random.choice(
        (
            (mobile, f"relay->{mobile}", random.choice(_TO_MOBILE)),
            (mobile, f"relay->{mobile}", random.choice(_TO_MOBILE_TOO)),
            (mobile, f"{mobile}->relay", random.choice(_FROM_MOBILE)),
            (desktop, f"{desktop}->relay", random.choice(_FROM_DESKTOP)),
            (desktop, f"relay->{desktop}", random.choice(_TO_DESKTOP)),
        )
    )


def _messages(action: str, lengths: tuple[tuple[int, int], ...]) -> Callable[[Cast, Random], Trouble]:
    def drawn(cast: Cast, random: Random) -> Trouble:
        near, direction, type_ = _direction(cast, random)
        words = {"links": [direction], "match": {"type": type_}, **_STRENGTHS[action](random)}
        return Trouble(f"{action} {type_}", words, near, _length(random, lengths))

    return drawn


_STRENGTHS: Final[dict[str, Callable[[Random], dict[str, Any]]]] = {
    "duplicate": lambda random: {
        "chance": random.choice((0.3, 0.7, 1.0)),
        "copies": random.choice((1, 1, 2)),
        "delay": random.choice(("5ms", "30ms", "90ms", "250ms", "450ms")),
    },
    "reorder": lambda random: {
        "chance": random.choice((0.2, 0.5, 0.8)),
        "window": random.choice((2, 3, "60ms", "150ms", "300ms")),
    },
    "loss": lambda random: {"chance": random.choice((0.1, 0.3, 0.6))},
    "hold": lambda random: {"release": random.choice(("in-order", "reversed", "shuffled"))},
}


def _last_words(cast: Cast, random: Random) -> Trouble:
    """What is said last is lost, and nothing is said afterwards that would show it."""
    node = random.choice((*cast.mobiles, cast.desktops[0]))
    direction = f"relay->{node}" if node in cast.mobiles else f"{node}->relay"
    type_ = random.choice(("job:*", "job:*", "sync:*", "job:response-appended", "job:created"))
    words = {"links": [direction], "match": {"type": type_}, "chance": random.choice((1.0, 0.5))}
    return Trouble(f"loss of last {type_}", words, node, _length(random, (_SHORT, _MIDDLE)), last=True)


def _not_registered(cast: Cast, random: Random) -> Trouble:
    """A connection is lost, and of the next one the registration is lost: who waits for its answer has to give up."""
    near = cast.one(random)
    lost = random.choice(((f"relay->{near}", "registered"), (f"{near}->relay", "register")))
    words = {"links": [lost[0]], "match": {"type": lost[1]}, "chance": 1.0}
    again = {"action": "reconnect", "clients": [near], "how": "reset", "downtime": "20ms"}
    return Trouble(f"loss of {lost[1]}", words, near, _length(random, (_MIDDLE,)), (again,), last=True)


def _refused(cast: Cast, random: Random) -> Trouble:
    """A client whose clock is a day behind signs tokens that have run out: it is refused until the clock is right."""
    near = cast.one(random)
    again = {"action": "reconnect", "clients": [near], "how": random.choice(("close", "reset")), "downtime": "20ms"}
    return Trouble(
        "clock refused", {"nodes": [near], "skew": "-24h"}, near, _length(random, (_MIDDLE,)), (again,), last=True
    )


def _too_early(cast: Cast, random: Random) -> Trouble:
    """A phone that has never been connected is used, and everything it asks for has to be refused at once."""
    mobile = {"node": random.choice(cast.mobiles)}
    length_ms = _length(random, (_MIDDLE, _LONG))
    job = {"job": "early"}
    asked: list[dict[str, Any]] = [
        {**mobile, "do": "get", **job},
        {**mobile, "do": "list"},
        {**mobile, "do": "cancel", **job},
    ]
    random.shuffle(asked)
    script = (
        {"at": "0ms", "node": cast.desktops[0], "do": "create", **job},
        {"at": "30ms", **mobile, "do": "open"},
        *({"at": f"{40 + n * length_ms // 4}ms", **call} for n, call in enumerate(asked)),
    )
    words = {"links": [f"{mobile['node']}<->relay"], "drop": random.choice(("blackhole", "refuse"))}
    return Trouble("partition early", words, mobile["node"], length_ms, at_ms=0, script=script)


_REQUESTS: Final = {"cancel": 4, "delete": 3}


def _asked_twice(cast: Cast, random: Random) -> Trouble:
    """A call arrives twice, and the first answer is lost: what the caller hears is what the second found."""
    desktop, mobile = random.choice(cast.desktops), random.choice(cast.mobiles)
    before = random.choice((f"{mobile}->relay", f"relay->{desktop}"))
    what = random.choice(("rpc:*", "rpc:job.cancel", "rpc:job.delete"))
    twice = {"links": [before], "match": {"type": what}, "chance": 1.0, "delay": random.choice(("5ms", "40ms"))}
    after = random.choice((f"{desktop}->relay", f"relay->{mobile}"))
    lost = {"action": "loss", "links": [after], "match": {"type": "rpc-reply"}, "chance": 0.5}
    return Trouble("duplicate asked twice", twice, mobile, _length(random, (_LONG,)), (lost,), calls=_REQUESTS)


def _overflow(cast: Cast, random: Random) -> Trouble:
    """A phone does not read while a long text is sent to it, until its mailbox at the relay is full, and what is sent
    last is dropped: a gap is what it hears last. And once more, over the same connection."""
    mobile, at_ms, length_ms = cast.mobiles[0], random.randint(900, 1500), random.randint(400, 900)
    again_ms = at_ms + length_ms + 250
    job = {"node": cast.desktops[0], "job": "long"}
    big = {"text": "0123456789abcdef", "repeat": 2000, "stream": {"every": "8ms", "for": f"{length_ms - 100}ms"}}
    script = (
        {"at": "100ms", "node": mobile, "do": "open"},
        {"at": "300ms", **job, "do": "create"},
        {"at": "400ms", **job, "do": "status", "status": "running"},
        {"at": f"{at_ms + 20}ms", **job, "do": "chunk", **big},
        {"at": f"{again_ms + 20}ms", **job, "do": "chunk", **big},
    )
    words = {"nodes": [mobile]}
    again = {"action": "slow_consumer", **words, "at": f"{again_ms}ms", "for": f"{length_ms}ms"}
    return Trouble(
        "slow_consumer overflow", words, mobile, length_ms, (again,), at_ms=at_ms, script=script, slowly=True
    )


def _narrow(cast: Cast, random: Random) -> Trouble:
    """An event is lost, and the large row that is fetched for it takes longer than a fetch may."""
    desktop, mobile, at_ms = cast.desktops[0], cast.mobiles[0], random.randint(800, 1200)
    job = {"node": desktop, "job": "wide"}
    script = (
        {"at": "100ms", "node": mobile, "do": "open"},
        {"at": "300ms", **job, "do": "create"},
        {"at": "400ms", **job, "do": "status", "status": "running"},
        {"at": "600ms", **job, "do": "chunk", "text": "abcdefghij", "repeat": random.choice((2000, 3000, 5000))},
        {"at": f"{at_ms + 200}ms", **job, "do": "tokens", "sent": 1},
        {"at": f"{at_ms + 260}ms", **job, "do": "tokens", "sent": 2},
    )
    lost = {"action": "loss", "links": [f"relay->{mobile}"], "match": {"type": "job:tokens-updated"}, "for": "230ms"}
    words = {"links": [f"relay->{mobile}"], "rate": random.choice((40, 64))}
    return Trouble("bandwidth narrow", words, mobile, 4000, ({**lost, "chance": 1.0},), at_ms=at_ms, script=script)


def _kill(cast: Cast, random: Random) -> Trouble:
    node = random.choice((*cast.clients, "relay"))
    how: dict[str, Any] = random.choice(({}, {}, {"signal": "TERM"}, {"power": True}))
    kind = f"kill {next(iter(how), '')}".strip()
    return Trouble(kind, {"nodes": [node], **how}, node, _length(random, (_SHORT, _MIDDLE, _MIDDLE, _LONG)))


def _wipe(cast: Cast, random: Random) -> Trouble:
    """A desktop comes back with an empty store, and nobody who knew the former one may mix the two."""
    node = random.choice(cast.desktops)
    return Trouble("kill wipe", {"nodes": [node], "wipe": True}, node, _length(random, (_SHORT, _MIDDLE)))


def _on_node(kind: str, words: Callable[[Random], dict[str, Any]], where: str) -> Callable[[Cast, Random], Trouble]:
    def drawn(cast: Cast, random: Random) -> Trouble:
        nodes = {"desktop": cast.desktops, "any": (*cast.clients, "relay"), "client": cast.clients}[where]
        node = random.choice(nodes)
        return Trouble(kind, {"nodes": [node], **words(random)}, node, _length(random))

    return drawn


def _skew(random: Random) -> dict[str, Any]:
    return {"skew": random.choice(("1h", "-1h", "2s", "-500ms")), "rate": random.choice((1, 1, 1.1, 0.9))}


def _lists_by_a_wrong_clock(cast: Cast, random: Random) -> Trouble:
    """How long a list is kept must not depend on what time it is."""
    node = random.choice(cast.mobiles)
    words = {"nodes": [node], "skew": random.choice(("1h", "-1h"))}
    return Trouble("clock cached", words, node, _length(random, (_MIDDLE, _LONG)), calls={"list": 8})


def _read_while_written(cast: Cast, random: Random) -> Trouble:
    """A store that takes its time while everybody reads what is just written: what was read before a commit is over
    must not pass for what is stored after it."""
    node = random.choice(cast.desktops)
    words = {"nodes": [node], "latency": _ms(random, 15, 60)}
    return Trouble("slow_disk asked", words, node, _length(random, (_LONG,)), calls={"list": 8, "get": 3})


def _full_for_moments(cast: Cast, random: Random) -> Trouble:
    """A disk that is full for moments, and slow, so that a request fails and its failure could be written down."""
    node = random.choice(cast.desktops)
    slow = {"action": "slow_disk", "nodes": [node], "latency": _ms(random, 30, 60), "every": "600ms", "for": "500ms"}
    words = {"nodes": [node], "every": {"mean": "70ms", "dist": "uniform"}}
    return Trouble("disk_full asked", words, node, random.randint(8, 25), (slow,), at_ms=300, calls=_REQUESTS)


def _shared_lists(cast: Cast, random: Random) -> Trouble:
    """A cache of the desktop's answers, asked by several phones, or by one that has forgotten its own: while one access
    to the store takes its time, the next is quick, so that a page is read, written to and handed out in any order."""
    node = random.choice(cast.desktops)
    phones = {"nodes": list(cast.mobiles), "mode": "one", "restart": "40ms"}
    slower = {"nodes": [node], "latency": _ms(random, 120, 250), "for": "12ms"}
    beside: tuple[dict[str, Any], ...] = (
        {"action": "kill", **phones, "every": {"mean": "250ms", "dist": "uniform"}},
        {"action": "slow_disk", **slower, "every": {"mean": "150ms", "dist": "uniform"}},
    )
    words = {"nodes": [node], "latency": _ms(random, 50, 90), "every": {"mean": "80ms", "dist": "uniform"}}
    return Trouble("slow_disk shared", words, node, 15, beside, at_ms=200, calls={"list": 24}, rate="25/s")


TROUBLES: Final[dict[str, Callable[[Cast, Random], Trouble]]] = {
    "partition": _partition,
    "partition early": _too_early,
    "delay": _delay,
    "bandwidth": _bandwidth,
    "bandwidth narrow": _narrow,
    "slow_close": _slow_close,
    "slicer": _slicer,
    "limit_data": _limit_data,
    "limit_data upgraded": _cut_when_upgraded,
    "toxic": _some_slow,
    "toxic timeout": _silence,
    "reconnect": _reconnect,
    "duplicate": _messages("duplicate", (_MIDDLE, _LONG)),
    "duplicate asked": _asked_twice,
    "reorder": _messages("reorder", (_MIDDLE, _LONG)),
    "loss": _messages("loss", (_SHORT, _MIDDLE)),
    "loss of last": _last_words,
    "loss of registration": _not_registered,
    "hold": _messages("hold", (_SHORT, _MIDDLE)),
    "kill": _kill,
    "kill wipe": _wipe,
    "pause": _on_node("pause", lambda random: {}, "any"),
    "clock": _on_node("clock", _skew, "any"),
    "clock refused": _refused,
    "clock cached": _lists_by_a_wrong_clock,
    "slow_consumer overflow": _overflow,
    "slow_consumer": _on_node("slow_consumer", lambda random: {}, "client"),
    "slow_disk": _on_node("slow_disk", lambda random: {"latency": _ms(random, 10, 120)}, "desktop"),
    "slow_disk asked": _read_while_written,
    "slow_disk shared": _shared_lists,
    "disk_full": _on_node("disk_full", lambda random: {}, "desktop"),
    "disk_full asked": _full_for_moments,
    "noise": _on_node("noise", lambda random: {"chance": random.choice((0.05, 0.2, 0.5)), "delay": "2ms"}, "any"),
}
PLACES: Final = {"slow_disk shared": "same-screen"}  # kind → the topology in which it does most harm
WEIGHTS: Final = {
    "reconnect": 3.0,
    "hold": 2.0,
    "duplicate": 2.0,
    "loss": 2.0,
    "reorder": 1.5,
    "kill": 1.5,
    "noise": 0.7,
    "duplicate asked": 2.5,  # has to meet a request, an answer of it, and not the other
    "slow_disk shared": 3.0,
    "slow_disk asked": 2.0,  # what it can hide lasts as long as one commit
    "bandwidth narrow": 2.0,  # seldom draws what it needs in full
}
