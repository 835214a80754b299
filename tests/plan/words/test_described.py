"""Every word of a plan says what it means, in a sentence, in the schema that editors read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from faults import Words
from faults.kill import KillWords
from harness import plan as plans
from harness.plan.words.described import descriptions
from harness.plan.words.model import PlanWords
from harness.workload.words import Workload

LEAST_WORDS = 6


def _words(schema: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, model in [("plan", schema), *schema["definitions"].items()]:
        for key, said in model.get("properties", {}).items():
            yield f"{name}.{key}", said


def test_every_word_of_the_schema_is_described_in_a_sentence() -> None:
    found = dict(_words(plans.plan_schema()))
    assert len(found) > 400
    told = {name: said.get("description", "") if isinstance(said, dict) else "" for name, said in found.items()}
    assert {name: text for name, text in told.items() if len(text.split()) < LEAST_WORDS} == {}
    assert {name: text for name, text in told.items() if not text.endswith((".", ")"))} == {}


def test_what_may_be_left_out_says_what_is_then() -> None:
    for name, field in PlanWords.model_fields.items():
        text = descriptions(PlanWords)[name]
        assert field.is_required() or name == "settle" or "default" in text or "Left out" in text, name


def test_a_description_is_inherited_and_may_be_said_anew() -> None:
    assert descriptions(KillWords)["nodes"].startswith("The nodes that it is about")
    assert "leave it out" in descriptions(KillWords)["for_"]
    assert "leave it out" not in descriptions(Workload)["jobs"]


def test_a_model_without_a_source_has_no_descriptions() -> None:
    scope: dict[str, Any] = {"Words": Words}
    exec("class Odd(Words):\n    key: int = 0\n    '''What it is.'''\n", scope)
    assert descriptions(scope["Odd"]) == {}
