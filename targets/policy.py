"""Policies: the places where profiles differ, one small object each.

A `Slot` is such a place: a name (`row.safeguard`), the object that does what the document says, and the one that
closes the defect. A component asks its `Policies` for the slot's object and calls it; no code asks which profile it
is in. A *profile* is a file under `targets/profiles/` that chooses one object for every slot; `--with NAME` and
`--without NAME` swap one slot to its hardened or documented object and nothing else. Where a slot has *variants*,
`--with NAME=VARIANT` chooses one; a slot whose profiles agree and that has one variant is an *option*, off by default.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar, cast

P = TypeVar("P")

_slots: dict[str, Slot[Any]] = {}


@dataclass(frozen=True, eq=False)
class Slot(Generic[P]):
    """One place where profiles differ. The class docstring of `hardened` says what breaks without it.

    Where the document is silent and the protocol asks the safeguard of both profiles, the profile `documented` chooses
    it too, and the slot's `documented` is what an implementation does that never thought of it.

    How its ablation is shown stands in a plan of its name under `configs/ablations/`. `masked_by` names the second line
    of defence that hides its loss from what a user sees, unless the plan's base leaves that out.
    """

    name: str
    documented: P
    hardened: P
    role: str  # whose: "desktop", "relay", "mobile"; "link": of both clients
    masked_by: str = ""
    variants: Mapping[str, P] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.name in _slots:
            raise ValueError(f"policy slot {self.name!r} is defined twice")
        _slots[self.name] = self

    @property
    def doc(self) -> str:
        return (type(self.hardened).__doc__ or "").strip()

    def choice(self, name: str) -> P:
        """Raises KeyError for a choice this slot does not have."""
        if name == "hardened":
            return self.hardened
        if name == "documented":
            return self.documented
        return self.variants[name]

    @property
    def is_safeguard(self) -> bool:
        """False: the profiles agree, and only its variants differ; there is nothing to take out."""
        return self.documented is not self.hardened

    @property
    def on(self) -> str:
        """What `--with NAME` chooses: the safeguard; for an option, which has but one variant, that one."""
        return "hardened" if self.is_safeguard or len(self.variants) != 1 else next(iter(self.variants))


class UnknownPolicy(ValueError):
    """A slot, choice or profile that does not exist; `known` are those that do."""

    def __init__(self, word: str, what: str, known: Iterable[str]) -> None:
        self.word, self.known = word, sorted(known)
        super().__init__(f"unknown {what} {word!r}")


@dataclass(frozen=True)
class Policies:
    """One object for every slot."""

    profile: str
    chosen: Mapping[str, str]

    def __getitem__(self, slot: Slot[P]) -> P:
        return slot.choice(self.chosen[slot.name])


def slots() -> dict[str, Slot[Any]]:
    """All slots by name, in the order of their names. Import `targets.profiles` first: it loads every room."""
    return dict(sorted(_slots.items()))


def compose(
    profile: str,
    base: Mapping[str, str],
    with_: Iterable[str] = (),
    without: Iterable[str] = (),
    policies: Mapping[str, str] | None = None,
) -> Policies:
    """The policies of a profile (`base`: slot → choice, `*` the rest) with single slots swapped: first `policies`, then
    `with_` (`NAME`, or `NAME=CHOICE`), then `without`.

    Raises:
        UnknownPolicy: a slot or choice that does not exist.
    """
    known = slots()
    chosen = {name: base.get(name, base["*"]) for name in known}
    swaps = list((policies or {}).items())
    swaps += [(name, choice) for name, _, choice in (word.partition("=") for word in with_)]
    swaps += [(name, "documented") for name in without]
    for name, asked in swaps:
        if name not in known:
            raise UnknownPolicy(name, "policy", known)
        choice = asked or known[name].on
        try:
            known[name].choice(choice)
        except KeyError:
            raise UnknownPolicy(
                choice, f"choice for {name}", ["documented", "hardened", *known[name].variants]
            ) from None
        chosen[name] = choice
    return Policies(profile, cast(Mapping[str, str], chosen))
