"""The findings as a page for readers: Markdown, made of what the runs said."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from harness.audit.contradictions import CONTRADICTIONS
from harness.audit.findings import FOLDER, PROFILE, Finding

_HEAD = """\
# What the documented design gets wrong

Each of these was found by running the design document's system and shrunk to a few calls. `harness audit --findings`
plays them all again and writes this page. A finding names the claim that it refutes, in the document's words; whether
it needs a fault at all; whether the replicas heal by themselves before the run ends; the fewest safeguards with which
it no longer happens; and what it depends on, where the document leaves a point open.
"""


def in_order(findings: Iterable[Finding]) -> list[Finding]:
    """What needs no fault first, and what lasts."""
    return sorted(findings, key=lambda one: (one.plan.faults > 0, not one.lasts, one.plan.name))


def written(findings: Sequence[Finding]) -> str:
    """The whole page."""
    return "\n".join(
        [_HEAD, *_table(findings), "", *(line for n, f in _numbered(findings) for line in told(n, f)), *_end()]
    )


def rows(findings: Sequence[Finding]) -> list[str]:
    """One line of a table each, under `HEADER`."""
    return [
        f"| {f.claim.id} {_cell(f.claim.words.says)} | {_cell(_found(f))} | {'yes' if f.plan.faults else 'no'} "
        f"| {_LASTS[f.lasts]} | {_repair(f)} |"
        for f in findings
    ]


HEADER = ("| claim | what was found | needs a fault | lasts | repair |", "| --- | --- | --- | --- | --- |")
_LASTS = {True: "for ever", False: "it heals", None: "no replica shows it"}


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _found(found: Finding) -> str:
    """Its message as a sentence, unless it begins with a node's name."""
    said = found.message
    return said if "-" in said.partition(" ")[0] else said[:1].upper() + said[1:]


def _numbered(findings: Sequence[Finding]) -> Iterator[tuple[int, Finding]]:
    return enumerate(findings, 1)


def _table(findings: Sequence[Finding]) -> Iterator[str]:
    without = sum(not f.plan.faults for f in findings)
    yield f"{len(findings)} findings; {without} of them need no fault."
    yield ""
    yield from HEADER
    yield from rows(findings)


def told(number: int, found: Finding) -> Iterator[str]:
    plan, claim = found.plan, found.claim
    yield f"## {number}. {plan.name.removeprefix(FOLDER)}"
    yield ""
    yield f"> {claim.words.says} ({claim.words.section}; {claim.id})"
    yield ""
    yield f"{_found(found)}."
    yield ""
    yield found.what
    yield ""
    yield f"{_size(found)}. {_LASTING[found.lasts]} {_depends(found)}"
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
    said = {0: "no fault", 1: "one fault"}.get(faults, f"{faults} faults")
    return f"{calls} {'call' if calls == 1 else 'calls'} and {said}"


_LASTING = {
    True: "It lasts: in the end the replica shows something else than what is stored.",
    False: "It heals: in the end the replica shows what is stored.",
    None: "No replica shows it.",
}


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
