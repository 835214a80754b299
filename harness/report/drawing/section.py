"""A part of the page about the whole run, and how those that there are become part of it.

A script comes into the page as it stands in its file; the page's Content-Security-Policy names it by its hash, so that
nothing else is ever run: text from a run is data, whatever it looks like.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.resources import files

import msgspec
from markupsafe import Markup

from harness.store.rundir import StoredRun

_FOLDER = "harness.report.sections"


@dataclass(frozen=True)
class Section:
    """`order`: its place among the others, small first. `render` gives its HTML, or None when there is nothing to show.
    `style` and `script` are filled in from the files beside it."""

    title: str
    order: int
    render: Callable[[StoredRun], Markup | None]
    name: str = ""
    style: str = ""
    script: str = ""


@dataclass(frozen=True)
class Drawn:
    """The sections that a run has, with all that the head and the end of a page need of them."""

    parts: list[tuple[Section, Markup]] = field(default_factory=list)

    @property
    def style(self) -> Markup:
        return Markup("\n".join(section.style for section, _ in self.parts))

    @property
    def scripts(self) -> list[Markup]:
        return [Markup(section.script) for section, _ in self.parts if section.script]

    @property
    def policy(self) -> str:
        return policy(self.scripts)


def draw(run: StoredRun) -> Drawn:
    drawn = [(section, section.render(run)) for section in _all()]
    return Drawn([(section, html) for section, html in drawn if html is not None])


def policy(scripts: list[Markup]) -> str:
    """A Content-Security-Policy for a page that asks for nothing and runs these scripts only."""
    hashes = " ".join(f"'sha256-{base64.b64encode(hashlib.sha256(s.encode()).digest()).decode()}'" for s in scripts)
    allowed = hashes or "'none'"
    return f"default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src {allowed}"


def data(id_: str, value: object) -> Markup:
    """`value` as a block of JSON that a script reads by its id. No text in it can end the block."""
    text = msgspec.json.encode(value).decode().replace("<", "\\u003c").replace("\u2028", "\\u2028")
    return Markup('<script type="application/json" id="{}">').format(id_) + Markup(text) + Markup("</script>")


@functools.cache
def _all() -> list[Section]:
    folder = importlib.import_module(_FOLDER)
    found = []
    for module in pkgutil.iter_modules(folder.__path__):
        if not module.name.startswith("_"):
            section: Section = importlib.import_module(f"{_FOLDER}.{module.name}").SECTION
            beside = {"style": _beside(module.name, "css"), "script": _beside(module.name, "js")}
            found.append(Section(section.title, section.order, section.render, module.name, **beside))
    return sorted(found, key=lambda section: (section.order, section.name))


def _beside(name: str, suffix: str) -> str:
    """`NAME.js`, or the parts `NAME.01_data.js`, … as one function, which hides its names from others."""
    file = files(_FOLDER) / f"{name}.{suffix}"
    if file.is_file():
        return file.read_text(encoding="utf-8")
    parts = [f for f in files(_FOLDER).iterdir() if f.name.startswith(f"{name}.") and f.name.endswith(f".{suffix}")]
    texts = [f.read_text(encoding="utf-8") for f in sorted(parts, key=lambda f: f.name)]
    return '(() => {\n"use strict";\n' + "\n".join(texts) + "})();\n" if texts else ""
