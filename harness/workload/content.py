"""Texts that tell the truth: every way in which counting characters and counting bytes differ.

One stream of chunks per job, from the random stream `content:<job>`. A job's text is plain ASCII, multi-byte letters,
or grapheme clusters whose parts come in different chunks; then single chunks are repeated, emptied or made legacy.
"""

from __future__ import annotations

from random import Random

from harness.seeds import Dice
from harness.workload.words import Content

_ASCII = ("The ", "result ", "is ", "ready", ".\n", "def f(x):", "\n    return x", " and ", "so ", "on, ")
_LETTERS = (  # two bytes a letter, so that twice the letters is the bytes
    ("Привет", "мир", "задача", "ответ", "готово", "поток"),
    ("Ωμέγα", "λόγος", "καλημέρα", "νερό"),
    ("שלום", "עולם", "תשובה"),
    ("Երևան", "բարեւ", "աշխարհ"),
)
_LETTERS_WIDE = (("你好", "世界", "任务", "完成"), ("नमस्ते", "दुनिया"), ("こんにちは", "世界"))
_CLUSTERS = (  # each a run of code points that is fewer clusters than code points, cut where it hurts
    ("e\u0301", "n\u0303", "a\u0308\u0323"),  # combining marks
    ("\U0001f468\u200d\U0001f469\u200d\U0001f467", "\U0001f469\U0001f3fd\u200d\U0001f4bb"),  # joined emoji
    ("\U0001f1e9\U0001f1ea", "\U0001f1eb\U0001f1f7", "\U0001f1ef\U0001f1f5"),  # flags: pairs of letters
    ("line\r\n", "\r\n", "text\r\n\r\n"),
)
_LEGACY: tuple[bool | str, ...] = ("snake", True, "no-session")
_LARGE_CHUNK_BYTES = 60_000
_LARGE_CHUNKS = 5  # 300 KB in all


class Text:
    """The chunks of one job, one attempt after the other."""

    def __init__(self, content: Content, job: str, dice: Dice, number: int = 0, of: int = 1) -> None:
        """`number`: which of its client's `of` jobs it is; the shares of jobs are spread over all of them."""
        self._content = content
        self._random = dice.stream(f"content:{job}")
        client = job.rstrip("0123456789")
        style, cluster, large = (dice.spread(f"{what}:{client}", number, of) for what in ("style", "cluster", "large"))
        unicode = style < content.unicode
        self._pieces = self._clusters if unicode and cluster < content.clusters else self._words
        self._corpus = self._random.choice(_corpora(self._random) if unicode else (_ASCII,))
        in_clusters = cluster / content.clusters if cluster < content.clusters else 0.0  # spread evenly as well
        self._family = _CLUSTERS[int(in_clusters * len(_CLUSTERS))]
        self._waiting: list[str] = []
        self._last: str | None = None
        self._large_left = _LARGE_CHUNKS if large < content.large else 0

    def chunk(self) -> tuple[str, bool | str]:
        """The next chunk, and whether it is a legacy one: no length, no session, or a `snake` length."""
        empty, repeat, legacy = self._random.random(), self._random.random(), self._random.random()
        fresh = self._waiting.pop(0) if self._waiting else self._pieces()
        if empty < self._content.empty:
            return "", False
        text = self._last if self._last is not None and repeat < self._content.repeat else fresh
        if self._large_left and self._last is not None:
            self._large_left -= 1
            text = text * (_LARGE_CHUNK_BYTES // max(1, len(text.encode())))
        else:
            self._last = text
        if legacy >= self._content.legacy:
            return text, False
        return text, _LEGACY[int(legacy / self._content.legacy * len(_LEGACY))]

    def _words(self) -> str:
        """One word at first, alone; later one or several."""
        if self._last is None:
            return self._random.choice(self._corpus)
        return "".join(self._random.choice(self._corpus) for _ in range(self._random.randint(1, 3)))

    def _clusters(self) -> str:
        """A few clusters, cut into chunks at any code point: the rest waits."""
        text = "".join(self._random.choice(self._family) for _ in range(self._random.randint(1, 3)))
        pieces = _cut(text, self._random)
        self._waiting = pieces[1:]
        return pieces[0]


def _corpora(random: Random) -> tuple[tuple[str, ...], ...]:
    """Two-byte scripts mostly: they are where lengths agree by accident."""
    return _LETTERS if random.random() < 0.75 else _LETTERS_WIDE


def _cut(text: str, random: Random) -> list[str]:
    pieces, begin = [], 0
    for at in range(1, len(text)):
        if random.random() < 0.5:
            pieces.append(text[begin:at])
            begin = at
    return [*pieces, text[begin:]]
