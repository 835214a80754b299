"""`harness check --model job`: are the answers in a run's own history linearizable? Jobs have one writer each.

With `--export` its texts are told for Elle, or the revisions of one job for Knossos."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

from checkers.linearizability import Malformed
from checkers.linearizability.single_writer import METHOD
from harness.cli.linear import page_file
from harness.cli.telling import exits, finished, say
from harness.history import History, HistoryError
from harness.interchange.export_jobs import append_lines, revision_lines
from harness.judging.checking import check, overall
from harness.report.linear import page as linear_page
from harness.report.linear import run as linear_run
from harness.report.linear.page import Page
from harness.schedule import CheckSpec
from harness.store.rundir import history_path, read_with_taps
from harness.verdict import CheckResult, Verdict, worst

MODEL = "job"
REGISTER = "edn-register"
_SUMMARY = "reads and requests of jobs, whose only writer numbers its revisions"
_CHECK = linear_run.CHECK
_HEADLINES = {
    Verdict.VALID: "Linearizable: every answer could have been given at one instant of its call",
    Verdict.INVALID: "Not linearizable: an answer could have been given at no instant of its call",
    Verdict.UNKNOWN: "Not decided whether every answer could have been given at one instant of its call",
}
_NOTHING_WRONG = {
    Verdict.VALID: "Every answer fits a revision that its desktop held at some instant of the call.",
    Verdict.INVALID: "",
    Verdict.UNKNOWN: "No answer to a client was judged.",
}


def check_jobs(path: Path, *, as_json: bool, page: Path | None = None) -> int:
    """Returns the exit code. Raises `HistoryError`. `page`: where one goes that shows the verdict."""
    file = _file(path)
    found = read_with_taps(file)
    results = check(found, [CheckSpec(check=_CHECK)])
    judged = next(r for r in results if r.check == _CHECK)
    answers = judged.details.get("answers", 0)
    verdict = worst([overall(results), Verdict.VALID if answers else Verdict.UNKNOWN])
    told = _as_json(file, str(verdict), judged)
    if not as_json:
        _tell(results, verdict)
    page_file.finish(page, lambda: linear_page.render(_page(file, found, verdict, results)), told, as_json=as_json)
    return exits.OF_VERDICT[verdict]


def _tell(results: list[CheckResult], verdict: Verdict) -> None:
    judged = next(r for r in results if r.check == _CHECK)
    answers = judged.details.get("answers", 0)
    say.line(f"{answers} answers ({_SUMMARY})")
    if not answers:
        say.line("no answer to a client stands in it: nothing was judged")
    for result in results:
        if result.reason is not None:
            finished.story(result)
        elif result.verdict is None:
            say.line(result.message)
    if answers and judged.reason is None and judged.verdict is not None:
        granted = judged.details.get("from_caches", 0)
        say.line(f"linearizable ({METHOD})" + (f", but for {granted} from caches that may be old" if granted else ""))
    say.line()
    say.line(f"verdict  {say.verdict(verdict)}")


def _page(file: Path, history: History, verdict: Verdict, results: list[CheckResult]) -> Page:
    """The first answer that fits no instant of its call, or in words why there is none to show."""
    result = linear_run.failure(results)
    scene = linear_run.scene(history, result) if result is not None else None
    judged = next(r for r in results if r.check == _CHECK)
    answers = f"{judged.details.get('answers', 0)} answers ({_SUMMARY})"
    if scene is not None:
        part = linear_page.of_views("The first answer that fits nowhere", scene.view)
    else:
        said = " ".join(r.message for r in results if r.reason is not None)
        part = linear_page.Part("The answers", said or _NOTHING_WRONG[verdict])
    return Page(
        verdict=verdict,
        headline=_HEADLINES[verdict],
        what=f"{history.header.plan} · seed {history.header.seed} · {answers}",
        again=""
        if page_file.is_gone(file)
        else shlex.join(["harness", "check", str(file.absolute()), "--model", MODEL]),
        parts=[part],
    )


def export_jobs(path: Path, format_: str, job: str | None) -> int:
    """Prints the texts of all jobs for Elle, or the revisions of one for Knossos. Raises `HistoryError`."""
    found = read_with_taps(_file(path))
    if format_ == REGISTER and job is None:
        jobs = sorted({op.job for op in found.ops if op.f == "commit" and op.job is not None})
        raise HistoryError(f"{path}: a register is one job: name it with --job (it has: {', '.join(jobs) or 'none'})")
    try:
        exported = append_lines(found) if format_ != REGISTER else revision_lines(found, str(job))
    except Malformed as exc:
        raise HistoryError(f"{path}: {exc}") from None
    if found.problem is not None:
        say.error(f"{path}: {found.problem}", label="warning")
    if exported.left_out:
        say.error(f"left out, since they may be as old as a cache: {exported.left_out} answers", label="note")
    for line in exported.lines:
        say.line(line)
    return 0


def _file(path: Path) -> Path:
    file = history_path(path) if path.is_dir() else path
    if file is None:
        raise HistoryError(f"{path}: there is no history here; expected a run directory, or a history file")
    return file


def _as_json(file: Path, verdict: str, judged: CheckResult) -> dict[str, Any]:
    found: dict[str, Any] = {"verdict": verdict, "history": str(file), "model": MODEL, "method": [METHOD]}
    answers = judged.details.get("answers", 0)
    found |= {"operations": answers, "order": judged.details.get("order") if answers else None}
    if judged.reason is None:
        return found
    failure = {"reason": judged.reason, "message": judged.message, "evidence": judged.evidence}
    return {**found, "failures": [failure]}
