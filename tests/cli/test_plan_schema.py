"""`harness plan schema` is the file that ships."""

from __future__ import annotations

from cli_rig import Harness

from harness import registry


def test_the_schema_printed_is_the_schema_shipped(harness: Harness) -> None:
    shipped = registry.configs_dir() / "schema" / "plan.schema.json"
    assert harness("plan", "schema").out == shipped.read_text()
