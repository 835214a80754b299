"""Two texts side by side: what they share, and the one place where they differ, fit for a terminal and for a page.

Texts are compared cluster by cluster (what a reader takes for one character), so that a mark never falls
between a letter and its accent, or between the two letters of a flag.
"""

from __future__ import annotations

from dataclasses import dataclass

import regex

_CLUSTER = regex.compile(r"\X")
_AROUND = 28  # clusters shown on either side of the difference
_MARKED = 60  # clusters shown of the difference itself
_NAMED = 12  # code points that are spelled out


@dataclass(frozen=True)
class Piece:
    """A stretch of text, ready to be shown: `cut` clusters of it are left out, `marked` when the texts differ here."""

    text: str
    marked: bool = False
    cut: int = 0


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
    """`“text”` and, when it is short and not plain ASCII, the code points it is made of."""
    shown = _shortened(_CLUSTER.findall(text))
    size = len(text.encode("utf-8", "surrogatepass"))
    about = f"{size} byte" + ("" if size == 1 else "s")
    if not text.isascii() and len(text) <= _NAMED:
        about += ": " + " ".join(f"U+{ord(c):04X}" for c in text)
    return f"“{shown}” ({about})"


def _shortened(clusters: list[str]) -> str:
    if len(clusters) <= _MARKED:
        return "".join(map(_visible, clusters))
    half = _MARKED // 2
    return "".join(map(_visible, clusters[:half])) + "…" + "".join(map(_visible, clusters[-half:]))


def _visible(cluster: str) -> str:
    if cluster.isprintable():
        return f"◌{cluster}" if regex.match(r"\p{M}", cluster) else cluster
    if len(cluster) > 1 and cluster[0].isprintable() and regex.fullmatch(r"\P{Cc}+", cluster):
        return cluster  # an emoji sequence: its joiners are part of what is seen
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in cluster)


def _pieces(clusters: list[str], head: int, tail: int) -> list[Piece]:
    before, middle, after = clusters[:head], clusters[head : len(clusters) - tail], clusters[len(clusters) - tail :]
    left, right = max(0, len(before) - _AROUND), max(0, len(after) - _AROUND)
    return [
        Piece("".join(map(_visible, before[left:])), cut=left),
        Piece(_shortened(middle), marked=True),
        Piece("".join(map(_visible, after[: len(after) - right])), cut=right),
    ]


def _line(pieces: list[Piece]) -> str:
    """The pieces on one line, the difference between ⟦ ⟧."""
    before, middle, after = pieces
    mark = f"⟦{middle.text}⟧"
    return f"“{'…' if before.cut else ''}{before.text}{mark}{after.text}{'…' if after.cut else ''}”"
