"""What a plan may say. The faults' part comes from the plug-ins: a new fault is one new file."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Field, GetCoreSchemaHandler, create_model
from pydantic_core import CoreSchema, core_schema

from faults import DurationNs, OrShort, Timed, Words
from harness import registry
from harness.plan.topology import TimingWords
from harness.workload.words import Workload

VERSION = 1


@functools.cache
def fault_models() -> dict[str, type[Timed]]:
    """Action → the words of that fault, as its plug-in defines them, told apart by `action`."""
    return {action: _with_action(action) for action in registry.names("fault")}


def _with_action(action: str) -> type[Timed]:
    words: type[Timed] = registry.find("fault", action).Params
    literal: Any = Literal[action]
    name = "".join(part.title() for part in action.split("_"))
    return create_model(name, __base__=words, __doc__=words.__doc__, action=(literal, ...))


class AnyFault:
    """Marks a field that holds any fault there is, told apart by `action`."""

    TAG = "action"

    @classmethod
    def members(cls) -> Mapping[str, type[Timed]]:
        return fault_models()

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        choices: dict[Any, CoreSchema] = {a: handler.generate_schema(m) for a, m in fault_models().items()}
        return core_schema.tagged_union_schema(choices, discriminator=cls.TAG)


class Settle(Words):
    """After the faults have healed: nobody does anything for `quiesce`, then at most `converge` until all agree.

    Left out, `converge` is the least that the topology's timing allows.
    """

    quiesce: DurationNs = 1_000_000_000
    converge: DurationNs | None = None


class Check(Words):
    """A checker and its parameters; every other key is one of them."""

    model_config = ConfigDict(extra="allow")

    check: str

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
    check: str | None = None


class Mistake(Words):
    """A mistake in a component, as one place of a file: what is taken out of it, and what is put there."""

    file: str = Field(min_length=1, max_length=200)
    removes: str = Field(min_length=1, max_length=4000)
    puts: str = Field("", max_length=4000)


class Broken(Words):
    """A system in which a claim does not hold: another profile, safeguards taken out, or a mistake in a component."""

    profile: str | None = None
    with_: list[str] = Field(default=[], alias="with", max_length=20)
    without: list[str] = Field(default=[], max_length=20)
    mistake: Mistake | None = None


class Quantity(Words):
    """A figure that `harness audit` measures, and between what it is claimed to lie, in the unit that ends its name.
    With `ratio` it is divided by that of the same run without what the claim is `with`. With `growth`, a key of the
    plan's `matrix`, it is the exponent with which the figure grows with the numbers there: about 0 for what stays as it
    is, 1 for what grows in proportion."""

    figure: str = Field(pattern=r"^[a-z_]+/[a-z0-9_]+$")
    at_least: float | None = None
    at_most: float | None = None
    ratio: bool = False
    growth: str | None = None


class ClaimWords(Words):
    """What the design document claims, and what would refute it: `harness audit` decides it by playing this plan.

    `refuted_by` names reasons of checkers, `CHECKER/REASON` or `CHECKER/*`. A run decides something only if each of
    these checkers judged something, and if messages of all the types in `messages` were delivered. `strictly`: what the
    profile's own caches excuse counts as well. `quantities` are measured; one out of its bounds refutes the claim.
    `with`: the options that it is about. `unkeepable` says why no system of this shape can keep it, `hardened` no more
    than others.
    """

    id: str = Field(pattern=r"^C\d\d$")
    says: str = Field(min_length=1, max_length=300)
    section: str = Field(min_length=1, max_length=200)
    refuted_by: list[str] = Field(default=[], max_length=50)
    quantities: list[Quantity] = Field(default=[], max_length=10)
    with_: list[str] = Field(default=[], alias="with", max_length=20)
    unkeepable: str | None = Field(default=None, max_length=300)
    messages: list[str] = Field(default=[], max_length=50)
    strictly: bool = False
    broken: Broken


class FindingWords(Words):
    """A defect of the documented design, which this plan shows in few calls: `harness audit --findings` tells it.

    It refutes `claim`, one of those that `harness audit` decides, and `also` others. `by` is what the run finds,
    `CHECKER/REASON`; `repair` the fewest safeguards with which it no longer does.
    """

    claim: str = Field(pattern=r"^C\d\d$")
    also: list[Annotated[str, Field(pattern=r"^C\d\d$")]] = Field(default=[], max_length=5)
    by: str = Field(pattern=r"^[a-z-]+/[a-z-]+$")
    repair: list[str] = Field(min_length=1, max_length=5)


class PlanWords(Words):
    """A plan: who does what, what goes wrong meanwhile, and how the result is judged.

    `policies` chooses variants and options of the built-in components (`harness list profiles` lists them).
    `matrix` multiplies it for campaigns: `{workload.rate: [10/s, 40/s], faults.split.for: [1s, 5s]}` makes four plans.
    `pick: 2` plays only two of the faults in each seed, drawn anew; one that begins `after` another comes with it.
    `draws` is what all random draws are named after, besides the seed. Left out, it is what the plan says: two plans
    never play the same round. Give a plan the one of its run to keep the draws while you change it.
    """

    version: Literal[1]
    title: str = Field("", max_length=200)
    description: str = Field("", max_length=4000)
    seed: int | None = Field(None, ge=0, lt=2**63)
    draws: str | None = Field(None, min_length=1, max_length=64)
    duration: DurationNs = Field(60_000_000_000, gt=0)
    topology: str = Field("one-user", min_length=1)
    timing: TimingWords | None = None
    policies: dict[str, str] = Field(default={})
    workload: Workload = Workload()
    faults: list[Annotated[Timed, AnyFault]] = Field(default=[], max_length=1000)
    pick: int | None = Field(None, ge=1)
    settle: Settle = Settle()
    checks: list[CheckWords] = Field(default=[], max_length=100)
    expect: dict[str, Expectation] = Field(default={})
    claim: ClaimWords | None = None
    finding: FindingWords | None = None
    matrix: dict[str, Annotated[list[Any], Field(min_length=1, max_length=100)]] = Field(default={})
