"""What the templates of a report know of a run."""

from __future__ import annotations

import functools
import re
import shlex
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import jinja2
from jinja2.bccache import Bucket

from harness.report.told import timeline, words
from harness.report.told.closings import closings
from harness.report.told.timeline import Span
from harness.schedule import profile_name
from harness.store.rundir import MINIMAL, StoredRun
from harness.verdict import CheckResult

_MOST_ROWS = 100  # of a table
_MOST_LETTERS = 300  # of a title or a name
_MOST_EFFECTS = 6  # of one fault
_MOST_PLANS = 5
_MOST_OF_A_PLAN = 6000  # letters
_MARKDOWN = re.compile(r"([\\`*_\[\]<>|#&~])")


@dataclass(frozen=True)
class FaultRow:
    """One fault as a table shows it: how often it occurred, and what all its occurrences did."""

    name: str
    action: str
    begin_text: str
    length_text: str
    where: str
    did: str
    met_nothing: str  # in words; empty when every occurrence met something


@dataclass(frozen=True)
class SmallestPlan:
    """Of one failure: its text, and the command that plays it."""

    text: str
    command: str


class _Compiled(jinja2.FileSystemBytecodeCache):
    """Templates as they were compiled before, which takes longer than to fill them. Without room there is none."""

    def dump_bytecode(self, bucket: Bucket) -> None:
        with suppress(OSError):
            super().dump_bytecode(bucket)


def _compiled() -> _Compiled | None:
    """In the user's own folder for temporary files; None if there is none that nobody else could write to."""
    try:
        return _Compiled()
    except (OSError, RuntimeError):
        return None


@functools.cache
def templates() -> jinja2.Environment:
    found = jinja2.Environment(
        loader=jinja2.PackageLoader("harness.report", "."),
        autoescape=lambda name: name is not None and name.endswith(".html.j2"),
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
        bytecode_cache=_compiled(),
    )
    found.filters["md"] = lambda text: _markdown(str(text))
    found.filters["code"] = lambda text: " ".join(str(text).replace("`", "ˋ").split())
    found.filters["fenced"] = lambda text: str(text).replace("```", "ˋˋˋ")
    found.filters["shortened"] = words.shortened
    found.filters["sentence"] = words.sentence
    return found


def _markdown(text: str) -> str:
    """Text from the system under test must become neither mark-up nor a line of its own."""
    return _MARKDOWN.sub(r"\\\1", " ".join(text.split()))


def of_run(run: StoredRun) -> dict[str, Any]:
    """The names that both `summary.md.j2` and `report.html.j2` use."""
    failure = words.first_failure(run.results)
    history = run.history
    spans = timeline.spans(history) if history is not None else []
    origin_ns = history.ops[0].time_ns if history is not None and history.ops else 0
    faults = timeline.by_fault(spans)
    return {
        "run": run,
        "title": words.shortened(run.record.title or run.record.plan, _MOST_LETTERS),
        "verdict": run.record.verdict or "UNKNOWN",
        "headline": words.headline(run.record, run.results),
        "failure": failure,
        "doubts": words.doubts(run),
        "sentences": words.sentences(failure) if failure is not None else [],
        "pair": words.text_pair(failure) if failure is not None else None,
        "results": words.in_order(run.results)[:_MOST_ROWS],
        "guarantee": words.guarantee,
        "promised": words.promised,
        "reason": words.reason,
        "kinds": words.kinds,
        "system": words.system(run.record),
        "consistency": words.consistency(run.results),
        "faults": [fault_row(group, origin_ns) for group in list(faults.values())[:_MOST_ROWS]],
        "more_faults": max(0, len(faults) - _MOST_ROWS),
        "closings": closings(history.ops) if history is not None else [],
        "environment": environment(run),
        "replay": replay(run),
        "minimal": _minimal(run, failure),
        "shrink": shlex.join(["harness", "shrink", str(run.directory.absolute())]),
        "check": shlex.join(["harness", "check", str(run.directory.absolute())]),
    }


def replay(run: StoredRun) -> str:
    """The command, from wherever the reader stands."""
    return shlex.join(["harness", "replay", str(run.directory.absolute())])


