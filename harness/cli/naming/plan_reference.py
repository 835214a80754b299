"""The reference of plans as Markdown, made of the same models as the schema and `harness explain`."""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import BaseModel

from faults import DURATION_PATTERN, Fault, Timed, Words
from harness import registry
from harness.cli.naming import plan_words
from harness.plan.systems.containers import Compose, Container, Healthcheck, Service
from harness.plan.systems.topology import Auth, Desktop, Mobile, Scope, User
from harness.plan.words.model import Broken, Check, ClaimWords, FindingWords, Mistake, PlanWords, Quantity, fault_models
from harness.plan.words.schema import schema_of
from harness.workload.calls import CALLS, Call
from harness.workload.words import Mix

_INTRO = """\
# The language of plans

<!-- made by `harness plan reference`: change the models, not this file -->

A plan is a YAML file: who does what, what goes wrong meanwhile, and how the result is judged. `harness plan new` writes
one to begin with, `harness plan validate` says everything that is wrong with one, `harness plan show` what will happen
when, and `harness explain WORD` explains a single word as this page does. Editors complete and check plans by
`configs/schema/plan.schema.json`, which `harness plan schema` prints.

- A **duration** has a unit: `250ms`, `10s`, `1m30s` (ns, us, ms, s, m, h), at most 24h.
- A **rate** is so many a second or a minute: `20/s`, `30/m`.
- A **share** or probability is a number from 0 to 1, or a percentage: `0.3`, `30%`.

A word that is not listed is an error. What has no default and is not required may be left out.
"""
_SECTIONS: Mapping[str, type[BaseModel]] = {
    "plan": PlanWords,
    "workload": plan_words.NAMES["workload"],
    "stream": plan_words.NAMES["stream"],
    "mix": Mix,
    "mix.desktop": plan_words.NAMES["mix.desktop"],
    "mix.mobile": plan_words.NAMES["mix.mobile"],
    "content": plan_words.NAMES["content"],
    "lives": plan_words.NAMES["lives"],
    "settle": plan_words.NAMES["settle"],
    "timing": plan_words.NAMES["timing"],
    "checks": Check,
    "expect": plan_words.NAMES["expect"],
}
_OF_FAULTS: Mapping[str, type[BaseModel]] = {
    "at": plan_words.NAMES["at"],
    "every": plan_words.NAMES["every"],
    "match": plan_words.NAMES["match"],
}
_OF_CLAIMS: Mapping[str, type[BaseModel]] = {
    "claim": ClaimWords,
    "quantity": Quantity,
    "broken": Broken,
    "mistake": Mistake,
    "finding": FindingWords,
}
_OF_TOPOLOGIES: Mapping[str, type[BaseModel]] = {
    "topology": plan_words.NAMES["topology"],
    "user": User,
    "desktop": Desktop,
    "mobile": Mobile,
    "scope": Scope,
    "node": plan_words.NAMES["node"],
    "auth": Auth,
    "container": Container,
    "service": Service,
    "healthcheck": Healthcheck,
    "compose": Compose,
}
_LINKS = {
    model.__name__: title
    for sections in (_SECTIONS, _OF_FAULTS, _OF_CLAIMS, _OF_TOPOLOGIES)
    for title, model in sections.items()
}
_SHORT = 60  # letters of a default that stands in a table


def rendered() -> str:
    """The text of `docs/plans.md`."""
    parts = [_INTRO]
    parts += [_section(title, model) for title, model in _SECTIONS.items()]
    parts += [_topic(word) for word in ("pick", "matrix")]
    parts += ["## script\n", _paragraphs(plan_words.prose("script")), _example("script"), _table(Call, ("do",))]
    parts += [_member(f"do: {name}", call, Call) for name, call in CALLS.items()]
    parts += ["## faults\n", _paragraphs(inspect.getdoc(Timed) or ""), _table(Timed)]
    parts += [_section(title, model, 3) for title, model in _OF_FAULTS.items()]
    parts += [_fault(action, model) for action, model in fault_models().items()]
    parts += ["## Claims and findings\n", "Words of plans that `harness audit` plays; others do without them.\n"]
    parts += [_section(title, model, 3) for title, model in _OF_CLAIMS.items()]
    parts += [_section(title, model) for title, model in _OF_TOPOLOGIES.items()]
    return "\n".join(filter(None, parts))


