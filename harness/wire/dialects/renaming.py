"""A dialect that has other names for the keys of an envelope, for its types and for its error codes.

What clients say to each other (the payload of an event, the parameters and the result of a call) is left as it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from types import MappingProxyType
from typing import Any

import msgspec

from harness.wire.classify import UNREADABLE, Classified, classify

_decode = msgspec.json.Decoder().decode
_NOT_JSON = (msgspec.MsgspecError, UnicodeError, RecursionError)
_OWN_PAYLOAD = ("register", "relay")  # types whose payload is the relay's business
_INNER = ("request", "response", "error")  # keys below which the envelope goes on


class Renamed:
    """`keys`, `types` and `codes` lead from a word of the reference to one of the dialect; what is in none is the same.

    `codes` are those of error frames and of failed calls. Raises `ValueError` for a table that gives two words one
    name.
    """

    def __init__(
        self,
        name: str,
        summary: str,
        *,
        keys: Mapping[str, str] | None = None,
        types: Mapping[str, str] | None = None,
        codes: Mapping[str, str] | None = None,
    ) -> None:
        self.NAME, self.SUMMARY = name, summary
        out = [dict(table or {}) for table in (keys, types, codes)]
        back = [_inverse(table) for table in out]
        self._out, self._in = _Way(*out), _Way(*back, spelt_keys=out[0], spelt_types=out[1])

    def classify(self, frame: bytes) -> Classified:
        said = self.to_reference(frame)
        return UNREADABLE if said is None else classify(said)

    def to_reference(self, frame: bytes) -> bytes | None:
        return self._in.frame(frame)

    def from_reference(self, frame: bytes) -> bytes | None:
        return self._out.frame(frame)


class _Way:
    """One direction. `spelt_keys`, `spelt_types`: how what comes in spells the words of the reference."""

    def __init__(
        self,
        keys: Mapping[str, str],
        types: Mapping[str, str],
        codes: Mapping[str, str],
        *,
        spelt_keys: Mapping[str, str] = MappingProxyType({}),
        spelt_types: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self._keys, self._types, self._codes = keys, types, codes
        self._type, self._code, self._payload = (spelt_keys.get(key, key) for key in ("type", "code", "payload"))
        self._inner = {spelt_keys.get(key, key) for key in _INNER}
        self._own = {spelt_types.get(kind, kind) for kind in _OWN_PAYLOAD}

    def frame(self, frame: bytes) -> bytes | None:
        try:
            said = _decode(frame)
        except _NOT_JSON:
            return None
        return msgspec.json.encode(self._envelope(said)) if isinstance(said, dict) else None

    def _envelope(self, said: Mapping[str, Any]) -> dict[str, Any]:
        kind = said.get(self._type)
        below = self._inner | {self._payload} if isinstance(kind, str) and kind in self._own else self._inner
        found = self._below(said, below)
        if isinstance(kind, str):
            found[self._keys.get(self._type, self._type)] = self._types.get(kind, kind)
        return found

    def _below(self, said: Mapping[str, Any], below: Set[str]) -> dict[str, Any]:
        """The payload in the payload of a call is the call itself."""
        return {self._keys.get(key, key): self._value(key, value, below) for key, value in said.items()}

    def _value(self, key: str, value: Any, below: Set[str]) -> Any:
        if isinstance(value, dict) and key in below:
            return self._below(value, below)
        return self._codes.get(value, value) if key == self._code and isinstance(value, str) else value


def _inverse(table: Mapping[str, str]) -> dict[str, str]:
    found = {theirs: ours for ours, theirs in table.items()}
    if len(found) != len(table):
        raise ValueError(f"two words have one name in {dict(table)}: a dialect must be readable both ways")
    return found