def _minimal(run: StoredRun, failure: CheckResult | None) -> list[SmallestPlan]:
    """That of the failure which is told comes first."""
    told = failure and MINIMAL.format(check=failure.check, reason=failure.reason)
    names = sorted(run.minimal, key=lambda name: (name != told, name))[:_MOST_PLANS]
    return [
        SmallestPlan(
            text=run.minimal[name][:_MOST_OF_A_PLAN],
            command=words.run_command(run.directory.absolute() / name, run.schedule.system),
        )
        for name in names
    ]


def fault_row(group: list[Span], origin_ns: int) -> FaultRow:
    first, times = group[0], len(group)
    lengths = sorted(s.end_ns - s.begin_ns for s in group)
    did = list(dict.fromkeys(s.did or "not known: it never healed" for s in group))
    inert = sum(not s.exercised for s in group)
    begin = words.seconds(first.begin_ns - origin_ns)
    return FaultRow(
        name=words.shortened(first.name, _MOST_LETTERS),
        action=first.action,
        begin_text=begin if times == 1 else f"{times:,} times, first at {begin}",
        length_text=" to ".join(dict.fromkeys(words.seconds(ns) for ns in (lengths[0], lengths[-1]))),
        where=", ".join(_ways(list(dict.fromkeys(w for s in group for w in (*s.directions, *s.nodes))))),
        did="; ".join(did[:_MOST_EFFECTS]) + (f"; and {len(did) - _MOST_EFFECTS} more" * (len(did) > _MOST_EFFECTS)),
        met_nothing="" if not inert else "met nothing" if inert == times else f"met nothing {inert} of {times} times",
    )


def _ways(places: list[str]) -> list[str]:
    """Nodes and directions; two directions of one link are written once: `a⇄b`."""
    found: list[str] = []
    for place in places:
        left, arrow, right = place.partition("->")
        both = f"{right}⇄{left}"
        if arrow and f"{right}->{left}" in places:
            if both not in found:
                found.append(f"{left}⇄{right}")
        else:
            found.append(f"{left}→{right}" if arrow else place)
    more = len(found) - _MOST_EFFECTS
    return found if more <= 0 else [*found[:_MOST_EFFECTS], f"and {more} more"]


def environment(run: StoredRun) -> list[tuple[str, str]]:
    """Where and with what the run was made, as rows of a table."""
    record, system = run.record, run.schedule.system
    history = run.history
    rows = [
        ("plan", f"{record.plan} (SHA-256 {record.plan_sha256[:16]}…)"),
        ("seed", str(record.seed)),
        ("profile", profile_name(record.profile, record.with_, record.without)),
        ("runtime", record.runtime),
        ("nodes", ", ".join(n.name for n in system.nodes)),
        ("timing", "as documented" if system.timing_scale == 1 else f"every timer divided by {system.timing_scale:g}"),
        ("workload", f"{words.count(len(run.schedule.steps), 'call')} over {run.schedule.duration_ns / 1e9:g} s"),
        ("history", "none" if history is None else words.count(len(history.ops), "op") + _ending(history.problem)),
        ("started", record.started),
        ("took", f"{record.seconds:g} s" + _phases(record.phases)),
        ("trace hash", record.trace_hash or "none: only the simulator has one"),
        ("harness", f"{record.versions.get('harness', '?')}, commit {record.git_commit or 'unknown'}"),
        ("versions", ", ".join(f"{k} {v}" for k, v in record.versions.items() if k != "harness")),
        ("machine", ", ".join(f"{v}" for k, v in record.machine.items() if k != "cpus") + _cpus(record.machine)),
        ("command", shlex.join(["harness", *record.argv])),
    ]
    return [(name, words.shortened(value, 2 * _MOST_LETTERS)) for name, value in rows]


def _ending(problem: str | None) -> str:
    return f", incomplete: {problem}" if problem else ""


def _phases(phases: dict[str, float]) -> str:
    told = ", ".join(f"{name} {s:.2f} s" for name, s in phases.items())
    return f" ({told})" if told else ""


def _cpus(machine: dict[str, Any]) -> str:
    return f", {machine['cpus']} CPUs" if machine.get("cpus") else ""
