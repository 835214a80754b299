"""Does the claim that a plan decides, or the finding that it shows, say something that can be played and told?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase

from harness import registry
from harness.plan.text.errors import PlanError, did_you_mean
from harness.plan.text.source import Document, Path
from harness.plan.words.model import ClaimWords, FindingWords, PlanWords, Quantity
from harness.registry import close_matches
from targets import policy, profiles
from targets.policy import UnknownPolicy

_CLAIM: Path = ("claim",)
_FINDING: Path = ("finding",)


def problems(words: PlanWords, document: Document) -> Iterator[PlanError]:
    if words.claim is not None:
        yield from _claim(words.claim, words.matrix, document)
    if words.finding is not None:
        yield from _finding(words.finding, document)
        if words.claim is not None:
            yield PlanError(document.key(_FINDING), "a plan decides a claim or shows a finding, not both")


def _claim(claim: ClaimWords, matrix: Mapping[str, Sequence[object]], document: Document) -> Iterator[PlanError]:
    if not claim.refuted_by and not claim.quantities:
        yield PlanError(
            document.key(_CLAIM), "nothing could refute it", "say `refuted_by: [CHECKER/REASON]`, or `quantities`"
        )
    for said in claim.refuted_by:
        yield from _reason(said, document, (*_CLAIM, "refuted_by"))
    for i, quantity in enumerate(claim.quantities):
        low, high = quantity.at_least, quantity.at_most
        at: Path = (*_CLAIM, "quantities", i)
        if low is None and high is None:
            yield PlanError(document.value(at), "it has no bounds", "say at_least, at_most, or both")
        elif low is not None and high is not None and low > high:
            yield PlanError(document.value((*at, "at_least")), f"at_least {low:g} is more than at_most {high:g}")
        if quantity.growth is not None:
            yield from _growth(quantity, matrix, document, at)
        if quantity.ratio and not claim.with_:
            yield PlanError(
                document.value((*at, "ratio")), "to what?", "say `with: [OPTION]`, which the claim is about"
            )
    broken = claim.broken
    if broken == type(broken)():
        said = "as it is everywhere else, it is not broken"
        yield PlanError(document.key((*_CLAIM, "broken")), said, "say profile, with, without or mistake")
    if broken.profile is not None and broken.profile not in profiles.names():
        hint = _there_are(broken.profile, profiles.names())
        yield PlanError(document.value((*_CLAIM, "broken", "profile")), f"unknown profile {broken.profile!r}", hint)
    yield from _policies(claim.with_, (*_CLAIM, "with"), document)
    yield from _policies(broken.with_, (*_CLAIM, "broken", "with"), document)
    yield from _policies(broken.without, (*_CLAIM, "broken", "without"), document)


def _growth(
    quantity: Quantity, matrix: Mapping[str, Sequence[object]], document: Document, at: Path
) -> Iterator[PlanError]:
    where = document.value((*at, "growth"))
    if quantity.ratio:
        yield PlanError(document.value((*at, "ratio")), "a growth is no ratio", "leave one of them out")
    numbers = matrix.get(str(quantity.growth))
    if numbers is None:
        hint = (
            f"say `matrix: {{{quantity.growth}: [25, 100, 400]}}`" if not matrix else f"there are: {', '.join(matrix)}"
        )
        yield PlanError(where, f"the plan's matrix does not vary {quantity.growth}", hint)
    elif len(matrix) > 1 or not _grows(numbers):
        yield PlanError(
            where, "it takes a matrix of this one key, with three numbers or more, each larger than the last"
        )


def _grows(numbers: Sequence[object]) -> bool:
    known = [one for one in numbers if isinstance(one, int | float) and one > 0]
    return 3 <= len(known) == len(numbers) and sorted(set(known)) == known


def _finding(finding: FindingWords, document: Document) -> Iterator[PlanError]:
    yield from _reason(finding.by, document, _FINDING)
    yield from _policies(finding.repair, (*_FINDING, "repair"), document)


def _reason(said: str, document: Document, below: Path) -> Iterator[PlanError]:
    check, _, reason = said.partition("/")
    where, checkers = document.find(below, said), registry.names("checker")
    if check not in checkers:
        yield PlanError(where, f"unknown checker {check!r}", _there_are(check, checkers))
        return
    known = list(registry.find("checker", check).REASONS)
    if not any(fnmatchcase(one, reason) for one in known):
        yield PlanError(where, f"{check} has no reason {reason!r}", _there_are(reason, known))


def _policies(words: Iterable[str], below: Path, document: Document) -> Iterator[PlanError]:
    profiles.known_slots()
    for word in words:
        slot, _, choice = word.partition("=")
        try:
            profiles.load(policies={slot: choice or _any_of(slot)})
        except UnknownPolicy as exc:
            yield PlanError(document.find(below, word), str(exc), _there_are(exc.word, list(exc.known)))


def _any_of(slot: str) -> str:
    """A choice that a slot has; an unknown slot is told by whoever loads it."""
    known = policy.slots().get(slot)
    return next(iter(known.variants), "hardened") if known is not None else "hardened"


def _there_are(word: str, known: Sequence[str]) -> str:
    return did_you_mean(close_matches(word, known)) or f"there are: {', '.join(known) or 'none'}"
