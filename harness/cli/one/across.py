"""`harness run PLAN --runtime sim,process`: one seed on several runtimes, and whether they say the same."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from harness.cli.asking import planned
from harness.cli.telling import exits, finished, say
from harness.plan import PlanErrors
from harness.runs.keep import Kept
from harness.runtimes import CannotPlay, Runtime, RuntimeUnavailable
from harness.verdict import Verdict

_RANK = (exits.OK, exits.UNEXPECTED, exits.UNKNOWN, exits.CANNOT_PLAY, exits.FAILED, exits.INVALID)


class Played(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one runtime: a run, or why there is none."""

    runtime: str
    code: int
    kept: Kept | None = None
    refusal: str = ""

    @property
    def answer(self) -> tuple[str, tuple[tuple[str, str], ...]]:
        """The verdict, and (checker, reason) of every result that has it and is not VALID, sorted."""
        assert self.kept is not None
        verdict = self.kept.result.verdict
        said = {(r.check, r.reason or "") for r in self.kept.result.results if r.verdict is verdict}
        return str(verdict), () if verdict is Verdict.VALID else tuple(sorted(said))


def names(runtime: str) -> list[str]:
    """The runtimes of a list, each once. Raises `UnknownName` for what is none."""
    found = list(dict.fromkeys(name.strip() for name in runtime.split(",")))
    for name in found:
        planned.known_runtime(name)
    return found


def play(runtimes: list[str], run: Callable[[Runtime], Kept]) -> list[Played]:
    """Play on each in turn; a runtime that cannot is told, and the others go on. Ctrl-C ends it with that run."""
    found: list[Played] = []
    for name in runtimes:
        found.append(_on(name, run))
        if found[-1].code == exits.INTERRUPTED:
            break
    return found


def _on(name: str, run: Callable[[Runtime], Kept]) -> Played:
    try:
        kept = run(planned.runtime(name))
    except PlanErrors as exc:
        if not exc.of_runtime_only:
            raise
        return Played(runtime=name, code=exits.CANNOT_PLAY, refusal=str(exc))
    except CannotPlay as exc:
        return Played(runtime=name, code=exits.CANNOT_PLAY, refusal=str(exc))
    except (RuntimeUnavailable, exits.Failed) as exc:
        return Played(runtime=name, code=exits.FAILED, refusal=str(exc))
    return Played(runtime=name, code=_code(kept), kept=kept)


def _code(kept: Kept) -> int:
    if kept.result.interrupted:
        return exits.INTERRUPTED
    code = exits.of_run(kept.result.verdict, kept.record.as_expected)
    return code if kept.problem is None or code == exits.INVALID else exits.FAILED


def finish(found: list[Played], *, as_json: bool) -> int:
    """Print the comparison; the worst exit code of all.

    Runs that differ never end with 0: when each of them is as it should be, the code is UNKNOWN's, because nobody can
    say yet which runtime is right. A runtime that could not play outranks that: it was asked for, and says nothing.
    """
    exits.no_more_interruption()
    differs = len({one.answer for one in found if one.kept is not None}) > 1
    if as_json:
        same = not differs and len(found) > 1 and all(one.kept for one in found)
        say.data({"runs": [_as_json(one) for one in found], "same": same})
    else:
        _show(found, differs)
    for one in found:
        if one.kept is not None and one.kept.problem is not None:
            say.error(one.kept.problem)
    codes = [one.code for one in found] + [exits.UNKNOWN] * differs
    return exits.INTERRUPTED if exits.INTERRUPTED in codes else max(codes, key=_RANK.index)


def _as_json(one: Played) -> dict[str, Any]:
    return {"runtime": one.runtime} | (finished.as_object(one.kept) if one.kept else {"refused": one.refusal})


def _show(found: list[Played], differs: bool) -> None:
    for one in found:
        if one.kept is None:
            say.line(f"{one.runtime}: not played: {' '.join(one.refusal.split())}")
            continue
        say.line(f"{one.runtime}: {_words(one)}  {one.kept.directory or 'not kept'}")
    played = [one for one in found if one.kept is not None]
    if differs:
        say.line("they differ: " + "; ".join(f"{one.runtime} {_words(one)}" for one in played))
    elif len(played) > 1:
        say.line(f"the same: {', '.join(one.runtime for one in played)}")
    else:
        say.line("nothing to compare: fewer than two runtimes played it")


def _words(one: Played) -> str:
    verdict, said = one.answer
    return " ".join([verdict, ", ".join(f"{check}: {reason}" for check, reason in said)]).strip()
