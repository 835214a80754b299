"""Policies in their own words: what each choice does, and how the loss of a safeguard is shown."""

from __future__ import annotations

from harness.cli import _catalogue, _say
from harness.hunting import ablations


def explain(name: str) -> None:
    slot = _catalogue.slots()[name]
    _say.prose(f"A rule of the {slot.role}.")
    for choice in ("documented", "hardened", *slot.variants) if slot.is_safeguard else ("hardened", *slot.variants):
        _say.heading(choice if slot.is_safeguard or choice in slot.variants else "in both profiles")
        _say.prose(_catalogue.told(slot, choice))
    for variant in slot.variants:
        _say.line(f"  harness run quickstart --with {name}={variant}")
    if slot.is_safeguard:
        _say.heading("how its loss is shown")
        _say.prose(ablations.how(name))
        _say.line(f"  harness run {_shown_with(name)}")
        _say.line(f"  harness run quickstart --profile documented --with {name}")


def _shown_with(name: str) -> str:
    """The plan that shows its loss, and what is to be taken out for it."""
    plan = ablations.planned().get(name)
    without = (name,) if plan is None else ablations.read(plan).without
    return f"{plan or 'quickstart'} " + " ".join(f"--without {one}" for one in without)
