"""How the loss of each safeguard is shown: the plans under `configs/ablations/`, one a policy, named after it.

Such a plan records a seed and expects two things: that its base is VALID, and that the base without the policy is
INVALID, by the checker it names:

    seed: 7
    expect:
      hardened: {verdict: VALID}
      hardened-snapshots.newer: {verdict: INVALID, check: monotonic}

The base is `hardened`, or `hardened` without a second line of defence that would hide the loss.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

from harness import plan as plans
from harness import registry
from targets import policy, profiles

FOLDER = "ablations"
PROFILE = "hardened"
SEEDS = range(200)  # a failing seed is one of them


@dataclass(frozen=True)
class Ablation:
    """`base`: the safeguards that are missing on both sides. `check` says INVALID at `seed` without `policy`."""

    policy: str
    plan: str
    seed: int
    check: str
    base: tuple[str, ...] = ()

    @property
    def without(self) -> tuple[str, ...]:
        return (*self.base, self.policy)

    @property
    def way(self) -> str:
        """How a masked one is shown."""
        if self.base:
            return f"on a base without {' and '.join(self.base)}"
        if self.check == "reaction":
            return "by the checker that asks for an answer to every trigger"
        return "by a directed plan"


class NoAblation(ValueError):
    """A plan under `configs/ablations/` that is none; says why."""


def safeguards() -> list[str]:
    """Every policy that can be taken out, by name."""
    profiles.known_slots()
    return [name for name, slot in policy.slots().items() if slot.is_safeguard]


def planned() -> dict[str, str]:
    """Policy → plan, as the files are called."""
    names = (name for name in registry.names("plan") if name.startswith(f"{FOLDER}/"))
    return {name.removeprefix(f"{FOLDER}/"): name for name in names}


@functools.cache
def read(plan: str) -> Ablation:
    """What a plan under `configs/ablations/` says it shows. Raises `NoAblation`, `PlanErrors`."""
    name, words = plan.removeprefix(f"{FOLDER}/"), plans.load(plan).words
    if name not in safeguards():
        raise NoAblation(f"{plan}: its name is not that of a safeguard")
    if words.seed is None or words.seed not in SEEDS:
        raise NoAblation(f"{plan}: it records no seed from {SEEDS[0]} to {SEEDS[-1]}")
    found = {plans.split_profile(key): expected for key, expected in words.expect.items()}
    ablated = [key for key, expected in found.items() if expected.verdict == "INVALID"]
    if len(found) != 2 or len(ablated) != 1:
        raise NoAblation(f"{plan}: it expects something other than one VALID and one INVALID")
    ((_, _, without),) = ablated
    base = tuple(one for one in without if one != name)
    check = found[ablated[0]].check
    if found.keys() != {(PROFILE, (), base), (PROFILE, (), without)} or base == without or check is None:
        raise NoAblation(f"{plan}: it does not tell {PROFILE} without {name}, and by which checker, from its base")
    if found[PROFILE, (), base].verdict != "VALID":
        raise NoAblation(f"{plan}: its base is not VALID")
    return Ablation(name, plan, words.seed, check, base)


def shown() -> dict[str, Ablation]:
    """Policy → how its loss is shown, of all that have a plan."""
    return {name: read(plan) for name, plan in planned().items()}


def how(name: str) -> str:
    """How the loss of a safeguard is shown, in words."""
    plan = planned().get(name)
    if plan is None:
        return "no plan shows it"
    found = read(plan)
    hidden = masked_by(name)
    masked, way = (f"masked by {hidden}; ", f", {found.way}") if hidden else ("", "")
    return f"{masked}shown by {found.check}{way}: {found.plan}, seed {found.seed}"


def masked_by(name: str) -> str:
    """The second line of defence that hides the loss of a safeguard: what its plan's base leaves out, or as its slot
    says; empty when nothing hides it."""
    return " and ".join(base_of(name)) or policy.slots()[name].masked_by


def base_of(name: str) -> tuple[str, ...]:
    """What must be missing as well before the loss of this safeguard shows."""
    plan = planned().get(name)
    return read(plan).base if plan is not None else ()
