"""The JSON Schema of plans, in the words of draft-07, so that every editor understands it."""

from __future__ import annotations

import json
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from harness.plan.words.described import default_of, descriptions
from harness.plan.words.model import PlanWords

DRAFT = "http://json-schema.org/draft-07/schema#"
_NOT_IN_DRAFT_07 = ("discriminator", "gt")  # OpenAPI's; a bound of nanoseconds on what is text in a plan


class _Described(GenerateJsonSchema):
    """With what each word means, and defaults as a plan writes them."""

    def model_schema(self, schema: core_schema.ModelSchema) -> JsonSchemaValue:
        found = super().model_schema(schema)
        model: type[BaseModel] = schema["cls"]
        told = descriptions(model)
        for name, field in model.model_fields.items():
            said = found["properties"][field.alias or name]
            if name in told:
                said["description"] = told[name]
            if "default" in said:  # pydantic has it in nanoseconds
                said["default"] = default_of(field)
        return found


def schema_of(model: type[BaseModel]) -> dict[str, Any]:
    """As pydantic has it, with what each word means."""
    return model.model_json_schema(ref_template="#/definitions/{model}", schema_generator=_Described)


def plan_schema() -> dict[str, Any]:
    """Built from the models, so with all faults there are."""
    schema = schema_of(PlanWords)
    definitions = schema.pop("$defs")
    body: dict[str, Any] = _plain({**schema, "definitions": definitions})
    return {"$schema": DRAFT, **body, "title": "A plan of jobsync-harness"}


def rendered() -> str:
    """The text of `configs/schema/plan.schema.json`."""
    return json.dumps(plan_schema(), indent=2, ensure_ascii=False, sort_keys=True) + "\n"


def _plain(node: Any) -> Any:
    """Without keywords that draft-07 lacks and titles that only repeat the key."""
    if isinstance(node, list):
        return [_plain(item) for item in node]
    if not isinstance(node, dict):
        return node
    kept = {k: v for k, v in node.items() if k not in _NOT_IN_DRAFT_07 and not (k == "title" and isinstance(v, str))}
    return {key: _plain(value) for key, value in kept.items()}
