"""Compression is struck from a WebSocket's upgrade request: a compressed frame delivered twice corrupts later ones."""

from __future__ import annotations

_EXTENSIONS = b"sec-websocket-extensions"
_COMPRESSION = b"permessage-deflate"


def without_compression(head: bytes) -> bytes:
    """The request's head without offers of permessage-deflate; other bytes stay as they are."""
    kept = [line for line in (_strike(line) for line in head.split(b"\r\n")) if line is not None]
    return b"\r\n".join(kept)


def _strike(line: bytes) -> bytes | None:
    """The line without such offers; None when it offered nothing else."""
    name, _, value = line.partition(b":")
    if name.strip().lower() != _EXTENSIONS:
        return line
    offers = value.split(b",")
    kept = [offer for offer in offers if not offer.strip().lower().startswith(_COMPRESSION)]
    if len(kept) == len(offers):
        return line
    return name + b":" + b",".join(kept) if kept else None
