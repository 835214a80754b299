"""Plans: faults as YAML, and the schedules that come of them.

`load` or `parse` a plan (all its errors at once, as `PlanErrors`), `expand` it with a seed, `dump` it as YAML.
Rooms: `files` (by name) · `source` (text → data with places) · `errors` · `model` (the words) · `validate`, `salvage`
and `meaning` (first pass, what is left for the second, second pass) · `order`, `following`, `repeat`, `expand` ·
`topology` (its words, and the system that comes of it) and `sense` (what makes none in one) · `containers`,
`compose_words` and `compose` (what a compose file says of a topology) · `matrix` (one plan, many
variants) · `adhoc` (faults on one line each) · `writing` · `schema`, `template` (for editors and for beginners) ·
`described` (what each word means).
"""

from __future__ import annotations

from harness.plan.adhoc import ad_hoc, with_faults
from harness.plan.errors import PlanError, PlanErrors, Span
from harness.plan.files import load_topology, members
from harness.plan.loading import (
    Plan,
    check,
    dump,
    expand,
    find,
    load,
    parse,
    system,
    used_topology,
    variants,
)
from harness.plan.meaning import split_profile
from harness.plan.schema import plan_schema
from harness.plan.template import template
from harness.plan.writing import on_one_line

__all__ = [
    "Plan",
    "PlanError",
    "PlanErrors",
    "Span",
    "ad_hoc",
    "check",
    "dump",
    "expand",
    "find",
    "load",
    "load_topology",
    "members",
    "on_one_line",
    "parse",
    "plan_schema",
    "split_profile",
    "system",
    "template",
    "used_topology",
    "variants",
    "with_faults",
]
