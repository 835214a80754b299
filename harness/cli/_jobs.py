"""`harness check --model job`: are the answers in a run's own history linearizable? Jobs have one writer each."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from checkers.linearizability.single_writer import METHOD
from harness.checking import check, overall
from harness.cli import _exits, _result, _say
from harness.history import HistoryError
from harness.rundir import history_path, read_with_taps
from harness.schedule import CheckSpec
from harness.verdict import CheckResult

MODEL = "job"
_SUMMARY = "reads and requests of jobs, whose only writer numbers its revisions"
_CHECK = "linearizable"


def check_jobs(path: Path, *, as_json: bool) -> int:
    """Returns the exit code. Raises `HistoryError`."""
    file = history_path(path) if path.is_dir() else path
    if file is None:
        raise HistoryError(f"{path}: there is no history here; expected a run directory, or a history file")
    found = read_with_taps(file)
    results = check(found, [CheckSpec(check=_CHECK)])
    verdict = overall(results)
    judged = next(r for r in results if r.check == _CHECK)
    if as_json:
        _say.data(_as_json(file, str(verdict), judged))
        return _exits.OF_VERDICT[verdict]
    _say.line(f"{judged.details.get('answers', 0)} answers ({_SUMMARY})")
    for result in results:
        if result.reason is not None:
            _result.story(result)
        elif result.verdict is None:
            _say.line(result.message)
    if judged.reason is None and judged.verdict is not None:
        granted = judged.details.get("from_caches", 0)
        _say.line(f"linearizable ({METHOD})" + (f", but for {granted} from caches that may be old" if granted else ""))
    _say.line()
    _say.line(f"verdict  {_say.verdict(verdict)}")
    return _exits.OF_VERDICT[verdict]


def _as_json(file: Path, verdict: str, judged: CheckResult) -> dict[str, Any]:
    found: dict[str, Any] = {"verdict": verdict, "history": str(file), "model": MODEL, "method": [METHOD]}
    found |= {"operations": judged.details.get("answers", 0), "order": judged.details.get("order")}
    if judged.reason is None:
        return found
    failure = {"reason": judged.reason, "message": judged.message, "evidence": judged.evidence}
    return {**found, "failures": [failure]}
