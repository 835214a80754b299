"""Inputs that were right once: bytes cut, flipped and doubled; values of other types, sizes and depths put in place."""

from __future__ import annotations

import copy
import os
import random
from collections.abc import Iterator
from typing import Any

TIMES = int(os.environ.get("HARNESS_FUZZ_INPUTS", "1"))  # how many times as many inputs as usual


def deep(levels: int) -> Any:
    value: Any = 0
    for level in range(levels):
        value = [value] if level % 2 else {"a": value}
    return value


STRANGE: list[Any] = [
    *(None, True, False, 0, -1, 1, 2**31, 2**63, -(2**63), 2**70, 10**400, 0.5, -0.0, 1e308, 1e-320, float("inf")),
    *(
        float("nan"),
        "",
        " ",
        "\0",
        "a",
        "nan",
        "\ud800",
        "é\u0301\u200d",
        "x" * 70_000,
        "1e9s",
        "10s",
        "-1s",
        "*",
        "a->b",
    ),
    *([], {}, [[]], [None], {"": {}}, {"a": None}, [1, "a", {}], ["x"] * 3000, {str(n): n for n in range(3000)}),
    *("mobile-1", "desktop-1", "relay", "all", "../../x", "/dev/zero", "9999999999h", "1h", "0s", 99999999999),
    *(deep(90), deep(400), {"bytes": 10**18}, {"rev": {"desktop": "d", "n": 2**62}}, {"n": -1}, "2026-01-01", "!!x y"),
]


def _places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Ways to everything in a JSON value, but the whole."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in inner:
        yield (*path, key)
        yield from _places(each, (*path, key))


def of_value(value: Any, draws: random.Random) -> Any:
    """A copy in which one to three places are not what they were."""
    try:
        value = copy.deepcopy(value)
    except RecursionError:  # strange enough
        return value
    for _ in range(draws.randint(1, 3)):
        places = list(_places(value))
        if not places:
            return draws.choice(STRANGE)
        *above, key = draws.choice(places)
        parent = value
        for step in above:
            parent = parent[step]
        match draws.randrange(6):
            case 0:
                del parent[key]
            case 1 if isinstance(parent, dict):
                parent[draws.choice(["", "x", "id", "at", "for", f"{key}_", "a.b"])] = parent.pop(key)
            case 2 if isinstance(parent, list):
                parent += parent[:3]
            case _:
                parent[key] = copy.deepcopy(draws.choice(STRANGE))
    return value


def of_bytes(data: bytes, draws: random.Random) -> bytes:
    """Some bytes are not what they were."""
    for _ in range(draws.randint(1, 3)):
        at, to = sorted(draws.randrange(len(data) + 1) for _ in range(2))
        match draws.randrange(5):
            case 0:
                data = data[:at]
            case 1:
                data = data[:at] + draws.randbytes(draws.randint(1, 9)) + data[at:]
            case 2:
                data = data[:at] + draws.choice(_PIECES) + data[min(len(data), at + draws.randint(0, 4)) :]
            case 3:
                data = data[:to] + data[at:to][:2000] + data[to:]
            case _:
                data = data[:at] + data[min(to, at + 50) :]
    return data


_PIECES = [
    *(
        b"{",
        b"}",
        b"[",
        b"]",
        b":",
        b",",
        b"\n",
        b"\t",
        b" ",
        b'"',
        b"'",
        b"#",
        b"&a ",
        b"*a",
        b"%",
        b"- ",
        b"? ",
        b"| ",
    ),
    *(b"null", b"true", b"-1", b"1e999", b"9" * 40, b"\xff\xfe", b"\xef\xbb\xbf", b"\0", b"\xc3", b"[" * 600),
    *(b"{a: " * 300, b"!!python/object:x ", b"<<: *a", b"~", b"\\ud800", b'{"a":' * 500, b"&a [*a, *a]", b"0x10"),
    *(b"1:30", b"yes", b"on: 1\n"),
]
