"""What there is of each kind, with one line on each."""

from __future__ import annotations

import importlib
import inspect
import re
from typing import Any

from harness import plan as plans
from harness import registry
from targets import policy, profiles

_PLACE = re.compile(r'^Document(, "[^"]*"( and "[^"]*")*)?(: |, )')  # who reads this need not have the document
_SILENT = "silent; "
_OFF = "As the section says: without it."
_WITHOUT = "Without it "


def names(kind: str) -> list[str]:
    """All names of a kind; policies are a kind here too."""
    return list(slots()) if kind == "policy" else registry.names(kind)


def slots() -> dict[str, policy.Slot[Any]]:
    """Every place where profiles differ, by name."""
    profiles.known_slots()
    return policy.slots()


def variants(slot: policy.Slot[Any]) -> dict[str, str]:
    """What else a plan may choose there: name → one line."""
    return {name: _first_sentence(told(slot, name)) for name in slot.variants}


def told(slot: policy.Slot[Any], choice: str) -> str:
    """What a choice does, without the places of the design document that it was read from."""
    text = _flat(slot.choice(choice))
    if text == _OFF:
        lost = _flat(slot.choice("hardened")).partition(_WITHOUT)[2]
        return f"It is left out: {lost}" if lost else "It is left out."
    return placeless(text)


def placeless(text: str) -> str:
    """`text` without the place of the design document at which it begins, on one line."""
    text = " ".join(text.split())
    found = _PLACE.match(text)
    if found is None:
        return text
    rest = text[found.end() :]
    if rest.startswith(_SILENT):
        return f"The design document says nothing of it: {rest.removeprefix(_SILENT)}"
    return f"As the design document has it: {rest}"


def _flat(choice: object) -> str:
    return " ".join((inspect.getdoc(type(choice)) or "").split())


def summary(kind: str, name: str) -> str:
    """One line on a plug-in, in its own words."""
    if kind == "policy":
        return _first_sentence(placeless(slots()[name].doc))
    if kind == "profile":
        return profile_summary(name)
    if kind == "plan":
        return plans.load(name).title
    if kind == "topology":
        return _first_comment(registry.find(kind, name).read_text(encoding="utf-8"))
    found = registry.find(kind, name)
    if kind == "fault":
        return _first_sentence(inspect.getdoc(found.Params) or "")
    return str(found.GUARANTEE if kind == "checker" else found.SUMMARY)


def profile_summary(name: str) -> str:
    module = importlib.import_module(f"{profiles.__name__}.{name.replace('-', '_')}")
    return str(getattr(module, "SUMMARY", ""))


def _first_sentence(text: str) -> str:
    flat = " ".join(text.split())
    head, dot, _ = flat.partition(". ")
    return head + "." if dot else flat


def _first_comment(text: str) -> str:
    lines = [line.lstrip("# ").strip() for line in text.splitlines() if line.startswith("#")]
    return lines[0] if lines else ""
