"""The schemas of `results.json` and `run.json`: those that ship, and whether real runs are as they say."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from a_run import file_run
from simulated import played

from harness import registry
from harness.report import schemas

DOCS = Path(__file__).resolve().parents[2] / "docs" / "results.md"
TYPES = {
    "string": lambda v: isinstance(v, str),
    "integer": lambda v: isinstance(v, int) and not isinstance(v, bool),
    "number": lambda v: isinstance(v, (int, float)) and not isinstance(v, bool),
    "boolean": lambda v: isinstance(v, bool),
    "array": lambda v: isinstance(v, list),
    "object": lambda v: isinstance(v, dict),
    "null": lambda v: v is None,
}


def wrong(value: Any, schema: dict[str, Any], root: dict[str, Any], at: str = "$") -> list[str]:
    """What a value has that its schema does not say; of a struct, also a word that is not described."""
    if "$ref" in schema:
        return wrong(value, root["$defs"][schema["$ref"].removeprefix("#/$defs/")], root, at)
    if "anyOf" in schema:
        found = [wrong(value, one, root, at) for one in schema["anyOf"]]
        return [] if [] in found else min(found, key=len)
    if "enum" in schema:
        return [] if value in schema["enum"] else [f"{at}: {value!r}"]
    types = schema.get("type", [])
    if types and not any(TYPES[name](value) for name in ([types] if isinstance(types, str) else types)):
        return [f"{at}: {value!r} is no {types}"]
    if isinstance(value, list):
        return [said for i, one in enumerate(value) for said in wrong(one, schema.get("items", {}), root, f"{at}[{i}]")]
    return _of_object(value, schema, root, at) if isinstance(value, dict) else []


def _of_object(value: dict[str, Any], schema: dict[str, Any], root: dict[str, Any], at: str) -> list[str]:
    of, more = schema.get("properties", {}), schema.get("additionalProperties", {})
    found = [f"{at}: {name} is missing" for name in schema.get("required", []) if name not in value]
    if "title" in schema:  # a struct
        found += [f"{at}: nobody knows {name}" for name in value if name not in of]
    return found + [said for k, v in value.items() for said in wrong(v, of.get(k, more), root, f"{at}.{k}")]


@pytest.mark.parametrize("kind", schemas.FILES)
def test_the_schema_that_ships_is_that_of_the_structs(kind: str) -> None:
    """`python -m harness.report.schemas configs/schema` mends it."""
    shipped = registry.configs_dir() / "schema" / schemas.FILES[kind]
    assert shipped.read_text(encoding="utf-8") == schemas.rendered(kind)


@pytest.mark.parametrize("name", ["CheckResult", "LookedAt", "Details", "RunRecord"])
def test_the_page_about_results_has_every_word(name: str) -> None:
    assert schemas.table(name) in DOCS.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("plan", "profile"),
    [("quickstart", "hardened"), ("edge/duplicate-events", "documented"), ("edge/missing-jobs", "documented")],
)
def test_what_a_real_run_writes_is_as_the_schemas_say(tmp_path: Path, plan: str, profile: str) -> None:
    directory = played(tmp_path / "store", plan, profile=profile).directory
    assert directory is not None
    results = json.loads((directory / "results.json").read_text(encoding="utf-8"))
    assert len(results) > 10
    assert wrong(results, schema := schemas.results_schema(), schema) == []
    assert wrong(json.loads((directory / "run.json").read_text()), schema := schemas.run_schema(), schema) == []


def test_what_is_not_as_the_schema_says_is_seen(tmp_path: Path) -> None:
    run = file_run(tmp_path / "run", "d:+a d:a=1 m:a=1")
    results = json.loads((run.directory / "results.json").read_text(encoding="utf-8"))
    schema = schemas.results_schema()
    for change in ({"verdict": "PERHAPS"}, {"evidence": ["1"]}, {"nobody": 1}, {"details": {"count": "many"}}):
        assert wrong([results[0] | change], schema, schema), change
    assert wrong([{"check": "convergence"}], schema, schema) == ["$[0]: verdict is missing"]
