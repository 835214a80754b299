"""Two texts side by side: what they share, and the one place where they differ, fit for a terminal and for a page.

Texts are compared cluster by cluster (what a reader takes for one character), so that a mark never falls
between a letter and its accent, or between the two letters of a flag.
"""

from __future__ import annotations

import functools
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field

import regex

# `regex` alone looks back to the first of a run of flags at each of them, which is quadratic
_FLAG = r"[\U0001f1e6-\U0001f1ff]{2}[\p{GCB=Extend}\p{GCB=ZWJ}\p{GCB=SpacingMark}]*"
_CLUSTER = regex.compile(rf"{_FLAG}|\X")
_EMOJI = regex.compile(r"[\p{Extended_Pictographic}\p{Emoji_Modifier}\p{Regional_Indicator}\uFE0F\u200D\u20E3#*0-9]+")
_CLUSTER_MOST = 24  # code points of one cluster that are shown: some texts pile up thousands of accents
_AROUND = 28  # clusters shown on either side of the difference
_MARKED = 60  # clusters shown of the difference itself
_CONTROLS = {"\r": "carriage return", "\n": "line feed", "\t": "tab", "\0": "null"}
_NAMED = 12  # code points that are spelled out


@dataclass(frozen=True)
class Glyph:
    """Something to show. `hidden` names the code points that a reader would not see in it, or not tell apart."""

    shown: str
    hidden: str = ""


@dataclass(frozen=True)
class Piece:
    """A stretch of text, ready to be shown: `cut` clusters of it are left out, `marked` when the texts differ here.
    `glyphs` are the same stretch, with what is hidden in it named."""

    text: str
    marked: bool = False
    cut: int = 0
    glyphs: list[Glyph] = field(default_factory=list)


@dataclass(frozen=True)
class TextPair:
    """The right text and the one shown, in pieces, and in words how they differ."""

    expected: list[Piece]
    shown: list[Piece]
    expected_marked: str
    shown_marked: str

    @property
    def equal(self) -> bool:
        return not self.expected_marked and not self.shown_marked

    @property
    def expected_line(self) -> str:
        return _line(self.expected)

    @property
    def shown_line(self) -> str:
        return _line(self.shown)

    @property
    def in_words(self) -> str:
        """One sentence on the difference itself, with its code points when they are few."""
        if self.equal:
            return "The two texts are equal."
        if not self.expected_marked:
            return f"Shown though never written there: {spelled(self.shown_marked)}."
        if not self.shown_marked:
            return f"Written but not shown: {spelled(self.expected_marked)}."
        return f"Written there: {spelled(self.expected_marked)}; shown instead: {spelled(self.shown_marked)}."


@functools.lru_cache(maxsize=16)  # a result's texts are asked for again and again, and may be long
def compare(expected: str, shown: str) -> TextPair:
    """Split both texts into common beginning, difference, common end."""
    a, b = _CLUSTER.findall(expected), _CLUSTER.findall(shown)
    least = min(len(a), len(b))
    head = next((i for i in range(least) if a[i] != b[i]), least)
    tail = next((i for i in range(least - head) if a[-1 - i] != b[-1 - i]), least - head)
    return TextPair(
        _pieces(a, head, tail),
        _pieces(b, head, tail),
        "".join(a[head : len(a) - tail]),
        "".join(b[head : len(b) - tail]),
    )


def visible(text: str) -> str:
    """`text` with everything that a reader could not see, or a terminal would obey, written as an escape."""
    return "".join(_visible(cluster) for cluster in _CLUSTER.findall(text))


def spelled(text: str) -> str:
    """`“text”` and, when it is not plain ASCII, the code points it is made of, as far as they are few."""
    size = len(text.encode("utf-8", "surrogatepass"))
    about = f"{size} byte" + ("" if size == 1 else "s")
    if not (text.isascii() and text.isprintable()):
        about += ": " + _code_points(text, _NAMED)
    return f"“{_text(_shortened(_CLUSTER.findall(text)))}” ({about})"


def _code_points(text: str, most: int) -> str:
    """`U+4F60`, one each; with its name, once, when it is a mark or another sign that shows little of itself."""
    told, named = [], set()
    for char in text[:most]:
        name = _CONTROLS.get(char) or unicodedata.name(char, "").lower()
        tells = bool(name) and char not in named and unicodedata.category(char)[0] in "MCZ"
        named.add(char)
        told.append(f"U+{ord(char):04X}" + (f" ({name})" if tells else ""))
    return " ".join(told) + (f" and {len(text) - most:,} more" if len(text) > most else "")


def _text(glyphs: Iterable[Glyph]) -> str:
    return "".join(g.shown for g in glyphs)


def _shortened(clusters: list[str]) -> list[Glyph]:
    if len(clusters) <= _MARKED:
        return _glyphs(clusters)
    half = _MARKED // 2
    left_out = Glyph("…", f"{len(clusters) - 2 * half} characters left out")
    return [*_glyphs(clusters[:half]), left_out, *_glyphs(clusters[-half:])]


def _glyphs(clusters: list[str]) -> list[Glyph]:
    """Neighbours that hide nothing are one glyph."""
    found: list[Glyph] = []
    for glyph in map(_glyph, clusters):
        if found and not glyph.hidden and not found[-1].hidden:
            found[-1] = Glyph(found[-1].shown + glyph.shown)
        else:
            found.append(glyph)
    return found


def _glyph(cluster: str) -> Glyph:
    if len(cluster) == 1 and cluster.isprintable() and not regex.match(r"\p{M}", cluster):
        return Glyph(cluster)
    told = _code_points(cluster, _CLUSTER_MOST)
    return Glyph(_visible(cluster[:_CLUSTER_MOST]) + ("…" if len(cluster) > _CLUSTER_MOST else ""), told)


def _visible(cluster: str) -> str:
    if cluster.isprintable():
        return f"◌{cluster}" if regex.match(r"\p{M}", cluster) else cluster
    if len(cluster) > 1 and _EMOJI.fullmatch(cluster) and not cluster.endswith("\u200d"):
        return cluster  # an emoji sequence: its joiners are part of what is seen
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in cluster)


def _pieces(clusters: list[str], head: int, tail: int) -> list[Piece]:
    before, middle, after = clusters[:head], clusters[head : len(clusters) - tail], clusters[len(clusters) - tail :]
    left, right = max(0, len(before) - _AROUND), max(0, len(after) - _AROUND)
    return [
        _piece(_glyphs(before[left:]), cut=left),
        _piece(_shortened(middle), marked=True),
        _piece(_glyphs(after[: len(after) - right]), cut=right),
    ]


def _piece(glyphs: list[Glyph], *, marked: bool = False, cut: int = 0) -> Piece:
    return Piece(_text(glyphs), marked, cut, glyphs)


def _line(pieces: list[Piece]) -> str:
    """The pieces on one line, the difference between ⟦ ⟧."""
    before, middle, after = pieces
    mark = f"⟦{middle.text}⟧"
    return f"“{'…' if before.cut else ''}{before.text}{mark}{after.text}{'…' if after.cut else ''}”"
