"""What marks and options ask for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import pytest

from harness.seeds import parse_seeds

MARK = "plan"
SIGNATURE = "plan(name, *, profile=None, with_=(), without=(), seeds=None, expect=None)"
_VERDICTS = ("VALID", "INVALID", "UNKNOWN")


class Mistake(ValueError):
    """A mark or an option that makes no sense; the message says why."""


@dataclass(frozen=True)
class Asked:
    """A plan, by its shipped name, as a file or as a text; the rules it is played on; and what is expected of it.

    `seeds`: None leaves them to the command line. `expect`: None leaves it to the plan.
    """

    plan: str
    profile: str | None = None
    with_: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    seeds: Sequence[int] | None = None
    expect: str | None = None


def of_mark(mark: pytest.Mark) -> Asked:
    """Raises `Mistake`."""
    try:
        return _asked(*mark.args, **mark.kwargs)
    except TypeError as exc:
        said = str(exc).replace(f"{_asked.__name__}()", "it")
        raise Mistake(f"@pytest.mark.{MARK}: {said}; it is {SIGNATURE}") from None
    except Mistake as exc:
        raise Mistake(f"@pytest.mark.{MARK}: {exc}") from None


def _asked(
    name: object,
    *,
    profile: str | None = None,
    with_: str | Iterable[str] = (),
    without: str | Iterable[str] = (),
    seeds: object = None,
    expect: str | None = None,
) -> Asked:
    if expect not in (None, *_VERDICTS):
        raise Mistake(f"expect={expect!r}: expected one of {', '.join(_VERDICTS)}")
    return Asked(
        plan=str(name),
        profile=profile,
        with_=_names(with_),
        without=_names(without),
        seeds=None if seeds is None else seeds_of(seeds),
        expect=expect,
    )


def seeds_of(said: object) -> Sequence[int]:
    """`5` is 0 to 4, `"3..9"` excludes 9; a list or range is what it is. Raises `Mistake`."""
    try:
        if isinstance(said, Iterable) and not isinstance(said, str):
            found = [seed for one in said for seed in parse_seeds(f"{one}..{one + 1}")]
            if not found:
                raise Mistake("no seed at all")
            return found
        return parse_seeds(str(said))
    except (ValueError, TypeError) as exc:
        raise Mistake(f"seeds={said!r}: {exc}") from None


def _names(said: str | Iterable[str]) -> tuple[str, ...]:
    return (said,) if isinstance(said, str) else tuple(said)
