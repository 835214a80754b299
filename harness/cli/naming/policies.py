"""Policies in their own words: what each choice does, and how the loss of a safeguard is shown."""

from __future__ import annotations

from harness.cli.naming import catalogue
from harness.cli.telling import say
from harness.hunting import ablations


def explain(name: str) -> None:
    slot = catalogue.slots()[name]
    say.prose(f"A rule of the {slot.role}.")
    for choice in ("documented", "hardened", *slot.variants) if slot.is_safeguard else ("hardened", *slot.variants):
        say.heading(choice if slot.is_safeguard or choice in slot.variants else "in both profiles")
        say.prose(catalogue.told(slot, choice))
    for variant in slot.variants:
        say.line(f"  harness run quickstart --with {name}={variant}")
    if slot.is_safeguard:
        say.heading("how its loss is shown")
        say.prose(ablations.how(name))
        say.line(f"  harness run {_shown_with(name)}")
        say.line(f"  harness run quickstart --profile documented --with {name}")


def _shown_with(name: str) -> str:
    """The plan that shows its loss, and what is to be taken out for it."""
    plan = ablations.planned().get(name)
    without = (name,) if plan is None else ablations.read(plan).without
    return f"{plan or 'quickstart'} " + " ".join(f"--without {one}" for one in without)
