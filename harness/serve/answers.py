"""What is sent to a browser, and with which headers.

Nothing is kept, nobody may frame it, and no page runs a script but a run's own report, which is shut off from all
others.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, field
from pathlib import Path

_NOBODY = "base-uri 'none'; frame-ancestors 'none'"
PAGE_POLICY = f"default-src 'none'; style-src 'self'; img-src data:; form-action 'self'; {_NOBODY}"
FILE_POLICY = f"default-src 'none'; {_NOBODY}; form-action 'none'; sandbox"
_META = re.compile(rb'<meta http-equiv="Content-Security-Policy" content="([^"]{1,4000})">')
_PLAIN_POLICY = re.compile(r"[\w :;'/+=*.-]+", re.ASCII)
_HEAD_BYTES = 8192

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".json": "application/json",
    ".gz": "application/gzip",
}  # all else is text


@dataclass(frozen=True)
class Answer:
    """`file`, if there is one, is what is sent instead of `body`."""

    status: int = 200
    type: str = "text/html; charset=utf-8"
    body: bytes = b""
    policy: str = PAGE_POLICY
    file: Path | None = None
    more: dict[str, str] = field(default_factory=dict)

    @property
    def headers(self) -> dict[str, str]:
        return {"Content-Type": self.type, "Content-Security-Policy": self.policy, **HEADERS, **self.more}


def page(text: str, status: int = 200) -> Answer:
    return Answer(status=status, body=text.encode("utf-8", "surrogatepass"))


def style(text: str) -> Answer:
    return Answer(type="text/css; charset=utf-8", body=text.encode(), policy=FILE_POLICY)


def plain(status: int, text: str, **more: str) -> Answer:
    """For whoever is no browser of the user's, or asks for what is no page."""
    return Answer(status, "text/plain; charset=utf-8", f"{text}\n".encode(), FILE_POLICY, more=more)


def moved(to: str) -> Answer:
    return plain(303, f"see {to}", Location=to)


def of_file(file: Path) -> Answer:
    """A file of a run."""
    kind = _TYPES.get(file.suffix, "text/plain; charset=utf-8")
    if file.suffix == ".html":
        with file.open("rb") as opened:
            return Answer(type=kind, file=file, policy=_of_report(opened.read(_HEAD_BYTES)))
    more = {"Content-Disposition": "attachment"} if file.suffix == ".gz" else {}
    return Answer(type=kind, file=file, policy=FILE_POLICY, more=more)


def of_report(text: str) -> Answer:
    """A report that could not be written where it belongs."""
    body = text.encode("utf-8", "surrogatepass")
    return Answer(body=body, policy=_of_report(body[:_HEAD_BYTES]))


def _of_report(head: bytes) -> str:
    """A report says itself which scripts are its own; one that says nothing of the kind runs none."""
    found = _META.search(head)
    own = html.unescape(found[1].decode("utf-8", "replace")) if found is not None else ""
    if not _PLAIN_POLICY.fullmatch(own):
        own = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
    return f"{own}; {_NOBODY}; form-action 'none'; sandbox allow-scripts allow-downloads"
