"""`harness plan reference` is the file that ships, and says everything that a plan may say."""

from __future__ import annotations

import re
from pathlib import Path

from cli_rig import Harness

from harness import plan as plans
from harness import registry
from harness.cli.naming import plan_reference

ROOT = Path(__file__).parents[2]


def test_the_reference_printed_is_the_reference_shipped(harness: Harness) -> None:
    shipped = (ROOT / "docs" / "plans.md").read_text()
    assert harness("plan", "reference").out == shipped, "harness plan reference > docs/plans.md"
    assert "docs/plans.md" in (ROOT / "README.md").read_text()


def test_every_word_of_the_schema_stands_in_it_with_its_meaning() -> None:
    text = plan_reference.rendered()
    schema = plans.plan_schema()
    for model in (schema, *schema["definitions"].values()):
        for word, said in model.get("properties", {}).items():
            if word == "do" or "leave it out" in said["description"]:  # the title of a call; of faults without it
                continue
            assert f"| `{word}` |" in text
            assert said["description"].replace("|", "\\|") in text, word
    assert all(f"### {action}\n" in text for action in registry.names("fault"))


def test_every_link_leads_somewhere() -> None:
    text = plan_reference.rendered()
    anchors = {
        title.lower().replace(" ", "-").replace(".", "") for title in re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    }
    assert set(re.findall(r"\]\(#([^)]*)\)", text)) <= anchors


def test_no_default_is_in_nanoseconds() -> None:
    assert not re.search(r"\| `\d*000000` \|", plan_reference.rendered())
