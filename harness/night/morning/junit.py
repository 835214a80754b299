"""`junit.xml` of a night: one suite a part, one case for each plan and checker."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from harness.night.morning.counting import Cell, PlanTold
from harness.night.morning.telling import Morning
from harness.report.junit import clean, written
from harness.report.told import words

_MOST_LETTERS = 1500


def render(morning: Morning) -> str:
    """A plan's checker fails where something is INVALID that is not known, or UNKNOWN everywhere it looked; one that
    judged in no run is skipped. What has no plan is in the suite `night`."""
    root = ET.Element("testsuites", name=clean(morning.night))
    known = {(f.least.check, f.plan) for f in morning.failures if f.standing == "known"}
    for part in morning.parts:
        suite = ET.SubElement(root, "testsuite", name=clean(part.name))
        for told in morning.plans:
            if told.part == part.name:
                for check in sorted(told.cells):
                    _case(suite, told, check, told.cells[check], is_known=(check, told.plan) in known)
        _count(suite)
    _of_night(root, morning)
    return written(root)


def _case(suite: ET.Element, told: PlanTold, check: str, cell: Cell, *, is_known: bool) -> None:
    case = ET.SubElement(suite, "testcase", classname=clean(told.plan), name=clean(check))
    first = cell.first
    if first is None:
        return
    where = f"{first.plan}, seed {first.seed}: {words.shortened(first.message, _MOST_LETTERS)}"
    if cell.invalid:
        said = f"INVALID in {cell.invalid} of {told.runs} runs; first {where}"
        if is_known:
            ET.SubElement(case, "system-out").text = clean(f"known: {said}")
        else:
            ET.SubElement(case, "failure", type="INVALID", message=clean(said))
    elif cell.unknown >= told.runs:
        ET.SubElement(case, "error", type="UNKNOWN", message=clean(f"UNKNOWN in all {told.runs} runs; first {where}"))
    else:
        said = f"UNKNOWN in {cell.unknown} of {told.runs} runs; first {where}"
        ET.SubElement(case, "system-out").text = clean(said)


def _of_night(root: ET.Element, morning: Morning) -> None:
    suite = ET.SubElement(root, "testsuite", name="night")
    for caught in morning.caught:
        case = ET.SubElement(suite, "testcase", classname="safeguards", name=clean(caught.policy))
        if caught.caught_by is None:
            said = f"nobody noticed in {caught.runs} runs that it was gone"
            ET.SubElement(case, "failure", type="unnoticed", message=said)
    case = ET.SubElement(suite, "testcase", classname="night", name="deterministic")
    for said in morning.apart[:1]:
        ET.SubElement(case, "failure", type="apart", message=clean(words.shortened(said, _MOST_LETTERS)))
    case = ET.SubElement(suite, "testcase", classname="night", name="complete")
    if morning.missing:
        ET.SubElement(case, "error", type="missing", message=f"shards are missing: {', '.join(morning.missing)}")
    _count(suite)


def _count(suite: ET.Element) -> None:
    counted = {"tests": "testcase", "failures": "*/failure", "errors": "*/error", "skipped": "*/skipped"}
    suite.attrib |= {name: str(len(suite.findall(path))) for name, path in counted.items()}
