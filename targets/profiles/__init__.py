"""One file per profile: which object every policy slot gets.

A file `targets/profiles/NAME.py` defines `PROFILE`, slot name → choice, with `"*"` for all the others, and `SUMMARY`,
one line for people. `load` composes one with single slots swapped.
"""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Iterable, Mapping

from targets.policy import Policies, UnknownPolicy, compose

DEFAULT = "hardened"
_ROOMS = ("targets.desktop", "targets.relay", "targets.mobile")


@functools.cache
def names() -> tuple[str, ...]:
    return tuple(sorted(module.name for module in pkgutil.iter_modules(__path__)))


@functools.cache
def known_slots() -> None:
    """Import every room's slots: `targets/link.py`, and `targets/<role>/policies*.py`."""
    importlib.import_module("targets.link")
    for room in _ROOMS:
        package = importlib.import_module(room)
        for module in sorted(m.name for m in pkgutil.iter_modules(package.__path__)):
            if module.startswith("policies"):
                importlib.import_module(f"{room}.{module}")


def load(
    profile: str = DEFAULT,
    with_: Iterable[str] = (),
    without: Iterable[str] = (),
    policies: Mapping[str, str] | None = None,
) -> Policies:
    """Raises `UnknownPolicy` for a profile, slot or choice that does not exist."""
    known_slots()
    if profile not in names():
        raise UnknownPolicy(profile, "profile", names())
    base = importlib.import_module(f"targets.profiles.{profile}").PROFILE
    return compose(profile, base, with_, without, policies)


def from_env(env: Mapping[str, str]) -> Policies:
    """The policies that `PROFILE`, `WITH`, `WITHOUT` and `POLICIES` name. Raises as `load` does."""
    pairs = (word.partition("=") for word in _words(env, "POLICIES"))
    chosen = {slot.strip(): choice.strip() for slot, _, choice in pairs}
    return load(env.get("PROFILE") or DEFAULT, _words(env, "WITH"), _words(env, "WITHOUT"), chosen)


def _words(env: Mapping[str, str], key: str) -> list[str]:
    return [word.strip() for word in env.get(key, "").split(",") if word.strip()]
