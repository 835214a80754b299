"""Histories with something wrong in them: of every format, mutated by a named seed."""

from __future__ import annotations

import gzip
import random

from kinds_rig import WRITERS, Event

TOKENS = (
    "[", "]", "{", "}", "(", ")", "#{", "#_", "#_ #_", "^", "#inst", "#:p", '"', "\\", "\\u12", "\\ud800", ";", ",", ":", "::",  # noqa: E501
    "##NaN", "##Inf", "nil", "true", "null", "NaN", "1e999", "-0", "007", "1/0", "1M", "\x00", "\ufeff", "\u2028", "\r", "\r\n",  # noqa: E501
    "\n\n", "\t", ":invoke", ":ok", ":fail", ":info", ":txn", "[[:append :x 1]]", "[[:r :x nil]]", "[1 nil]", ":process",  # noqa: E501
    '"process"', ":nemesis", ":key", '"key":1,', "[" * 200, "]" * 200, "[" * 5000, '{"a":' * 3000, "9" * 5000, "#foo ", "é", "😀",  # noqa: E501
    "#jepsen.independent.MapEntry ", "#jepsen.history.Op", "<", "=", "0", "1", " ", "INFO jepsen.util - ", "{:a 1 :a 2}",  # noqa: E501
)  # fmt: skip
MODELS = ("register", "cas-register", "mutex", "multi-register", "kv", "append")
_FS = {
    "register": ("read", "write"),
    "cas-register": ("read", "write", "cas"),
    "mutex": ("acquire", "release"),
    "multi-register": ("txn",),
    "kv": ("get", "put", "append"),
    "append": ("read", "append"),
}


def _value(draws: random.Random, f: str, type_: str) -> object:
    if f in ("acquire", "release") or (type_ == "invoke" and f in ("read", "get")):
        return None
    if f == "cas":
        return [draws.randrange(3), draws.randrange(3)]
    if f == "txn":
        return [["w", "x", draws.randrange(3)], ["r", "y", None if type_ == "invoke" else draws.randrange(3)]]
    if f in ("get", "put"):
        return draws.choice(["", "a", "ab"])
    return draws.choice([None, 0, 1, 2, "a", [1, 2], 2**70])


def _answer(draws: random.Random, f: str, told: str, value: object) -> object:
    if f == "txn" and isinstance(value, list):
        return [value[0], ["r", "y", draws.randrange(3)]]
    return _value(draws, f, told) if f in ("read", "get") else value


def history(draws: random.Random, model: str) -> list[Event]:
    events: list[Event] = []
    open_: dict[int, tuple[str, object]] = {}
    for _ in range(draws.randrange(1, 30)):
        process = draws.randrange(4)
        if process in open_:
            f, value = open_.pop(process)
            told = draws.choice(["ok", "ok", "ok", "info", "fail"])
            events.append((process, told, f, _answer(draws, f, told, value)))
        else:
            f = draws.choice(_FS[model])
            open_[process] = (f, _value(draws, f, "invoke"))
            events.append((process, "invoke", f, open_[process][1]))
    return events


def mutated(draws: random.Random, text: str) -> str:
    for _ in range(draws.choice([0, 1, 1, 1, 2, 3, 8])):
        at, to = sorted((draws.randrange(len(text) + 1), draws.randrange(len(text) + 1)))
        to = min(to, at + draws.choice([1, 1, 3, 20, 200]))
        text = draws.choice(
            [
                text[:at] + text[to:],
                text[:at] + draws.choice(TOKENS) + text[at:],
                text[:at] + draws.choice(TOKENS) + text[to:],
                text[:to] + text[at:],
                text[:at] + text[to:] + text[at:to],
                text[:at],
                text[:at] + chr(draws.choice([draws.randrange(128), draws.randrange(0xD7FF)])) + text[at + 1 :],
            ]
        )
    return text


def inputs(seed: int) -> tuple[str, bytes]:
    """A model, and a file that may be a history of it."""
    draws = random.Random(f"foreign-{seed}")
    model = draws.choice(MODELS)
    write = WRITERS[draws.choice(sorted(WRITERS))]
    raw = mutated(draws, write(history(draws, model))).encode(errors="surrogatepass")
    for _ in range(draws.choice([0] * 9 + [1])):
        at = draws.randrange(len(raw) + 1)
        raw = raw[:at] + bytes([draws.randrange(256)]) + raw[at + 1 :]
    if draws.randrange(40) == 0:
        raw = gzip.compress(raw)[: draws.choice([None, 20, -3])]
    return draws.choice(MODELS) if draws.randrange(10) == 0 else model, raw
