"""What each word of a plan means, and its default: the text below its field, read from the source of its model.

pydantic has a switch for it, `use_attribute_docstrings`, which reads all sources whenever they are imported; here that
is done only when somebody asks.
"""

from __future__ import annotations

import ast
import functools
import inspect
import sys
from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from pydantic import BaseModel, TypeAdapter
from pydantic.fields import FieldInfo

from faults import Fault, Lasts
from harness import registry


@functools.cache
def descriptions(model: type[BaseModel]) -> Mapping[str, str]:
    """Field → what it means; a field of a base class has the text that stands there, or with whoever says it anew."""
    found: dict[str, str] = {}
    for cls in reversed(model.__mro__):
        found |= _of_class(cls.__module__, cls.__qualname__)
    found |= {name: field.description for name, field in model.model_fields.items() if field.description}
    return {name: text for name, text in found.items() if name in model.model_fields} | _of_its_own_length(model)


def default_of(field: FieldInfo) -> Any:
    """A default in the words of a plan; None for none."""
    value = field.get_default(call_default_factory=True, validated_data={})
    annotated: Any = Annotated[field.annotation, *field.metadata] if field.metadata else field.annotation
    return None if value is None else TypeAdapter(annotated).dump_python(value, mode="json", by_alias=True)


def _of_its_own_length(model: type[BaseModel]) -> dict[str, str]:
    """A fault that says by another word how long it lasts has no `for`."""
    for action in registry.names("fault"):
        fault: Fault = registry.find("fault", action)
        if isinstance(fault, Lasts) and issubclass(model, fault.Params):
            return {"for_": f"Not a word of this fault, which lasts for its `{fault.LENGTH}`: leave it out."}
    return {}


def _of_class(module: str, name: str) -> Mapping[str, str]:
    return _of_module(module).get(name, {})


@functools.cache
def _of_module(name: str) -> Mapping[str, Mapping[str, str]]:
    """Class → field → text. Nothing of a module that has no source."""
    module = sys.modules.get(name)
    try:
        tree = ast.parse(inspect.getsource(module)) if module is not None else ast.Module([], [])
    except (OSError, TypeError):
        return {}
    return {node.name: dict(_of_fields(node)) for node in tree.body if isinstance(node, ast.ClassDef)}


def _of_fields(node: ast.ClassDef) -> Iterator[tuple[str, str]]:
    for field, text in zip(node.body, node.body[1:], strict=False):
        if not (isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)):
            continue
        if isinstance(text, ast.Expr) and isinstance(text.value, ast.Constant) and isinstance(text.value.value, str):
            yield field.target.id, " ".join(text.value.value.split())
