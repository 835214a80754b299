"""Reasons of checkers: the codes that stand in results, and what they mean."""

from __future__ import annotations

import re
from collections.abc import Iterator

from checkers import Checker, notation
from checkers.notation.examples import examples
from harness import registry
from harness.cli.telling import say
from harness.judging.checking import as_its_example, check


def codes() -> list[str]:
    """Every reason that some checker may give."""
    return sorted({reason for _, reason in _all()})


def named(word: str) -> list[tuple[str, str]]:
    """(checker, reason) of all that are meant: `double-append`, or of one checker `stream-integrity/double-append`."""
    return [(name, reason) for name, reason in _all() if word in (reason, f"{name}/{reason}")]


def _all() -> Iterator[tuple[str, str]]:
    for name in registry.names("checker"):
        yield from ((name, reason) for reason in registry.find("checker", name).REASONS)


def explain(name: str, reason: str) -> None:
    """Who gives it, what it means, a history in which it is found, and plans that show it."""
    checker = registry.find("checker", name)
    say.line(f"{reason}, a reason of {name}", bold=True)
    say.prose(checker.REASONS[reason])
    say.heading("what is broken by it")
    say.prose(checker.GUARANTEE)
    say.heading("a history in which it is found (docs/histories.md has the language)")
    _histories(checker, reason)
    if plans := list(_plans(f"{name}/{reason}")):
        say.heading("plans that are about it")
        for plan in plans:
            say.line(f"  harness explain {plan}")


def _histories(checker: Checker, reason: str) -> None:
    """One that has it, its innocent twin, and one of which nobody can say."""
    lines = examples().get((checker.NAME, reason))
    anomaly = lines.anomaly if lines is not None else checker.ANOMALY
    judged = check(notation.read(anomaly), [as_its_example(checker)])
    [result] = [r for r in judged if r.check == checker.NAME]
    if reason not in (result.reason, *result.others):
        say.paragraph(f"none fits on a line; `harness explain {checker.NAME}` has one of {result.reason}")
        return
    say.line(f"  {anomaly}")
    say.paragraph(result.message, first="    ", rest="    ")
    say.line(f"  {lines.innocent if lines is not None else checker.INNOCENT}")
    say.line("    the same without it")
    if lines is not None:
        say.line(f"  {lines.unknown}")
        say.paragraph(f"nobody can say: {lines.why}", first="    ", rest="    ")


def _plans(signature: str) -> Iterator[str]:
    """Those that name it in so many letters: claims that it refutes, and defects that show it."""
    wanted = re.compile(rf"{re.escape(signature)}(?![\w-])")
    folder, plans = registry.configs_dir(), set(registry.names("plan"))
    for file in sorted(folder.rglob("*.yaml")):
        plan = file.relative_to(folder).with_suffix("").as_posix()
        if plan in plans and wanted.search(file.read_text(encoding="utf-8")):
            yield plan
