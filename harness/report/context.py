"""What the templates of a report know of a run."""

from __future__ import annotations

import functools
import re
import shlex
from dataclasses import dataclass
from typing import Any

import jinja2

from harness import rundir
from harness.report import timeline, words
from harness.report.timeline import Span
from harness.rundir import StoredRun

_MARKDOWN = re.compile(r"([\\`*_\[\]<>|])")


@dataclass(frozen=True)
class FaultRow:
    """One fault as a table shows it: how often it occurred, and what all its occurrences did."""

    name: str
    action: str
    begin_text: str
    length_text: str
    where: str
    did: str
    exercised: bool


@functools.cache
def templates() -> jinja2.Environment:
    found = jinja2.Environment(
        loader=jinja2.PackageLoader("harness.report", "."),
        autoescape=lambda name: name is not None and name.endswith(".html.j2"),
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    found.filters["md"] = _markdown
    found.filters["cell"] = lambda text: _markdown(str(text)).replace("\n", " ")
    found.filters["fenced"] = lambda text: str(text).replace("```", "ˋˋˋ")
    return found


def _markdown(text: str) -> str:
    """Text from the system under test must not become mark-up."""
    return _MARKDOWN.sub(r"\\\1", text)


def of_run(run: StoredRun) -> dict[str, Any]:
    """The names that both `summary.md.j2` and `report.html.j2` use."""
    failure = words.first_failure(run.results)
    history = run.history
    spans = timeline.spans(history) if history is not None else []
    origin_ns = history.ops[0].time_ns if history is not None and history.ops else 0
    return {
        "run": run,
        "failure": failure,
        "sentences": words.sentences(failure) if failure is not None else [],
        "pair": words.text_pair(failure) if failure is not None else None,
        "results": words.in_order(run.results),
        "guarantee": words.guarantee,
        "reason": words.reason,
        "system": words.system(run.record),
        "faults": [fault_row(group, origin_ns) for group in _by_name(spans)],
        "environment": environment(run),
        "replay": replay(run),
    }


def replay(run: StoredRun) -> str:
    return shlex.join(["harness", "replay", str(run.directory)])


def _by_name(spans: list[Span]) -> list[list[Span]]:
    found: dict[str, list[Span]] = {}
    for span in spans:
        found.setdefault(span.name, []).append(span)
    return list(found.values())


def fault_row(group: list[Span], origin_ns: int) -> FaultRow:
    first = group[0]
    begins = [words.seconds(s.begin_ns - origin_ns) for s in group]
    lengths = [words.seconds(s.end_ns - s.begin_ns) for s in group]
    did = [s.did for s in group if s.did]
    return FaultRow(
        name=first.name,
        action=first.action,
        begin_text=begins[0] if len(group) == 1 else f"{len(group)} times, first at {begins[0]}",
        length_text=lengths[0] if len(set(lengths)) == 1 else f"{min(lengths)} to {max(lengths)}",
        where=", ".join(dict.fromkeys(w for s in group for w in (*s.directions, *s.nodes))),
        did=did[0] if len(group) == 1 and did else "; ".join(dict.fromkeys(did)) or "not known: it never healed",
        exercised=any(s.exercised for s in group),
    )


def environment(run: StoredRun) -> list[tuple[str, str]]:
    """Where and with what the run was made, as rows of a table."""
    record, system = run.record, run.schedule.system
    history = run.history
    rows = [
        ("plan", f"{record.plan} (SHA-256 {record.plan_sha256[:16]}…)"),
        ("seed", str(record.seed)),
        ("profile", rundir.profile_name(record.profile, record.with_, record.without)),
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
    return rows


def _ending(problem: str | None) -> str:
    return f", incomplete: {problem}" if problem else ""


def _phases(phases: dict[str, float]) -> str:
    told = ", ".join(f"{name} {s:.2f} s" for name, s in phases.items())
    return f" ({told})" if told else ""


def _cpus(machine: dict[str, Any]) -> str:
    return f", {machine['cpus']} CPUs" if machine.get("cpus") else ""
