"""What an audit says of a claim: how it is decided, on which system, and by what."""

from __future__ import annotations

from typing import Literal

import msgspec

Status = Literal["HOLDS", "REFUTED", "UNDECIDED"]


class Measured(msgspec.Struct, kw_only=True):
    """A figure beside what is claimed of it. `value`: None if the run had none of it; `ratio`: to the run without;
    `growth`: with what the value is the exponent of, `points` being those that it comes of."""

    figure: str
    value: float | None
    at_least: float | None = None
    at_most: float | None = None
    ratio: bool = False
    growth: str | None = None
    points: list[tuple[float, float]] = []

    @property
    def holds(self) -> bool:
        value = self.value
        return value is not None and (value if self.at_least is None else self.at_least) <= value <= (
            value if self.at_most is None else self.at_most
        )


def in_words(one: Measured) -> str:
    """`latency/hit_p50_ms is 71.2, claimed at least 50 and at most 150`."""
    bounds = {"at least": one.at_least, "at most": one.at_most}
    claimed = " and ".join(f"{word} {bound:g}" for word, bound in bounds.items() if bound is not None)
    value = "not measured" if one.value is None else f"{one.value:.4g}"
    if one.growth is None:
        return f"{one.figure} is {value}{' of that without' if one.ratio else ''}, claimed {claimed}"
    seen = f" ({', '.join(f'{y:.4g} at {x:g}' for x, y in one.points)})" if one.points else ""
    return f"{one.figure} grows as {one.growth} to the power of {value}{seen}, claimed {claimed}"


class Counterexample(msgspec.Struct, kw_only=True):
    """The smallest plan known that refutes a claim, in the simulator. `calls` of its script and `faults`; `by`,
    `message` and `story`, one sentence an operation: what its run finds."""

    plan: str
    profile: str
    seed: int
    calls: int
    faults: int
    by: str
    message: str
    story: list[str] = []

    @property
    def command(self) -> str:
        return f"harness run {self.plan} --profile {self.profile} --seed {self.seed}"


class Decision(msgspec.Struct, kw_only=True):
    """What one run says of a claim. `by`: the finding that refutes it, `CHECKER/REASON`, or the figure that does,
    `quantity/NAME`; `message`: in words, and `story`, one sentence an operation; `measured`: its figures; `why`: why
    nothing is decided."""

    status: Status
    profile: str
    runtime: str
    with_: list[str] = []
    without: list[str] = []
    mistake: bool = False
    by: str | None = None
    message: str = ""
    story: list[str] = []
    measured: list[Measured] = []
    why: str | None = None


class Audited(msgspec.Struct, kw_only=True):
    """One claim. `decision` is that of the audited profile; `sound` that of `hardened`; `broken` that of the system in
    which it is broken. `smaller`: a counter-example that is smaller than the claim's own plan."""

    id: str
    says: str
    section: str
    plan: str
    strictly: bool = False
    unkeepable: str | None = None
    seed: int
    decision: Decision
    sound: Decision
    broken: Decision
    smaller: Counterexample | None = None

    @property
    def flips(self) -> bool:
        """Is it decided as it should be, where the answer is known?"""
        kept = "REFUTED" if self.unkeepable else "HOLDS"
        return self.sound.status == kept and self.broken.status == "REFUTED"
