"""Long texts that are short ones over and over, and how to make a text shorter."""

from __future__ import annotations

from collections.abc import Iterator

LONG = 200  # letters that a plan need not show one by one


def repeated(text: str) -> tuple[str, int]:
    """`("ab", 3)` of `ababab`: the shortest text of which it is so many. Of a text that repeats nothing: itself, 1."""
    length = (text + text).find(text, 1) if text else 0
    return (text[:length], len(text) // length) if length else (text, 1)


def shorter(text: str) -> Iterator[str]:
    """Much shorter ones first; of a long text of many equal parts only such as have fewer of them."""
    if len(text) < 2:
        return
    yield "a"
    part, count = repeated(text)
    if len(text) > LONG and count > 1:
        yield from (part * (count - less) for less in _parts(count))
    else:
        for less in _parts(len(text)):
            yield text[:-less]
            yield text[less:]


def _parts(whole: int) -> Iterator[int]:
    """Half of it, a quarter, … one."""
    while whole > 1:
        whole //= 2
        yield whole
