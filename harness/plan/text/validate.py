"""First pass: is every word of a document a word of the format? All complaints at once, each with its place."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from harness.plan.text.errors import PlanError, PlanErrors, did_you_mean
from harness.plan.text.source import Document, Path
from harness.registry import close_matches

M = TypeVar("M", bound=BaseModel)

_SHOWN_CHARS = 40


def validate(document: Document, model: type[M]) -> M:
    """The document as `model`. Raises `PlanErrors` with everything that does not fit."""
    try:
        return model.model_validate(document.data)
    except ValidationError as exc:
        raise PlanErrors(complaint(document, model, details) for details in exc.errors()) from None


def complaint(document: Document, model: type[BaseModel], details: ErrorDetails) -> PlanError:
    """One complaint of pydantic in the words and at the place of the plan."""
    place = place_of(document, details["loc"])
    kind, context = details["type"], details.get("ctx", {})
    if kind == "extra_forbidden":
        key = str(place[-1])
        return PlanError(document.key(place), f"unknown key {key!r}", _suggest(key, _keys_at(model, document, place)))
    if kind == "missing":
        missing = details["loc"][-1]
        return PlanError(document.value(place), f"the key {missing!r} is missing here")
    if kind == "union_tag_not_found":
        tag = context["discriminator"].strip("'")
        return PlanError(
            document.value(place),
            f"the key {tag!r} is missing here",
            _suggest("", _tags_at(model, document, place, tag)),
        )
    if kind == "union_tag_invalid":
        tag = context["discriminator"].strip("'")
        known = [word.strip(" '") for word in context["expected_tags"].split(",")]
        word = _shown(context["tag"])
        return PlanError(document.value((*place, tag)), f"unknown {tag} {word}", _suggest(context["tag"], known))
    if kind == "literal_error":
        known = re.findall(r"'([^']*)'", context["expected"])
        said = f"expected {context['expected']}, not {_shown(details['input'])}"
        return PlanError(document.value(place), said, did_you_mean(close_matches(str(details["input"]), known)))
    return PlanError(document.value(place), _message(details), _type_hint(details))


def place_of(document: Document, loc: Sequence[str | int]) -> Path:
    """The path in the document's own terms, as far as the document has it: a missing key ends at what lacks it."""
    path: Path = ()
    for part in loc:
        if document.has((*path, part)):
            path = (*path, part)
    return path


def _message(details: ErrorDetails) -> str:
    message = details["msg"].removeprefix("Value error, ")
    if details["type"] in _EXPECTED:
        return f"expected {_EXPECTED[details['type']]}, not {_shown(details['input'])}"
    for said, ours in _OURS.items():
        message = message.replace(said, ours)
    return message


_OURS = {
    "Input should be a finite number": "expected a finite number",
    "Input should be": "expected a value",
    "List should have": "expected",
    "Dictionary should have": "expected",
    "String should have": "expected",
    "String should match pattern": "expected text that matches",
    " after validation": "",
}
_EXPECTED = {
    "string_type": "text",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "list_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
}


def _type_hint(details: ErrorDetails) -> str | None:
    if details["type"] == "string_type" and isinstance(details["input"], (bool, int, float)):
        return "quote it"
    if details["type"] == "list_type" and isinstance(details["input"], str):
        return f"[{details['input']}]"
    return None


def _shown(value: object) -> str:
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    if value is None or isinstance(value, bool):
        return {None: "nothing", True: "true", False: "false"}[value]
    text = str(value) if isinstance(value, (int, float)) else repr(value)
    return text if len(text) <= _SHOWN_CHARS else text[:_SHOWN_CHARS] + "…"


def _suggest(word: str, known: Iterable[str]) -> str | None:
    """Did-you-mean, else everything there is."""
    known = list(known)
    return did_you_mean(close_matches(word, known)) or (f"one of: {', '.join(known)}" if known else None)


# ---- which words there are at a place -----------------------------------------------------------------------------


def _keys_at(model: type[BaseModel], document: Document, place: Path) -> list[str]:
    """The keys that the mapping around `place` may have."""
    return list(_schema_at(model, document, place[:-1]).get("properties", {}))


def _tags_at(model: type[BaseModel], document: Document, place: Path, tag: str) -> list[str]:
    """What `tag` may be in the mapping at `place`."""
    root = _schema(model)
    options = _options(root, _schema_at(model, document, place))
    return sorted(option["properties"][tag]["const"] for option in options)


@functools.cache
def _schema(model: type[BaseModel]) -> dict[str, Any]:
    return model.model_json_schema()


def _schema_at(model: type[BaseModel], document: Document, place: Path) -> dict[str, Any]:
    root = _schema(model)
    here: Any = root
    for at, part in enumerate(place):
        here = _chosen(root, here, document.at(place[:at]))
        properties = here.get("properties", {})
        here = properties.get(part) or here.get("items") or here.get("additionalProperties") or {}
    return _chosen(root, here, document.at(place))


def _chosen(root: dict[str, Any], here: Any, data: Any) -> dict[str, Any]:
    """The one of several schemas that `data` means: the one whose tag it has, else the first mapping or list."""
    options = _options(root, here)
    if isinstance(data, dict):
        for option in options:
            tags = {k: p["const"] for k, p in option.get("properties", {}).items() if "const" in p}
            if tags and all(data.get(key) == tag for key, tag in tags.items()):
                return option
        if any("const" in p for option in options for p in option.get("properties", {}).values()) and len(options) > 1:
            return {"oneOf": options}
    composite = [o for o in options if o.get("type") in ("object", "array")]
    return composite[0] if composite else options[0]


def _options(root: dict[str, Any], here: Any) -> list[dict[str, Any]]:
    if not isinstance(here, dict):
        return [{}]
    if "$ref" in here:
        return _options(root, root["$defs"][here["$ref"].rsplit("/", 1)[-1]])
    several = here.get("oneOf") or here.get("anyOf")
    return [option for one in several for option in _options(root, one)] if several else [here]
