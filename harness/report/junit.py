"""`junit.xml`: one test suite a run, one test case a checker, for CI systems that show such files."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

from harness.report import words
from harness.rundir import StoredRun
from harness.verdict import CheckResult, Verdict

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render(run: StoredRun) -> str:
    record = run.record
    failures = sum(r.verdict is Verdict.INVALID for r in run.results)
    unknown = sum(r.verdict is Verdict.UNKNOWN for r in run.results)
    suite = ET.Element(
        "testsuite",
        name=_clean(record.plan),
        tests=str(len(run.results)),
        failures=str(failures),
        errors=str(unknown),
        skipped=str(sum(not r.judged for r in run.results)),
        time=f"{record.seconds:.3f}",
        timestamp=record.started.rstrip("Z"),
    )
    properties = ET.SubElement(suite, "properties")
    named = {"seed": record.seed, "runtime": record.runtime, "profile": words.system(record).split(" · ")[0]}
    for name, value in {**named, "run": run.directory}.items():
        ET.SubElement(properties, "property", name=name, value=_clean(str(value)))
    for result in run.results:
        _case(suite, record.plan, result)
    ET.indent(suite)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(suite, encoding="unicode") + "\n"


def _case(suite: ET.Element, plan: str, result: CheckResult) -> None:
    case = ET.SubElement(suite, "testcase", classname=_clean(plan), name=_clean(result.check))
    kinds = {Verdict.INVALID: "failure", Verdict.UNKNOWN: "error", None: "skipped"}
    kind = kinds.get(result.verdict)
    if kind is None:
        return
    element = ET.SubElement(case, kind, message=_clean(result.message))
    if kind != "skipped":
        element.set("type", _clean(result.reason or ""))
        element.text = _clean("\n".join([result.message, *words.sentences(result)]))


def _clean(text: str) -> str:
    """XML 1.0 has no way to write most control characters."""
    return _NOT_XML.sub(lambda m: m[0].encode("unicode_escape", "surrogatepass").decode(), text)
