"""A response that grows chunk by chunk, with its length in both units and its digest, none of them counted twice."""

from __future__ import annotations

import hashlib

import regex

# `regex` alone looks back to the first of a run of flags at each of them, which is quadratic
_FLAG = r"[\U0001f1e6-\U0001f1ff]{2}[\p{GCB=Extend}\p{GCB=ZWJ}\p{GCB=SpacingMark}]*"
_CLUSTER = regex.compile(rf"{_FLAG}|\X")


def utf8(text: str) -> bytes:
    """Lone surrogates, which JSON can carry, are kept: bad text must not take the replica down."""
    return text.encode("utf-8", "surrogatepass")


def graphemes(text: str) -> int:
    """Extended grapheme clusters (Unicode annex 29), which is what Swift's `String.count` counts."""
    return sum(1 for _ in _CLUSTER.finditer(text))


class Text:
    """Append-only. `size_bytes` and `digest` cost O(chunk) per append, `graphemes` too."""

    __slots__ = ("_counted", "_hash", "_open_cluster", "_parts", "_whole_clusters", "size_bytes")

    def __init__(self, text: str = "") -> None:
        self._parts: list[str] = []
        self._hash = hashlib.blake2b(digest_size=8)
        self.size_bytes = 0
        self._counted = 0  # parts that `graphemes` has seen
        self._whole_clusters = 0
        self._open_cluster = ""  # the last one: the next chunk may extend it
        self.append(text)

    def append(self, chunk: str) -> None:
        if not chunk:
            return
        data = utf8(chunk)
        self._parts.append(chunk)
        self._hash.update(data)
        self.size_bytes += len(data)

    @property
    def value(self) -> str:
        if len(self._parts) > 1:
            if self._counted:
                self._count()
                self._counted = 1
            self._parts = ["".join(self._parts)]
        return self._parts[0] if self._parts else ""

    @property
    def digest(self) -> str:
        """BLAKE2b, 8 bytes, hex, of the UTF-8 bytes."""
        return self._hash.hexdigest()

    @property
    def graphemes(self) -> int:
        self._count()
        return self._whole_clusters + (1 if self._open_cluster else 0)

    def _count(self) -> None:
        """Count the new parts only. No boundary depends on anything left of the cluster it closes, so counting may
        go on from the start of the last cluster."""
        if self._counted == len(self._parts):
            return
        clusters = _CLUSTER.findall(self._open_cluster + "".join(self._parts[self._counted :]))
        self._whole_clusters += len(clusters) - 1
        self._open_cluster = clusters[-1]
        self._counted = len(self._parts)
