"""What there is of each kind, with one line on each."""

from __future__ import annotations

import importlib
import inspect
from typing import Any

from harness import plan as plans
from harness import registry
from targets import policy, profiles


def names(kind: str) -> list[str]:
    """All names of a kind; policies are a kind here too."""
    return list(slots()) if kind == "policy" else registry.names(kind)


def slots() -> dict[str, policy.Slot[Any]]:
    """Every place where profiles differ, by name."""
    profiles.known_slots()
    return policy.slots()


def variants(slot: policy.Slot[Any]) -> dict[str, str]:
    """What else a plan may choose there: name → one line."""
    return {name: _first_sentence(inspect.getdoc(type(choice)) or "") for name, choice in slot.variants.items()}


def summary(kind: str, name: str) -> str:
    """One line on a plug-in, in its own words."""
    if kind == "policy":
        return _first_sentence(slots()[name].doc)
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
