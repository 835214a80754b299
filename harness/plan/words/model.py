"""What a plan may say. The faults' part comes from the plug-ins: a new fault is one new file."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from contextlib import suppress
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Field, create_model

from faults import DurationNs, OrShort, Timed, Words
from harness import registry
from harness.plan.systems.topology import TimingWords
from harness.workload.tagged import OneOf
from harness.workload.words import Workload

VERSION = 1


def fault_models() -> dict[str, type[Timed]]:
    """Action → the words of that fault, of all that there are."""
    return {action: fault_model(action) for action in registry.names("fault")}


@functools.cache
def fault_model(action: str) -> type[Timed]:
    """The words of a fault, as its plug-in defines them, told apart by `action`. Raises `UnknownName`."""
    words: type[Timed] = registry.find("fault", action).Params
    literal: Any = Literal[action]
    name = "".join(part.title() for part in action.split("_"))
    return create_model(name, __base__=words, __doc__=words.__doc__, action=(literal, ...))


class AnyFault(OneOf):
    """Marks a field that holds any fault there is."""

    TAG = "action"

    @classmethod
    def members(cls) -> Mapping[str, type[Timed]]:
        return fault_models()

    @classmethod
    def member(cls, tag: str) -> type[Timed] | None:
        with suppress(registry.UnknownName):
            return fault_model(tag)
        return None


class Settle(Words):
    """After the faults have healed: nobody does anything for `quiesce`, then at most `converge` until all agree.

    Left out, `converge` is the least that the topology's timing allows.
    """

    quiesce: DurationNs = 1_000_000_000
    """How long nobody does anything after the faults have healed: a duration. The default is 1s."""
    converge: DurationNs | None = None
    """How long all may take after that until they agree: a duration. Left out, it is the least that the topology's
    timing allows."""


class Check(Words):
    """A checker and its parameters; every other key is one of them."""

    model_config = ConfigDict(extra="allow")

    check: str
    """The name of the checker, one that `harness list checkers` shows; every other key is a parameter of it."""

    @property
    def params(self) -> dict[str, Any]:
        return dict(self.model_extra or {})


def _check(value: object) -> object:
    """`checks: [convergence]` is short for a checker without parameters."""
    return {"check": value} if isinstance(value, str) else value


CheckWords = Annotated[Check, BeforeValidator(_check), OrShort({"type": "string"})]


class Expectation(Words):
    """What a run is expected to find: the verdict, and which checker says INVALID."""

    verdict: Literal["VALID", "INVALID", "UNKNOWN"]
    """The verdict that the run is expected to end with."""
    check: str | None = None
    """The checker that is expected to say INVALID. Left out, it may be any."""


class Mistake(Words):
    """A mistake in a component, as one place of a file: what is taken out of it, and what is put there."""

    file: str = Field(min_length=1, max_length=200)
    """The file of the component, beginning with its package: `targets/desktop/journal.py`."""
    removes: str = Field(min_length=1, max_length=4000)
    """The text that is taken out; it stands in the file once."""
    puts: str = Field("", max_length=4000)
    """The text that is put in its place. Left out, nothing is."""


class Broken(Words):
    """A system in which a claim does not hold: another profile, safeguards taken out, or a mistake in a component."""

    profile: str | None = None
    """The profile that the broken system has. Left out, it is the plan's own."""
    with_: list[str] = Field(default=[], alias="with", max_length=20)
    """Policies that are hardened, or variants that are chosen, in the broken system. Left out, none."""
    without: list[str] = Field(default=[], max_length=20)
    """Safeguards that are taken out of the broken system. Left out, none."""
    mistake: Mistake | None = None
    """A mistake that is put into a component. Left out, there is none."""


class Quantity(Words):
    """A figure that `harness audit` measures, and between what it is claimed to lie, in the unit that ends its name.
    With `ratio` it is divided by that of the same run without what the claim is `with`. With `growth`, a key of the
    plan's `matrix`, it is the exponent with which the figure grows with the numbers there: about 0 for what stays as it
    is, 1 for what grows in proportion."""

    figure: str = Field(pattern=r"^[a-z_]+/[a-z0-9_]+$")
    """Which figure is measured, `MEASURE/FIGURE`; the unit ends its name."""
    at_least: float | None = None
    """The least that is claimed, in the figure's unit. Left out, there is no lower bound."""
    at_most: float | None = None
    """The most that is claimed, in the figure's unit. Left out, there is no upper bound."""
    ratio: bool = False
    """Whether the figure is divided by that of the same run without what the claim is `with`. The default is no."""
    growth: str | None = None
    """A key of the plan's `matrix` with whose numbers the figure grows; the bounds are of the exponent. Left out, the
    figure itself is judged."""


