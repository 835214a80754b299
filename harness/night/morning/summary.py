"""`summary.md`: what a person reads in the morning, the worst first. It fits into a step summary of GitHub Actions."""

from __future__ import annotations

import shlex

import jinja2

from harness import registry
from harness.night import known
from harness.night.morning.telling import Failure, Morning, left_out
from harness.night.words import PartWords
from harness.program import brought
from harness.report import context

MOST_BYTES = 900_000  # a step summary may have 1 MiB
_MOST_TOLD = 40  # failures with their story and plan; the rest in one line each
_MOST_PLAN_BYTES = 6_000


def render(morning: Morning) -> str:
    """As much of it as may be: of many failures fewer are told at length."""
    template = (
        context.templates()
        .overlay(loader=jinja2.PackageLoader("harness.night.morning", "."))
        .get_template("summary.md.j2")
    )
    for most in (_MOST_TOLD, 10, 3, 0):
        text = template.render(
            m=morning,
            parts={part.name: part for part in morning.words.parts},
            told=morning.failures[:most],
            rest=morning.failures[most:],
            left_out=left_out(morning.shards),
            command=command,
            minimal=minimal,
            plan_of=_plan_of,
            entry=lambda failure: known.entry(failure.least, failure.plan),
        )
        if len(text.encode()) <= MOST_BYTES:
            return text + "\n"
    return text.encode()[:MOST_BYTES].decode("utf-8", "ignore") + "\n"


def command(failure: Failure, parts: dict[str, PartWords]) -> str:
    """What plays the run again, wherever the harness is installed. A generated plan is written by its seed; one that
    does not ship, and a variant of a matrix, is where the run was kept."""
    part = parts[failure.part]
    if not part.generated and failure.plan not in registry.names("plan") and failure.directory is not None:
        return shlex.join(["harness", "replay", failure.directory, *brought()])
    system = _system(part)
    if part.generated:
        words = ["hunt", "--seeds", f"{failure.seed}..{failure.seed + 1}", "--no-guide", *system]
    else:
        words = ["run", failure.plan, "--seed", str(failure.seed), *system]
    return shlex.join(["harness", *words, *brought()])


def minimal(failure: Failure, parts: dict[str, PartWords]) -> str:
    """What plays the smallest plan, when it is a file."""
    return shlex.join(["harness", "run", "minimal.yaml", *_system(parts[failure.part], real=False), *brought()])


def _system(part: PartWords, *, real: bool = True) -> list[str]:
    swaps = [("--with", one) for one in part.with_] + [("--without", one) for one in part.without]
    runtime = ["--runtime", part.runtime] if real and part.runtime != "sim" else []
    return ["--profile", part.profile, *(word for swap in swaps for word in swap), *runtime]


def _plan_of(failure: Failure) -> str:
    plan = failure.least.plan
    return plan if len(plan.encode()) <= _MOST_PLAN_BYTES else ""
