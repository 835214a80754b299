"""What ships is valid, is found by its name, and is described by the schema that ships with it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from harness import plan, registry
from harness.plan.words import schema

PLANS = registry.names("plan")
SCHEMA_FILE = registry.configs_dir() / "schema" / "plan.schema.json"
SCHEMA = schema.plan_schema()


@pytest.mark.parametrize("name", PLANS)
def test_a_shipped_plan_is_valid_without_a_warning(name: str) -> None:
    found = plan.load(name)
    assert found.name == name
    assert found.words.title
    assert not found.warnings
    assert plan.expand(found, 1).steps


@pytest.mark.parametrize("name", registry.names("topology"))
def test_a_shipped_topology_is_valid_and_the_template_fits_it(name: str) -> None:
    assert plan.expand(plan.parse(plan.template()), 1, topology=name).system.links


def test_the_documents_six_edge_cases_have_a_plan_each() -> None:
    edge = {name for name in PLANS if name.startswith("edge/")}
    assert edge == {
        "edge/duplicate-events",
        "edge/out-of-order-chunks",
        "edge/missing-jobs",
        "edge/concurrent-events",
        "edge/offline-gaps",
        "edge/reconnection-race",
    }


@pytest.mark.parametrize("name", [name for name in PLANS if name.startswith(("edge/", "regressions/"))])
def test_a_plan_that_judges_itself_does_so_for_both_profiles(name: str) -> None:
    assert {"documented", "hardened"} <= set(plan.load(name).words.expect)


NIGHTLY = [name for name in PLANS if name.startswith("nightly/")]


@pytest.mark.parametrize("name", NIGHTLY)
def test_a_nightly_plan_says_what_it_is_for_and_has_a_fault_in_every_seed(name: str) -> None:
    assert plan.find(name).read_text().startswith("# ")
    found = plan.load(name)
    assert found.topology.timing.scale == 20
    for seed in range(2):
        assert bool(plan.expand(found, seed).faults) is not found.words.title.endswith("without a fault"), seed


def test_the_nightly_plans_use_every_fault_there_is() -> None:
    used = {fault.action for name in NIGHTLY for fault in plan.load(name).words.faults}
    assert used == set(registry.names("fault"))


def test_the_quickstart_uses_its_four_actions_in_every_run() -> None:
    found = plan.load("quickstart")
    for seed in range(10):
        schedule = plan.expand(found, seed)
        assert {at.action for at in schedule.faults} == {"partition", "delay", "duplicate", "reconnect"}
        assert max(step.at_ns for step in schedule.steps) > max(at.at_ns for at in schedule.faults)


def test_a_plan_in_a_folder_is_found_by_its_last_word_too() -> None:
    assert plan.load("unicode-double-append").name == "regressions/unicode-double-append"
    assert plan.find("unicode-double-append") == plan.find("regressions/unicode-double-append")


def test_a_name_that_no_plan_has_suggests_one() -> None:
    with pytest.raises(plan.PlanErrors, match=r"no plan is called 'quickstrat' \(did you mean quickstart"):
        plan.load("quickstrat")


def test_a_plan_may_bring_its_own_topology(tmp_path: Path) -> None:
    topology = "users: [{id: bob, desktops: [{id: mac}], mobiles: [{id: pad}]}]\n"
    (tmp_path / "own.yaml").write_text(topology)
    (tmp_path / "p.yaml").write_text("version: 1\ntopology: own.yaml\nfaults: [{action: reconnect, clients: [pad]}]\n")
    schedule = plan.expand(plan.load(tmp_path / "p.yaml"), 1)
    assert [node.name for node in schedule.system.nodes] == ["relay", "mac", "pad"]
    assert schedule.plan == "p"


def test_a_wrong_topology_is_shown_in_its_own_file(tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text("users:\n  - {id: bob, desktops: [{id: mac}], mobils: []}\n")
    (tmp_path / "p.yaml").write_text("version: 1\ntopology: own.yaml\n")
    with pytest.raises(
        plan.PlanErrors, match=r"own\.yaml:2:38: error: unknown key 'mobils'(?s:.*)did you mean mobiles"
    ):
        plan.load(tmp_path / "p.yaml")


# ---- dump and template ----------------------------------------------------------------------------------------------


@given(
    st.text(max_size=8)
    | st.sampled_from(["0123456789", "0o17", "1e3", ".5", "~", "null", "yes", "on", "1_000", "=", "-1"])
)
def test_a_dumped_text_is_read_as_that_text(text: str) -> None:
    head = "version: 1\nworkload: {script: [{at: 1s, node: desktop-1, do: create, job: a}, "
    chunk = f"{{at: 2s, node: desktop-1, do: chunk, job: a, text: {json.dumps(text)}}}]}}\n"
    found = plan.parse(head + chunk)
    assert plan.parse(plan.dump(found)).words == found.words


@pytest.mark.parametrize("name", PLANS)
def test_a_dumped_plan_is_the_same_plan(name: str) -> None:
    found = plan.load(name)
    again = plan.parse(plan.dump(found), name)
    assert again.words == found.words
    assert plan.dump(again) == plan.dump(found)
    assert plan.expand(again, 4) == plan.expand(found, 4)


@pytest.mark.parametrize("title", ["A flaky uplink", "Faults: four", 'She said "no" \\ yes', "# 1", "yes", "日本"])
def test_the_template_is_a_valid_plan_whatever_its_title(title: str) -> None:
    found = plan.parse(plan.template(title))
    assert found.title == title
    assert not found.warnings


# ---- the schema -----------------------------------------------------------------------------------------------------

DRAFT_07 = {
    "$schema", "$ref", "definitions", "title", "description", "default", "examples", "type", "enum", "const",
    "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "minLength", "maxLength", "pattern", "items",
    "minItems", "maxItems", "properties", "required", "additionalProperties", "minProperties", "anyOf", "oneOf",
}  # fmt: skip


def schemas(node: Any) -> Iterator[dict[str, Any]]:
    """Every schema in a schema; the maps from names to schemas are not schemas themselves."""
    yield node
    for key, value in node.items():
        if key in ("properties", "definitions"):
            inner = list(value.values())
        elif key in ("anyOf", "oneOf"):
            inner = value
        else:
            inner = [value] if key in ("items", "additionalProperties") and isinstance(value, dict) else []
        for one in inner:
            yield from schemas(one)


def fits(value: Any, node: dict[str, Any]) -> bool:
    """As much of draft-07 as the schema uses."""
    if "$ref" in node:
        return fits(value, SCHEMA["definitions"][node["$ref"].removeprefix("#/definitions/")])
    combined = [
        "anyOf" not in node or any(fits(value, one) for one in node["anyOf"]),
        "oneOf" not in node or sum(fits(value, one) for one in node["oneOf"]) == 1,
        "const" not in node or value == node["const"],
        "enum" not in node or value in node["enum"],
        "type" not in node or _is(value, node["type"]),
    ]
    return all(combined) and _members_fit(value, node)


def _members_fit(value: Any, node: dict[str, Any]) -> bool:
    if isinstance(value, str):
        return len(value) >= node.get("minLength", 0) and re.search(node.get("pattern", ""), value) is not None
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return bool(node.get("minimum", value) <= value <= node.get("maximum", value))
    if isinstance(value, list):
        return len(value) >= node.get("minItems", 0) and all(fits(one, node.get("items", {})) for one in value)
    return not isinstance(value, dict) or _mapping_fits(value, node)


def _is(value: Any, kind: str) -> bool:
    kinds = {"string": str, "integer": int, "number": (int, float), "array": list, "object": dict, "boolean": bool}
    return value is None if kind == "null" else isinstance(value, kinds[kind])


def _mapping_fits(value: dict[str, Any], node: dict[str, Any]) -> bool:
    properties, others = node.get("properties", {}), node.get("additionalProperties", True)
    known = all(fits(one, properties[key]) for key, one in value.items() if key in properties)
    unknown = [one for key, one in value.items() if key not in properties]
    open_ = others if isinstance(others, bool) else all(fits(one, others) for one in unknown)
    return known and (open_ or not unknown) and all(key in value for key in node.get("required", []))


def test_the_shipped_schema_is_current() -> None:
    """`harness plan schema > configs/schema/plan.schema.json` mends it."""
    assert SCHEMA_FILE.read_text() == schema.rendered()


def test_the_schema_uses_draft_07_alone() -> None:
    assert SCHEMA["$schema"] == "http://json-schema.org/draft-07/schema#"
    for one in schemas(SCHEMA):
        assert set(one) <= DRAFT_07
        assert one.get("$ref", "#/definitions/").startswith("#/definitions/")
    assert "$defs" not in json.dumps(SCHEMA)


def test_the_schema_knows_every_action() -> None:
    tags = {
        one["properties"]["action"].get("const") for one in schemas(SCHEMA) if "action" in one.get("properties", {})
    }
    assert tags == set(registry.names("fault"))


@pytest.mark.parametrize("name", PLANS)
def test_the_schema_accepts_a_shipped_plan(name: str) -> None:
    assert fits(yaml.safe_load(plan.find(name).read_text()), SCHEMA)


@pytest.mark.parametrize(
    "text",
    [
        plan.template(),
        "{version: 1, timing: {scale: 4}, checks: [convergence, {check: staleness, within: 2s}]}",
        "{version: 1, faults: [{action: reconnect, clients: [a], every: 10s}]}",
        "{version: 1, faults: [{action: duplicate, links: [a], chance: 0.5}]}",
    ],
)
def test_the_schema_accepts_every_short_form(text: str) -> None:
    assert fits(yaml.safe_load(text), SCHEMA)


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        "{version: 2}",
        "{version: 1, titel: x}",
        "{version: 1, duration: 10}",
        "{version: 1, faults: [{action: dely, links: [a], latency: 1s}]}",
        "{version: 1, faults: [{action: delay, links: [a], latency: 1s, jiter: 2s}]}",
        "{version: 1, faults: [{action: delay, links: [], latency: 1s}]}",
        "{version: 1, faults: [{action: duplicate, links: [a], chance: 1.4}]}",
        "{version: 1, timing: quick}",
        "{version: 1, workload: {script: [{at: 1s, node: a, do: chunk, job: a}]}}",
        "{version: 1, expect: {hardened: {verdict: FINE}}}",
    ],
)
def test_the_schema_refuses_what_loading_refuses(text: str) -> None:
    assert not fits(yaml.safe_load(text), SCHEMA)
    with pytest.raises(plan.PlanErrors):
        plan.parse(text)
