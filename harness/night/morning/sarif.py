"""`results.sarif`: failures for tools that show findings of many tools (SARIF 2.1.0)."""

from __future__ import annotations

from typing import Any

import msgspec

from harness import __version__
from harness.night.morning.telling import Failure, Morning
from harness.report.told import words

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def render(morning: Morning) -> str:
    rules = {f"{f.least.check}/{f.least.reason}": f for f in morning.failures}
    driver = {
        "name": "jobsync-harness",
        "version": __version__,
        "rules": [
            {"id": name, "shortDescription": {"text": words.guarantee(f.least.check) or name}}
            for name, f in sorted(rules.items())
        ],
    }
    run = {"tool": {"driver": driver}, "results": [_result(failure) for failure in morning.failures]}
    document = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
    return msgspec.json.format(msgspec.json.encode(document), indent=1).decode() + "\n"


def _result(failure: Failure) -> dict[str, Any]:
    least = failure.least
    place = {"physicalLocation": {"artifactLocation": {"uri": f"configs/{failure.plan}.yaml"}}}
    return {
        "ruleId": f"{least.check}/{least.reason}",
        "level": "note" if failure.standing == "known" else "error",
        "message": {"text": f"{failure.plan}, seed {failure.seed}: {least.message}"},
        "locations": [place],
        "partialFingerprints": {"shape/v1": f"{least.check}/{least.reason}/{least.shape}"},
    }
