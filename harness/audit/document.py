"""The findings as a page for readers: Markdown, made of what the runs said."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from harness.audit.contradictions import CONTRADICTIONS
from harness.audit.findings import Finding
from harness.audit.shown import DOCUMENTED, FOLDER

_HEAD = """\
# What the documented design gets wrong

Each of these was found by running the design document's system and shrunk to a few calls. `harness audit --findings`
plays them all again and writes this page. A finding names the claim that it refutes, in the document's words; whether
it needs a fault at all; whether the replica heals by itself before the run ends, or when its user lists again; the
safeguards with which it no longer happens, none of which can be left out; and what it depends on, where the document
leaves a point open.

How to read them: a plan plays calls (`script`) and faults at their times, and nothing else happens than what stands
there. `timing: {scale: 20}` divides all timers of the system by twenty, and bounds with them. A *scope* is what a
screen is open for: a session, or a project. Of the two commands the first shows the defect; the second plays the same
with its repair, where other defects of the documented design may still show.
"""


_ORDER = ("for ever", "until its user lists again", "it heals", "not judged")


def in_order(findings: Iterable[Finding]) -> list[Finding]:
    """What needs no fault first, and what lasts."""
    return sorted(findings, key=lambda one: (one.plan.size.faults > 0, _ORDER.index(_lasts(one)), one.plan.name))


def written(findings: Sequence[Finding]) -> str:
    """The whole page."""
    return "\n".join(
        [_HEAD, *_table(findings), "", *(line for n, f in _numbered(findings) for line in told(n, f)), *_end()]
    )


def rows(findings: Sequence[Finding]) -> list[str]:
    """One line of a table each, under `HEADER`."""
    return [
        f"| {f.claim.id} {_cell(f.claim.words.says)} | {_cell(_found(f))} | {_needs(f)} | {_lasts(f)} | {_repair(f)} |"
        for f in findings
    ]


HEADER = ("| claim | what was found | needs a fault | lasts | repair |", "| --- | --- | --- | --- | --- |")


def _lasts(found: Finding) -> str:
    if found.lasts is None:
        return "not judged"
    if not found.lasts:
        return "it heals"
    return "until its user lists again" if found.lasts_listed is False else "for ever"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _found(found: Finding) -> str:
    """Its message as a sentence, unless it begins with a node's name."""
    said = found.message
    return said if "-" in said.partition(" ")[0] else said[:1].upper() + said[1:]


def _numbered(findings: Sequence[Finding]) -> Iterator[tuple[int, Finding]]:
    return enumerate(findings, 1)


def _table(findings: Sequence[Finding]) -> Iterator[str]:
    without = sum(not f.plan.size.faults for f in findings)
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
    yield f"{_size(found)}. {_LASTING[_lasts(found)]} {_depends(found)}"
    yield ""
    yield "```yaml"
    yield from _schedule(plan.text)
    yield "```"
    yield ""
    yield f"    harness run {plan.name} --profile {DOCUMENTED}"
    yield f"    harness run {plan.name} --profile {DOCUMENTED} {' '.join(f'--with {one}' for one in plan.words.repair)}"
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
    calls, faults = found.plan.size
    said = {0: "no fault", 1: "one fault"}.get(faults, f"{faults} faults")
    return f"{calls} {'call' if calls == 1 else 'calls'} and {said}"


_LASTING = {
    "it heals": "It heals: in the end the replica shows what is stored.",
    "until its user lists again": "In the end the replica still shows it; it heals when its user lists again.",
    "for ever": "It lasts: in the end the replica still shows it, also after its user has listed again.",
    "not judged": "Whether a replica heals is not judged: it is not about what one shows, or nobody is left to look.",
}
_HOSTILE = {"rogue-device": "a device that forges events", "short-tokens": "tokens that live two seconds"}


def _needs(found: Finding) -> str:
    """A fault; or without one a system that is itself out of the ordinary."""
    topology = next((line.split(": ")[1] for line in found.plan.text.splitlines() if line.startswith("topology: ")), "")
    needed = ["yes"] if found.plan.size.faults else ["no"]
    return ", but ".join([*needed, _HOSTILE[topology]] if topology in _HOSTILE else needed)


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
