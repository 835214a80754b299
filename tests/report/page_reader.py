"""What a reader and a browser find in a report: text, elements with their attributes, and the words of the pictures."""

from __future__ import annotations

from html.parser import HTMLParser

_VOID = {"meta", "link", "br", "hr", "img", "input"}
_UNSEEN = {"style", "script", "title"}


class Page(HTMLParser):
    """`text` is all that is shown; `elements` are (tag, attributes) in order; `open` is what was never closed."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.open: list[str] = []
        self._said: list[str] = []
        self.feed(html)
        self.close()
        self.text = " ".join(" ".join(self._said).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in _VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self.open and self.open[-1] == tag, f"</{tag}> closes {self.open[-3:]}"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        if not _UNSEEN & set(self.open[-1:]):
            self._said.append(data)

    def all(self, tag: str, class_: str = "") -> list[dict[str, str]]:
        return [a for t, a in self.elements if t == tag and class_ in ["", *a.get("class", "").split()]]
