"""Plans: faults as YAML, and the schedules that come of them.

`load` or `parse` a plan (all its errors at once, as `PlanErrors`), `expand` it with a seed, `dump` it as YAML.
Rooms: `text` (files, data with places, complaints, the first pass) · `times` (when faults occur) · `systems`
(topologies and compose files) · `words` (what a plan may say, and the schema) · `meaning` (second pass). Made of them,
here: `loading` (file or text → plan → schedule) · `expand`, and `identity`, which names its draws · `matrix` (one plan,
many variants) · `adhoc` (faults on one line each) · `writing` (plan → YAML) · `template` (for beginners).

May use: `harness/plan/meaning`, `harness/plan/systems`, `harness/plan/text`, `harness/plan/times`,
`harness/plan/words`, `harness/runtimes`, `harness/workload`, `harness`, `targets/profiles`, `faults`.
"""

from __future__ import annotations

from harness.plan.adhoc import ad_hoc, with_faults
from harness.plan.loading import (
    Plan,
    check,
    dump,
    expand,
    expand_on,
    find,
    load,
    parse,
    system,
    used_topology,
    variants,
)
from harness.plan.meaning.whole import split_profile
from harness.plan.systems.files import load_topology
from harness.plan.template import template
from harness.plan.text.errors import PlanError, PlanErrors, Span
from harness.plan.text.files import members
from harness.plan.words.schema import plan_schema
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
    "expand_on",
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
