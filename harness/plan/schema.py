"""The JSON Schema of plans, in the words of draft-07, so that every editor understands it."""

from __future__ import annotations

import json
from typing import Any

from harness.plan.model import PlanWords

DRAFT = "http://json-schema.org/draft-07/schema#"
_NOT_IN_DRAFT_07 = ("discriminator", "gt")  # OpenAPI's; a bound of nanoseconds on what is text in a plan


def plan_schema() -> dict[str, Any]:
    """Built from the models, so with all faults there are."""
    schema = PlanWords.model_json_schema(ref_template="#/definitions/{model}")
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
