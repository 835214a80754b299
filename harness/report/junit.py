"""`junit.xml`: one test suite a run, one test case a checker, for CI systems that show such files."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

from harness.report.told import words
from harness.store.rundir import StoredRun
from harness.verdict import CheckResult, Verdict

_MOST_STEPS = 12
_MOST_LETTERS = 1500
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render(run: StoredRun) -> str:
    """INVALID is a failure, UNKNOWN an error, "not judged" is skipped; but what the plan expects is a success, and a
    run that is not as its plan expects, or has no verdict, is a failing case of its own."""
    record = run.record
    suite = ET.Element("testsuite", name=clean(record.plan))
    properties = ET.SubElement(suite, "properties")
    named = {"seed": record.seed, "runtime": record.runtime, "profile": words.system(record).split(" · ")[0]}
    for name, value in {**named, "run": run.directory}.items():
        ET.SubElement(properties, "property", name=name, value=clean(str(value)))
    for result in run.results:
        _case(suite, record.plan, result, expected=record.as_expected is True)
    if record.verdict is None:
        _expectation(suite, record.plan, "error", "the run has no verdict: it goes on, or its harness was killed")
    elif record.as_expected is False:
        _expectation(suite, record.plan, "failure", f"{record.verdict}, but the plan expects another verdict")
    counted = {"tests": "testcase", "failures": "*/failure", "errors": "*/error", "skipped": "*/skipped"}
    suite.attrib |= {name: str(len(suite.findall(path))) for name, path in counted.items()}
    suite.attrib |= {"time": f"{record.seconds:.3f}", "timestamp": record.started.rstrip("Z")}
    return written(suite)


def written(root: ET.Element) -> str:
    """The document of an element."""
    ET.indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _case(suite: ET.Element, plan: str, result: CheckResult, *, expected: bool) -> None:
    case = ET.SubElement(suite, "testcase", classname=clean(plan), name=clean(result.check))
    kinds = {Verdict.INVALID: "failure", Verdict.UNKNOWN: "error", None: "skipped"}
    kind = kinds.get(result.verdict)
    if kind is None:
        return
    message = clean(words.shortened(result.message, _MOST_LETTERS))
    if kind == "skipped":
        ET.SubElement(case, kind, message=message)
        return
    story = [words.shortened(s, _MOST_LETTERS) for s in words.sentences(result)[:_MOST_STEPS]]
    told = clean("\n".join(f"{n}. {sentence}" for n, sentence in enumerate(story, start=1)))
    if expected:
        out = f"{result.verdict}, as the plan expects: {result.reason}: {message}\n{told}"
        ET.SubElement(case, "system-out").text = clean(out)
    else:
        ET.SubElement(case, kind, message=message, type=clean(result.reason or "")).text = told


def _expectation(suite: ET.Element, plan: str, kind: str, message: str) -> None:
    case = ET.SubElement(suite, "testcase", classname=clean(plan), name="verdict")
    ET.SubElement(case, kind, message=message, type="verdict")


def clean(text: str) -> str:
    """XML 1.0 has no way to write most control characters."""
    return _NOT_XML.sub(lambda m: m[0].encode("unicode_escape", "surrogatepass").decode(), text)
