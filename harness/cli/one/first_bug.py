"""The first minute: one plan on both profiles, so that a defect is seen, and seen to be gone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import msgspec

from harness import plan as plans
from harness import registry
from harness.runs.keep import DEFAULT_RUNTIME, Kept, run_and_keep
from harness.schedule import Choice
from harness.store.index import Store
from harness.verdict import Verdict

PLAN = "regressions/unicode-double-append"
EXPECTED = {"documented": Verdict.INVALID, "hardened": Verdict.VALID}


class Act(msgspec.Struct, kw_only=True):
    """One of the two runs."""

    profile: str
    kept: Kept

    @property
    def as_expected(self) -> bool:
        return self.kept.result.verdict is EXPECTED[self.profile]


def acts(store: Store, argv: Sequence[str], note: Callable[[str], None]) -> Iterator[Act]:
    """The same plan and seed on `documented`, then on `hardened`. Raises what a run raises."""
    plan = plans.load(PLAN)
    runtime = registry.find("runtime", DEFAULT_RUNTIME)
    for profile in EXPECTED:
        note(f"{PLAN} on {profile}")
        schedule = plans.expand_on(runtime, plan, None, Choice(profile=profile))
        text = plan.source.text
        yield Act(
            profile=profile,
            kept=run_and_keep(schedule, runtime, store=store, plan_text=text, argv=list(argv), note=note),
        )