class ClaimWords(Words):
    """What the design document claims, and what would refute it: `harness audit` decides it by playing this plan.

    `refuted_by` names reasons of checkers, `CHECKER/REASON` or `CHECKER/*`. A run decides something only if each of
    these checkers judged something, and if messages of all the types in `messages` were delivered. `strictly`: what the
    profile's own caches excuse counts as well. `quantities` are measured; one out of its bounds refutes the claim.
    `with`: the options that it is about. `unkeepable` says why no system of this shape can keep it, `hardened` no more
    than others.
    """

    id: str = Field(pattern=r"^C\d\d$")
    """The number of the claim: `C` and two digits."""
    says: str = Field(min_length=1, max_length=300)
    """The claim in the words of the design document."""
    section: str = Field(min_length=1, max_length=200)
    """Where in the design document the claim stands."""
    refuted_by: list[str] = Field(default=[], max_length=50)
    """Reasons of checkers that refute the claim, `CHECKER/REASON` or `CHECKER/*`. Left out, only quantities can."""
    quantities: list[Quantity] = Field(default=[], max_length=10)
    """Figures that are measured; one out of its bounds refutes the claim. Left out, none is."""
    with_: list[str] = Field(default=[], alias="with", max_length=20)
    """The options that the claim is about, which are switched on for it. Left out, none."""
    unkeepable: str | None = Field(default=None, max_length=300)
    """Why no system of this shape can keep the claim. Left out, one can."""
    messages: list[str] = Field(default=[], max_length=50)
    """Types of messages that have to be delivered before a run decides anything. Left out, none has to."""
    strictly: bool = False
    """Whether what the profile's own caches excuse counts as well. The default is no."""
    broken: Broken
    """A system in which the claim does not hold, which shows that the plan would find it."""


class FindingWords(Words):
    """A defect of the documented design, which this plan shows in few calls: `harness audit --findings` tells it.

    It refutes `claim`, one of those that `harness audit` decides, and `also` others. `by` is what the run finds,
    `CHECKER/REASON`; `repair` the fewest safeguards with which it no longer does.
    """

    claim: str = Field(pattern=r"^C\d\d$")
    """The claim that the defect refutes: `C` and two digits."""
    also: list[Annotated[str, Field(pattern=r"^C\d\d$")]] = Field(default=[], max_length=5)
    """Other claims that it refutes as well, at most five. Left out, none."""
    by: str = Field(pattern=r"^[a-z-]+/[a-z-]+$")
    """What the run finds: a checker and its reason, `CHECKER/REASON`."""
    repair: list[str] = Field(min_length=1, max_length=5)
    """The fewest safeguards with which the run no longer finds it."""


class PlanWords(Words):
    """A plan: who does what, what goes wrong meanwhile, and how the result is judged.

    `policies` chooses variants and options of the built-in components (`harness list profiles` lists them).
    `matrix` multiplies it for campaigns: `{workload.rate: [10/s, 40/s], faults.split.for: [1s, 5s]}` makes four plans.
    `pick: 2` plays only two of the faults in each seed, drawn anew; one that begins `after` another comes with it.
    `draws` is what all random draws are named after, besides the seed. Left out, it is what the plan says: two plans
    never play the same round. Give a plan the one of its run to keep the draws while you change it.
    """

    version: Literal[1]
    """The version of the language in which the plan is written. There is one so far: 1."""
    title: str = Field("", max_length=200)
    """What the plan is about, in a line for reports. Left out, it is the plan's name."""
    description: str = Field("", max_length=4000)
    """What the plan is for, in as many sentences as it takes. Left out, nothing is said."""
    seed: int | None = Field(None, ge=0, lt=2**63)
    """The seed of all random draws, if the command line names none. Left out, it is 0."""
    draws: str | None = Field(None, min_length=1, max_length=64)
    """What all random draws are named after, besides the seed. Left out, it is what the plan says, so that each plan
    has draws of its own."""
    duration: DurationNs = Field(60_000_000_000, gt=0)
    """How long workload and faults last: a duration such as `30s`. The default is 1m."""
    topology: str = Field("one-user", min_length=1)
    """Who there is: a topology that `harness list topologies` shows, or a YAML file. The default is `one-user`."""
    timing: TimingWords | None = None
    """How fast the components' timers run: `real`, `fast` (20 times as fast) or `{scale: 20}`. Left out, it is the
    topology's."""
    policies: dict[str, str] = Field(default={})
    """Variants and options of the built-in components, `{POLICY: CHOICE}`. Left out, the profile decides."""
    workload: Workload = Workload()
    """Who does what, and how often. Left out, it is a mix of all calls at its default rates."""
    faults: list[Annotated[Timed, AnyFault]] = Field(default=[], max_length=1000)
    """What goes wrong meanwhile, one entry a fault. Left out, nothing does."""
    pick: int | None = Field(None, ge=1)
    """How many of the faults each seed plays, drawn anew. Left out, it plays all of them."""
    settle: Settle = Settle()
    """How long the system may rest and converge after the faults have healed, before it is judged."""
    checks: list[CheckWords] = Field(default=[], max_length=100)
    """The checkers that judge the run, with parameters; each has to find something to judge. Left out, all look."""
    expect: dict[str, Expectation] = Field(default={})
    """The verdict that is expected, by profile: `{documented: {verdict: INVALID}}`. Left out, VALID is success."""
    claim: ClaimWords | None = None
    """The claim of the design document that the plan decides. Left out, it is a plan like any other."""
    finding: FindingWords | None = None
    """The defect of the documented design that the plan shows. Left out, it is a plan like any other."""
    matrix: dict[str, Annotated[list[Any], Field(min_length=1, max_length=100)]] = Field(default={})
    """Lists of values by the place in the plan, `{workload.rate: [10/s, 40/s]}`: a campaign plays every combination.
    Left out, there is one plan."""
