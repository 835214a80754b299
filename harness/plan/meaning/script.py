"""Does a script make sense: nodes that exist, calls that they know, jobs that somebody created?"""

from __future__ import annotations

import re
from collections.abc import Iterator

from faults import format_duration
from harness.plan.text.errors import PlanError, did_you_mean
from harness.plan.text.source import Document, Path
from harness.registry import close_matches
from harness.schedule import Node, System
from harness.workload.calls import Call, Create, Delete, Get, Scoped, sessions_of
from harness.workload.words import Workload

_SEEDED_JOB = re.compile(r"[a-z]+[0-9]+")


def script_problems(workload: Workload, document: Document, system: System, duration_ns: int) -> Iterator[PlanError]:
    if workload.spread is not None and workload.spread > duration_ns:
        said = f"longer than the plan, which is over after {format_duration(duration_ns)}"
        yield PlanError(document.value(("workload", "spread")), said)
    nodes = {node.name: node for node in system.nodes}
    created: dict[str, Call] = {}  # job → what was said of its life last: its creation, or a deletion
    for i, call in sorted(enumerate(workload.script), key=lambda item: item[1].at):
        path: Path = ("workload", "script", i)
        node = nodes.get(call.node)
        if call.at > duration_ns:
            said = f"comes after the plan is over ({format_duration(duration_ns)})"
            yield PlanError(document.value((*path, "at")), said)
        elif (last_ns := call.times_ns()[-1]) > duration_ns:
            said = f"lasts until {format_duration(last_ns)}, but the plan is over after {format_duration(duration_ns)}"
            yield PlanError(document.value((*path, "stream", "for")), said)
        if node is None:
            hint = did_you_mean(close_matches(call.node, nodes)) or f"there are: {', '.join(nodes)}"
            yield PlanError(document.value((*path, "node")), f"no node {call.node!r} in this topology", hint)
            continue
        if node.role not in call.ROLES:
            said = f"a {node.role} cannot {call.do}; a {' or a '.join(sorted(call.ROLES))} can"
            yield PlanError(document.value((*path, "do")), said)
            continue
        yield from _scope_problems(call, node, nodes, document, path)
        yield from _job_problems(call, created, workload.seeded, document, path)


def _scope_problems(
    call: Call, node: Node, nodes: dict[str, Node], document: Document, path: Path
) -> Iterator[PlanError]:
    if not isinstance(call, (Create, Scoped)):
        return
    desktop = node if node.role == "desktop" else nodes[str(node.desktop)]
    session, sessions = call.session, sessions_of(desktop)
    if session is not None and session not in sessions:
        hint = did_you_mean(close_matches(session, sessions)) or f"there are: {', '.join(sessions)}"
        where = document.value((*path, "session"))
        yield PlanError(where, f"{desktop.name!r} has no session {session!r}", hint)
    if isinstance(call, Create) and not sessions:
        yield PlanError(document.value((*path, "node")), f"{desktop.name!r} has no session to create a job in")
    if isinstance(call, Scoped):
        project = call.project
        if project is not None and project not in desktop.projects:
            hint = f"there are: {', '.join(desktop.projects)}"
            where = document.value((*path, "project"))
            yield PlanError(where, f"{desktop.name!r} has no project {project!r}", hint)
        if project is not None and session is not None:
            yield PlanError(document.key((*path, "project")), "a scope is either a session or a project")


def _job_problems(
    call: Call, created: dict[str, Call], seeded: bool, document: Document, path: Path
) -> Iterator[PlanError]:
    """A job is created once, before anything else is done with it; only a mobile may ask for one that never was. Who
    has deleted it may try to create it again, which a desktop must refuse."""
    job: str | None = getattr(call, "job", None)
    if job is None:
        return
    where = document.value((*path, "job"))
    if isinstance(call, Create):
        if isinstance(created.get(job), Create):
            yield PlanError(where, f"the job {job!r} is created twice", "ids are never used again")
        if seeded and _SEEDED_JOB.fullmatch(job):
            yield PlanError(
                where, f"a name such as {job!r} belongs to the seeded jobs", "give it another, without a number"
            )
        created[job] = call
    elif job not in created and not isinstance(call, Get):
        hint = did_you_mean(close_matches(job, created)) or "create it first"
        yield PlanError(where, f"nobody has created the job {job!r} by then", hint)
    elif isinstance(call, Delete) and job in created:
        created[job] = call
