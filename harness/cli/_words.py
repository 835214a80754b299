"""The words of a plan that are no plug-ins: its workload, and the calls of a script."""

from __future__ import annotations

import inspect
from collections.abc import Mapping

from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from faults import Words
from harness.cli import _say
from harness.workload.calls import CALLS
from harness.workload.lasting import Lasting
from harness.workload.words import Content, DesktopMix, MobileMix, Workload

NAMES: Mapping[str, type[Words]] = {
    "workload": Workload,
    "content": Content,
    "mix.desktop": DesktopMix,
    "mix.mobile": MobileMix,
    "stream": Lasting,
    **{f"do: {name}": call for name, call in CALLS.items()},
}


def named(name: str) -> str | None:
    """The word that is meant; a call is known without its `do:` as well."""
    return next((word for word in (name, f"do: {name}") if word in NAMES), None)


def explain(word: str) -> None:
    words = NAMES[word]
    _say.line(f"{word}, what a plan may say", bold=True)
    for paragraph in (inspect.getdoc(words) or "").split("\n\n"):
        if not paragraph.startswith(_INHERITED):
            _say.paragraph(" ".join(paragraph.split()))
    _say.line()
    told = words().model_dump(mode="json", by_alias=True) if not _required(words) else {}
    for key, field in words.model_fields.items():
        name = field.alias or key
        default = told.get(name, None if field.default is PydanticUndefined else field.default)
        said = "required" if field.is_required() else f"default: {_plain(default)}"
        _say.line(f"  {name:<14} {said}")


_INHERITED = inspect.getdoc(BaseModel) or "\0"


def _required(words: type[Words]) -> bool:
    return any(field.is_required() for field in words.model_fields.values())


def _plain(value: object) -> str:
    """A default as a plan writes it; of whole groups that they have words of their own."""
    return "none" if value is None else "words of its own" if isinstance(value, dict) else str(value)
