"""Is there anything to see? What screens would show if everybody stopped at some time, were nothing in the way."""

from __future__ import annotations

from collections.abc import Iterable

from harness.schedule import Step, System


def a_screen_shows_a_job(steps: Iterable[Step], system: System, until_ns: int) -> bool:
    """Has some mobile opened a screen, of all it opened until then the last, that holds a job of its desktop?"""
    jobs: dict[str, dict[str, dict[str, str]]] = {}  # desktop → job → what it is of
    scopes: dict[str, dict[str, str]] = {}
    for step in steps:
        if step.at_ns > until_ns:
            continue
        job = step.value.get("jobId")
        if step.f == "create":
            of = {"session": step.value["sessionId"], "project": step.value["projectDirectory"]}
            jobs.setdefault(step.node, {})[str(job)] = of
        elif step.f == "delete":
            owner = system.node(step.node).desktop or step.node
            jobs.get(owner, {}).pop(str(job), None)
        elif step.f in ("open", "switch"):
            scopes[step.node] = step.value["scope"]
    return any(
        scope.items() <= job.items()
        for mobile, scope in scopes.items()
        for job in jobs.get(str(system.node(mobile).desktop), {}).values()
    )
