"""A file, or a pipe, as a text: unpacked, in UTF-8, of a size that can be judged."""

from __future__ import annotations

import codecs
import io
import re
import zlib
from bisect import bisect_right
from pathlib import Path

from checkers.linearizability import Malformed
from harness.pipes import bytes_of

MOST_BYTES = 64 << 20  # about a million lines; reading takes seven times as much memory
_BREAK = re.compile(r"\r\n?|\n")
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def text_of(path: Path) -> str:
    """Without a byte order mark. Raises `Malformed` for what is damaged, too large or no text, and `OSError`."""
    raw = bytes_of(path, MOST_BYTES + 1)
    if raw[:2] == b"\x1f\x8b":
        raw = _unpacked(raw)
    if len(raw) > MOST_BYTES:
        raise Malformed(
            f"it is larger than {MOST_BYTES >> 20} MB, which is more than can be judged: give the beginning of it, "
            "or the operations of some of its keys"
        )
    return _decoded(raw)


def _unpacked(raw: bytes) -> bytes:
    """Some bytes more than are allowed, of a larger one."""
    out = io.BytesIO()
    rest = raw
    try:
        while rest:
            unzip = zlib.decompressobj(wbits=31)
            out.write(unzip.decompress(rest, MOST_BYTES + 1 - out.tell()))
            if out.tell() > MOST_BYTES:
                break
            if not unzip.eof:
                raise Malformed("the compressed file is damaged: it ends early")
            rest = unzip.unused_data.lstrip(b"\0")
    except zlib.error as exc:
        raise Malformed(f"the compressed file is damaged: {exc}") from None
    return out.getvalue()


def _decoded(raw: bytes) -> str:
    if raw.startswith(codecs.BOM_UTF8):
        raw = raw[len(codecs.BOM_UTF8) :]
    if raw[:2] in _UTF_16 or (len(raw) > 3 and b"\0" in raw[:4] and raw[:4].count(0) in (2, 3)):
        raise Malformed(
            "line 1: a text in UTF-16 or UTF-32, not in UTF-8; `iconv -f UTF-16 -t UTF-8` makes it one that can be read"
        )
    try:
        text = raw.decode()
    except UnicodeDecodeError as exc:
        line = Lines(raw[: exc.start].decode(errors="replace")).of(exc.start)
        raise Malformed(f"line {line}: not a text in UTF-8 (byte {raw[exc.start]:#04x})") from None
    return text


class Lines:
    """Where the lines of a text are, as an editor counts them: they end with a line feed, a carriage return or both."""

    def __init__(self, text: str) -> None:
        self._starts: list[int] | None = None
        self._text = text

    def of(self, place: int) -> int:
        """The line, from 1, of a place in the text."""
        if self._starts is None:
            self._starts = [match.end() for match in _BREAK.finditer(self._text)]
        return bisect_right(self._starts, place) + 1


def numbered(text: str) -> list[str]:
    """The lines, without their ends; the first is line 1."""
    return _BREAK.split(text) if "\r" in text else text.split("\n")
