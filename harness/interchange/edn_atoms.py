"""What EDN writes in one word: numbers, keywords, symbols, characters, texts, and what tags make of values.

Everything raises `ValueError`, with the reason, for what is none.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Any

from checkers.linearizability.values import Literal, edn, number
from harness.interchange.independent import Pair

_WORDS: dict[str, Any] = {
    "nil": None,
    "true": Literal("true"),
    "false": Literal("false"),
    "##Inf": Literal("##Inf"),
    "##-Inf": Literal("##-Inf"),
    "##NaN": Literal("##NaN"),
}
_NUMERIC = re.compile(r"[-+]?[0-9]")
_WHOLE = re.compile(r"([-+]?)(?:0[xX]([0-9a-fA-F]+)|([0-9]{1,2})[rR]([0-9a-zA-Z]+)|0([0-7]+)|([1-9][0-9]*|0))N?")
_RATIO = re.compile(r"([-+]?[0-9]+)/([0-9]+)")
_FLOAT = re.compile(r"[-+]?(?:0|[1-9][0-9]*)(?=[.eEM])(?:\.[0-9]*)?(?:[eE][-+]?[0-9]+)?(M?)")
_KEYWORD = re.compile(r":(?![:/]|$)[^:](?:.*[^:/])?|:/")
_MOST_DIGITS = 4000  # Python reads longer numbers in quadratic time, or not at all
_CHARACTERS = {"newline", "space", "tab", "return", "backspace", "formfeed"}
_BY_CHARACTER = {"\n": "newline", " ": "space", "\t": "tab", "\r": "return", "\b": "backspace", "\f": "formfeed"}
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|([0-3][0-7]{0,2}|[4-7][0-7]?)|(.))", re.DOTALL)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", '"': '"', "\\": "\\", "b": "\b", "f": "\f"}
_INSTANT = re.compile(
    r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d)(?::(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?)?)?)?)?(?:Z|([-+])(\d\d):(\d\d))?",
    re.ASCII,
)


def atom(said: str) -> Any:
    if said in _WORDS:
        return _WORDS[said]
    if said[0] == ":":
        if not _KEYWORD.fullmatch(said):
            raise ValueError(f"{said} is no keyword")
        return Literal(said)
    if said.startswith("##"):
        raise ValueError(f"{said} is no number; there are ##Inf, ##-Inf and ##NaN")
    if _NUMERIC.match(said):
        return _a_number(said)
    if said[-1] == ":" or "::" in said:
        raise ValueError(f"{said} is no symbol")
    return Literal(said)


def _a_number(said: str) -> Any:
    whole = _WHOLE.fullmatch(said)
    if whole is not None:
        return _whole(said, *whole.groups())
    if len(said) > _MOST_DIGITS:
        raise ValueError(f"a number of {len(said)} digits is too long: {said[:20]}…")
    ratio = _RATIO.fullmatch(said)
    if ratio is not None and int(ratio[2]):
        value = Fraction(int(ratio[1]), int(ratio[2]))
        return int(value) if value.denominator == 1 else Literal(f"{value.numerator}/{value.denominator}")
    decimal = _FLOAT.fullmatch(said)
    if decimal is None:
        raise ValueError(f"{said} is no number")
    return _decimal(said[:-1]) if decimal[1] else _float(float(said))


def _float(value: float) -> Any:
    return Literal(f"##{'-' if value < 0 else ''}Inf") if value in (float("inf"), float("-inf")) else number(value)


def _whole(said: str, sign: str, sixteen: str, radix: str, digits: str, eight: str, ten: str) -> Any:
    try:
        if ten is not None and len(ten) > _MOST_DIGITS:
            return Literal((sign if sign == "-" else "") + ten)
        value = int(ten or sixteen or digits or eight, 10 if ten else 16 if sixteen else int(radix) if digits else 8)
    except ValueError:
        raise ValueError(f"{said[:40]} is no number") from None
    return -value if sign == "-" else value


def _decimal(said: str) -> Literal:
    """1.50M is 1.5M."""
    try:
        negative, digits, exponent = Decimal(said).as_tuple()
    except InvalidOperation:
        raise ValueError(f"{said}M is no number") from None
    whole = "".join(map(str, digits)).lstrip("0")
    if not whole:
        return Literal("0M")
    least = int(exponent) + len(whole) - len(whole.rstrip("0"))
    sign, whole = "-" if negative else "", whole.rstrip("0")
    if -len(whole) < least < 0:
        return Literal(f"{sign}{whole[:least]}.{whole[least:]}M")
    return Literal(f"{sign}{whole}E{least}M" if least else f"{sign}{whole}M")


def character(said: str) -> Literal:
    name = said[1:]
    if len(name) == 1 or name in _CHARACTERS:
        return _a_character(name) if len(name) == 1 else Literal(said)
    code = re.fullmatch(r"u([0-9a-fA-F]{4})|o([0-3]?[0-7]{1,2})", name)
    if code is None:
        raise ValueError(f"{said} is no character")
    return _a_character(chr(int(code[1], 16) if code[1] else int(code[2], 8)))


def _a_character(one: str) -> Literal:
    if one in _BY_CHARACTER:
        return Literal("\\" + _BY_CHARACTER[one])
    return Literal("\\" + one if one.isprintable() else f"\\u{ord(one):04x}")


def text_of(said: str) -> str:
    """With its quotes."""
    inner = said[1:-1]
    if "\\" not in inner:
        return inner
    text = _ESCAPE.sub(_unescaped, inner)
    if any("\ud800" <= one <= "\udfff" for one in text):
        try:  # two halves are one character
            text = text.encode("utf-16", "surrogatepass").decode("utf-16")
        except UnicodeDecodeError:
            raise ValueError(
                "half of a character (\\ud800 to \\udfff without its other half) stands in this text"
            ) from None
    return text


def _unescaped(match: re.Match[str]) -> str:
    if match[1]:
        return chr(int(match[1], 16))
    if match[2]:
        return chr(int(match[2], 8))
    if match[3] not in _ESCAPES:
        raise ValueError(f"a text has no escape \\{match[3]}")
    return _ESCAPES[match[3]]


# ---- tags ------------------------------------------------------------------------------------------------------------


def tagged(tag: str, value: Any) -> Any:
    """A value with its tag. Records of operations are maps at the top, which stay what they are."""
    space, _, name = tag.rpartition(".")
    if space.endswith("independent") or tag.rpartition("/")[0].endswith("independent"):
        if isinstance(value, tuple) and len(value) == 2:
            return Pair(value)
        raise ValueError(f"#{tag} stands before a pair [key value], not {edn(value)[:40]}")
    if tag == "inst":
        return _instant(value)
    if tag == "uuid" and isinstance(value, str):
        return Literal(f'#uuid "{value.lower()}"')
    if name in ("PersistentVector", "LazySeq", "MapEntry"):
        return value
    return Literal(f"#{tag} {edn(value)}")


def _instant(value: Any) -> Literal:
    match = _INSTANT.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError(f"#inst stands before a time (RFC 3339), not {edn(value)[:40]}")
    year, month, day, hour, minute, second, fraction, sign, hours, minutes = match.groups()
    try:
        zone = timezone((1 if sign != "-" else -1) * timedelta(hours=int(hours or 0), minutes=int(minutes or 0)))
        at = datetime(
            int(year), int(month or 1), int(day or 1), int(hour or 0), int(minute or 0), int(second or 0), tzinfo=zone
        )
        said = at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")
    except (ValueError, OverflowError):
        raise ValueError(f"#inst {edn(value)[:40]} is no time") from None
    return Literal(f'#inst "{said}.{(fraction or "").rstrip("0") or "0"}Z"')
