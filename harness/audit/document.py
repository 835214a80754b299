"""The findings as a page for readers: Markdown, made of what the runs said."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from harness.audit.contradictions import CONTRADICTIONS
from harness.audit.findings import FOLDER, PROFILE, Finding

_HEAD = """\
# What the documented design gets wrong

Each of these was found by running the design document's system and shrunk to a few calls. `harness audit --findings`
plays them all again and writes this page. A finding names the claim that it refutes, in the document's words; whether
it needs a fault at all; whether the replicas heal by themselves before the run ends; the fewest safeguards with which
it no longer happens; and what it depends on, where the document leaves a point open.
"""


def written(findings: Sequence[Finding]) -> str:
    """The whole page."""
    return "\n".join(
        [_HEAD, *_table(findings), "", *(line for n, f in _numbered(findings) for line in _told(n, f)), *_end()]
    )


def rows(findings: Sequence[Finding]) -> list[str]:
    """One line of a table each, under `HEADER`."""
    return [
        f"| {n} | {f.claim.id} {f.claim.words.says} | {f.message} | {_fault(f)} | {_healing(f)} | {_repair(f)} |"
        for n, f in _numbered(findings)
    ]


HEADER = ("| | claim | what was found | needs a fault | lasts | repair |", "| --- | --- | --- | --- | --- | --- |")


def _numbered(findings: Sequence[Finding]) -> Iterator[tuple[int, Finding]]:
    return enumerate(findings, 1)


def _table(findings: Sequence[Finding]) -> Iterator[str]:
    without = sum(not f.plan.faults for f in findings)
    yield f"{len(findings)} findings; {without} of them need no fault."
    yield ""
    yield from HEADER
    yield from rows(findings)


def _told(number: int, found: Finding) -> Iterator[str]:
    plan, claim = found.plan, found.claim
    yield f"## {number}. {plan.name.removeprefix(FOLDER)}"
    yield ""
    yield f"> {claim.words.says} ({claim.words.section}; {claim.id})"
    yield ""
    yield f"{found.message}."
    yield ""
    yield found.what
    yield ""
    yield f"{_size(found)}, {_fault(found)}; {_healing(found)}. {_depends(found)}"
    yield ""
    yield "```yaml"
    yield from _schedule(plan.text)
    yield "```"
    yield ""
    yield f"    harness run {plan.name} --profile {PROFILE}"
    yield f"    harness run {plan.name} --profile {PROFILE} {' '.join(f'--with {one}' for one in plan.words.repair)}"
    yield ""


def _schedule(text: str) -> Iterator[str]:
    """What happens, without the words about the plan itself."""
    keep = False
    for line in text.splitlines():
        if line and not line[0].isspace():
            keep = line.startswith(
                ("duration:", "topology:", "timing:", "workload:", "faults:", "settle:", "policies:")
            )
        if keep:
            yield line


def _size(found: Finding) -> str:
    calls, faults = found.plan.calls, found.plan.faults
    return f"{calls} {'call' if calls == 1 else 'calls'} and {faults} {'fault' if faults == 1 else 'faults'}"


def _fault(found: Finding) -> str:
    return "it needs a fault" if found.plan.faults else "it needs no fault"


def _healing(found: Finding) -> str:
    return "it heals" if found.heals else "it stays"


def _repair(found: Finding) -> str:
    return " and ".join(f"`{one}`" for one in found.plan.words.repair)


def _depends(found: Finding) -> str:
    if not found.depends:
        return "It shows whichever way the document's open points are read."
    return f"It does not show with {' or '.join(f'`{one}`' for one in found.depends)}, which the document leaves open."


def _end() -> Iterator[str]:
    yield "## Where the document contradicts itself"
    yield ""
    yield "No run is needed for these."
    yield ""
    for one in CONTRADICTIONS:
        yield f"- “{one.one}” and “{one.other}”: {one.why[0].lower()}{one.why[1:]}"
    yield ""
