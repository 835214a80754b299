"""In the end a screen shows something else than its desktop stores."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from harness.history import Op
from injections import Edit, Scene, injects

Site = tuple[Op, str]  # a mobile's final, a job in it


def on_screens(scene: Scene) -> Iterator[Site]:
    for node in scene.mobiles:
        final = scene.finals.get(node)
        if final is not None and final.value.get("scope") and final.value.get("foreground"):
            yield from ((final, job) for job in final.value["jobs"])


def with_text(scene: Scene) -> Iterator[Site]:
    return ((final, job) for final, job in on_screens(scene) if final.value["jobs"][job].get("response"))


def _shows(edit: Edit, site: Site, **fields: Any) -> None:
    final, job = site
    jobs = final.value["jobs"]
    edit.change(final, value={"jobs": {**jobs, job: {**jobs[job], **fields}}})


@injects("convergence", "wrong-text", sites=with_text)
def the_last_letter_lacks(edit: Edit, site: Site) -> None:
    _shows(edit, site, response=site[0].value["jobs"][site[1]]["response"][:-1])


@injects("convergence", "stale-field", sites=on_screens)
def an_older_prompt(edit: Edit, site: Site) -> None:
    _shows(edit, site, prompt="as it was before")


@injects("convergence", "missing-job", sites=on_screens)
def it_is_not_there(edit: Edit, site: Site) -> None:
    final, job = site
    jobs = {k: row for k, row in final.value["jobs"].items() if k != job}
    gauges = {k: min(n, len(jobs)) if k in ("index", "trackers") else n for k, n in final.value["gauges"].items()}
    edit.change(final, value={"jobs": jobs, "gauges": gauges})  # nothing is kept of it


@injects("convergence", "extra-job", sites=on_screens)
def another_one_is_there(edit: Edit, site: Site) -> None:
    final, job = site
    jobs = final.value["jobs"]
    edit.change(final, value={"jobs": {**jobs, "ghost": {**jobs[job], "id": "ghost"}}})


def finals(scene: Scene) -> Iterator[Op]:
    return (op for op in scene.ops("final") if op.node in (*scene.mobiles, *scene.desktops))


@injects(
    "convergence",
    "no-final",
    sites=finals,
    companions=["evidence/nothing-judged"],
    because="of a run with one desktop or one mobile nothing is left that could be compared",
)
def it_was_not_read(edit: Edit, final: Op) -> None:
    edit.drop(final)


def connected_phones(scene: Scene) -> Iterator[tuple[list[Op], Site]]:
    """With all that they say of their connection, and the job that is to be missing."""
    for final, job in on_screens(scene):
        links = [op for op in scene.ops("link") if op.node == final.node]
        if links and links[-1].value.get("state") == "registered":
            yield links, (final, job)


@injects(
    "convergence",
    "apart",
    sites=connected_phones,
    companions=["liveness/unregistered", "evidence/nothing-judged", "resources/unlicensed", "resources/while-offline"],
    because="it does without a connection what it did with one",
)
def it_was_never_registered(edit: Edit, site: tuple[list[Op], Site]) -> None:
    links, missing = site
    for op in links:
        edit.change(op, value={**op.value, "state": "closed"})
    it_is_not_there(edit, missing)
