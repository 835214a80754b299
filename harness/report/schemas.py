"""What machines may rely on in `results.json` and `run.json`: a JSON Schema of each, made of the structs that write it.

`python -m harness.report.schemas DIRECTORY` writes both files; `docs/results.md` tells the same in tables.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

import msgspec

from harness.store.rundir import RunRecord
from harness.verdict import CheckResult

DRAFT = "https://json-schema.org/draft/2020-12/schema"
FILES = {"results": "results.schema.json", "run": "run.schema.json"}

_MEANINGS = {
    "CheckResult": {
        "check": "The checker's name: `harness list checkers`.",
        "verdict": "What it says of the run; null: it saw nothing that it could judge.",
        "reason": "One of the checker's own few codes; with `check` the signature of a failure. Null: nothing wrong.",
        "message": "What happened, in one or two sentences; of a checker that judged nothing, why.",
        "evidence": "Indices of operations of the history that prove it, in the order of time; as few as will do.",
        "first": "The index of the first offending operation.",
        "others": "Further reasons of the same checker that the run has, without the first.",
        "details": "More of it: see below. A checker may add figures of its own.",
        "looked_at": "How much it has judged. Left out: it does not count.",
    },
    "LookedAt": {
        "what": "What is counted: `texts`, `observations` …",
        "before": "How many of them before the first fault; without faults, all.",
        "during": "How many while a fault was there.",
        "after": "How many after all faults were over.",
    },
    "Details": {
        "story": "How it came about: `what` a step was and the `index` of its operation; of one that is none `at_ns`, "
        "`node`, `link`, `msg` and `type`, as far as they are known.",
        "further": "More findings of the checker: `reason`, `message`, `evidence`, `first` and such details of each.",
        "count": "How many findings the checker has in this run, of all reasons.",
        "job": "The job that it is about.",
        "node": "The component that showed it.",
        "expected_text": "Of a failure about text: what the desktop had written.",
        "shown_text": "What the mobile showed instead.",
        "said": "What the checker measured, in words.",
        "consistency": "Of `linearizable`: the strongest consistency that the whole run has shown.",
        "traceback": "Of reason `crashed`: where the checker itself failed.",
    },
    "RunRecord": {
        "id": "The run's short id: `harness report ID`.",
        "plan": "The plan's name.",
        "title": "What the plan says that it is about.",
        "seed": "With the plan, all that a simulated run depends on.",
        "runtime": "Where it was played: `harness list runtimes`.",
        "profile": "Whose rules the components followed.",
        "with": "Policies that were swapped in.",
        "without": "Safeguards that were taken out.",
        "verdict": "The worst of all checkers; null while the run goes on, or when its harness was killed.",
        "as_expected": "Is it what the plan expects of this profile? Null: the plan expects nothing.",
        "interrupted": "Was it stopped before its end?",
        "started": "UTC, ISO 8601.",
        "ended": "UTC, ISO 8601; null as for `verdict`.",
        "seconds": "How long it took, on the clock of the wall.",
        "plan_sha256": "Digest of `plan.yaml`.",
        "trace_hash": "Equal for two simulated runs if all that happened in them was; null on other runtimes.",
        "argv": "The command line.",
        "git_commit": "Of the harness's checkout, `-dirty` with changes; null for an installed one.",
        "capabilities": "What faults could do on that runtime.",
        "versions": "Of the harness and of what can change a run.",
        "machine": "Where it was played.",
        "phases": "Seconds that each part of the run took.",
        "ailments": "Trouble with the run itself, in words.",
        "campaign": "The night, or the hunt, that the run belongs to.",
    },
}
_DETAILS: dict[str, Any] = {
    "story": {
        "type": "array",
        "items": {
            "type": "object",
            "properties": {
                "what": {"type": "string"},
                "index": {"type": ["integer", "null"]},
                "at_ns": {"type": "integer"},
                **{name: {"type": "string"} for name in ("node", "link", "msg", "type")},
            },
        },
    },
    "further": {
        "type": "array",
        "items": {
            "type": "object",
            "properties": {
                "reason": {"type": "string"},
                "message": {"type": "string"},
                "evidence": {"type": "array", "items": {"type": "integer"}},
                "first": {"type": "integer"},
            },
        },
    },
    "count": {"type": "integer"},
    **{name: {"type": ["string", "null"]} for name in ("job", "node", "expected_text", "shown_text")},
    **{name: {"type": "string"} for name in ("said", "consistency", "traceback")},
}


def results_schema() -> dict[str, Any]:
    """Of `results.json`: one object for each checker."""
    schema = _described(list[CheckResult], "The results of all checkers for one run of jobsync-harness")
    schema["$defs"]["CheckResult"]["properties"]["details"] |= {
        "properties": {name: {**what, "description": _MEANINGS["Details"][name]} for name, what in _DETAILS.items()}
    }
    return schema


def run_schema() -> dict[str, Any]:
    """Of `run.json`."""
    return _described(RunRecord, "A run of jobsync-harness")


def rendered(kind: str) -> str:
    """The text of a file of `configs/schema`."""
    schema = {"results": results_schema, "run": run_schema}[kind]()
    return json.dumps(schema, indent=2, ensure_ascii=False, sort_keys=True) + "\n"


def table(name: str) -> str:
    """The words of one object, as a table of Markdown."""
    rows = [f"| `{word}` | {meaning} |" for word, meaning in _MEANINGS[name].items()]
    return "\n".join(["| word | what it says |", "|---|---|", *rows])


def _described(type_: Any, title: str) -> dict[str, Any]:
    schema = msgspec.json.schema(type_)
    for name, body in schema["$defs"].items():
        if "description" in body:
            body["description"] = re.sub(r"\s+", " ", body["description"].partition("\n\n")[0])
        for word, of in body.get("properties", {}).items():
            of["description"] = _MEANINGS[name][word]
    return {"$schema": DRAFT, "title": title, **schema}


def _write(directory: Path) -> None:
    for kind, name in FILES.items():
        (directory / name).write_text(rendered(kind), encoding="utf-8")


if __name__ == "__main__":
    _write(Path(sys.argv[1]))