def _section(title: str, model: type[BaseModel], depth: int = 2) -> str:
    parts = [
        f"{'#' * depth} {title}\n",
        _told(model),
        _paragraphs(plan_words.prose(title)),
        _example(title),
        _table(model),
    ]
    return "\n".join(filter(None, parts))


def _topic(word: str) -> str:
    return "\n".join([f"## {word}\n", _paragraphs(plan_words.prose(word)), _example(word)])


def _member(title: str, model: type[BaseModel], base: type[BaseModel]) -> str:
    """One of many of a kind: only what it has beside the others."""
    common = [name for name in base.model_fields if name not in ("job",)]
    return "\n".join(filter(None, [f"### {title}\n", _told(model), _table(model, common)]))


def _fault(action: str, model: type[Timed]) -> str:
    fault: Fault = registry.find("fault", action)
    example = f"```yaml\n- {fault.EXAMPLE}\n```\n"
    return "\n".join(filter(None, [f"### {action}\n", _told(model), example, _table(model, list(Timed.model_fields))]))


def _told(model: type[BaseModel]) -> str:
    """The words of the model itself: those of a base are told once."""
    own = model.__doc__ if model.__doc__ not in (Call.__doc__, Words.__doc__, BaseModel.__doc__) else None
    return _paragraphs(inspect.cleandoc(own)) if own else ""


def _paragraphs(text: str) -> str:
    found = [" ".join(paragraph.split()) for paragraph in text.split("\n\n")]
    return "".join(f"{paragraph}\n\n" for paragraph in found if paragraph).removesuffix("\n")


def _example(word: str) -> str:
    return f"```yaml\n{plan_words.EXAMPLES[word]}\n```\n" if word in plan_words.EXAMPLES else ""


# ---- tables ---------------------------------------------------------------------------------------------------------


def _table(model: type[BaseModel], but: Sequence[str] = ()) -> str:
    schema = schema_of(model)
    left_out = {model.model_fields[name].alias or name for name in but}
    needed = schema.get("required", [])
    rows = [
        f"| `{word}` | {_type(said)} | {'required' if word in needed else _default(said)} | {_text(said)} |"
        for word, said in schema.get("properties", {}).items()
        if word not in left_out
    ]
    return "\n".join(["| word | takes | default | what it means |", "|---|---|---|---|", *rows, ""]) if rows else ""


def _text(said: Mapping[str, Any]) -> str:
    return str(said.get("description", "")).replace("|", "\\|")


def _default(said: Mapping[str, Any]) -> str:
    value = said.get("default")
    if value is None:
        return ""
    text = value if isinstance(value, str) and value else json.dumps(value, ensure_ascii=False)
    return "its own" if isinstance(value, dict) and value and len(text) > _SHORT else f"`{text}`"


def _type(said: Mapping[str, Any]) -> str:
    return " or ".join(dict.fromkeys(_types(said)))


def _types(said: Mapping[str, Any]) -> Iterator[str]:
    choices = said.get("anyOf") or said.get("oneOf")
    if "$ref" in said:
        yield _link(str(said["$ref"]).rpartition("/")[2])
    elif choices is not None and said != {"type": "null"}:
        yield from _of_choices(choices)
    elif "const" in said or "enum" in said:
        yield from (f"`{value}`" for value in said.get("enum", [said.get("const")]))
    elif said.get("type") == "array":
        items = _type(said.get("items", {}))
        yield f"list of {items}" if items else "list"
    elif said.get("type") == "object":
        yield "mapping"
    elif "pattern" in said and "examples" in said:
        yield "rate" if "/" in said["pattern"] else ("duration" if said["pattern"] == DURATION_PATTERN else "±duration")
    elif said.get("type") != "null":
        yield _plain(said)


def _of_choices(choices: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    if [choice.get("type") for choice in choices] == ["number", "string"] and "%" in choices[1].get("pattern", ""):
        yield "share"
        return
    for choice in choices:
        yield from _types(choice)


def _plain(said: Mapping[str, Any]) -> str:
    name = {"string": "text", "integer": "whole number", "boolean": "true, false"}.get(said.get("type", ""), "")
    least, most = said.get("minimum"), said.get("maximum")
    bounds = f" {least} to {most}" if least is not None and most is not None else ""
    return f"{name or said.get('type', 'anything')}{bounds}"


def _link(model: str) -> str:
    if model in _LINKS:
        return f"[{_LINKS[model]}](#{_LINKS[model].replace('.', '')})"
    return "[fault](#faults)" if model in {m.__name__ for m in fault_models().values()} else "[call](#script)"
