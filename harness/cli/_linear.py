"""`harness check --model`: is a history of one object's operations linearizable? Told in the history's own lines."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

from checkers.linearizability import Answer, Linearizable, Malformed, Model, NotLinearizable, Trial, single_writer
from checkers.linearizability.decide import MODELS, Judged, decide, states_of
from harness import interchange
from harness.cli import _exits, _say
from harness.history import HistoryError
from harness.interchange import jsonl
from harness.interchange.export_edn import model_lines
from harness.verdict import Verdict, worst

_SHOWN = 12  # pending operations and possible states that are told one by one
_KEYS_TOLD = 3
_OWN = '{"header":'  # so a run's history begins


def check(path: Path, model: str, *, as_json: bool) -> int:
    """Returns the exit code. Raises `HistoryError` for a file that is no history of this model."""
    try:
        if model == "register" and (count := _one_writer(path)) is not None:
            return _valid(path, model, single_writer.METHOD, count, as_json)
        format_, trial = interchange.read(path)
        judged = list(decide(trial, MODELS[model]))
    except Malformed as exc:
        raise _no_such_history(path, exc) from None
    verdict = worst(_verdict(j.answer) for j in judged) if trial.operations else Verdict.UNKNOWN
    if as_json:
        _say.data(_as_json(path, model, verdict, trial, judged))
        return _exits.OF_VERDICT[verdict]
    keys = f" in {len(judged)} keys" if MODELS[model].KEYED else ""
    _say.line(f"{len(trial.operations)} operations{keys} ({format_}), as {MODELS[model].SUMMARY}")
    if not trial.operations:
        _say.line("no operation of a client stands in it: nothing was judged")
        judged = []
    told = [one for one in judged if one.key is None or not isinstance(one.answer, Linearizable)]
    for one in told[:_KEYS_TOLD]:
        _tell(one, MODELS[model])
    if len(told) > _KEYS_TOLD:
        _say.line(f"\nand {len(told) - _KEYS_TOLD} more keys; --json tells them all")
    _say.line()
    _say.line(f"verdict  {_say.verdict(verdict)}")
    return _exits.OF_VERDICT[verdict]


def foreign(path: Path) -> str | None:
    """What it would be to `check`, or None: a history by somebody else, or a file that is none."""
    with contextlib.suppress(Malformed, OSError):
        text = interchange.text_of(path)
        format_ = None if text.startswith(_OWN) else interchange.format_of(text)
        return None if format_ is None else format_.NAME
    return None


def export(path: Path, model: str) -> int:
    """Prints what `check` would judge, for Knossos and Elle. Raises `HistoryError` as `check` does."""
    try:
        trial = interchange.read(path)[1]
        MODELS[model].space(trial.operations)  # does it know them all?
    except Malformed as exc:
        raise _no_such_history(path, exc) from None
    for line in model_lines(trial, model):
        _say.line(line)
    return 0


def _no_such_history(path: Path, why: Malformed) -> HistoryError:
    with contextlib.suppress(Malformed, OSError):
        if interchange.text_of(path).startswith(_OWN):
            return HistoryError(f"{path}: this is a run's own history: --model job judges and exports what it tells")
    return HistoryError(f"{path}: {why}")


def _one_writer(path: Path) -> int | None:
    """How many operations a single writer's history has, if that is what it is, and linearizable. The cheapest way
    first: everything else, a failure too, is left to those who can explain it."""
    text = interchange.text_of(path)
    if not jsonl.FORMAT.claims(text):
        return None
    found = [line for line in jsonl.decode(text.encode()) if line.f]
    try:
        failed = single_writer.explains(found)
    except single_writer.NotVersioned:
        return None
    return sum(line.type == "invoke" for line in found) or None if failed is None else None


def _valid(path: Path, model: str, method: str, count: int, as_json: bool) -> int:
    if as_json:
        found = {"verdict": "VALID", "history": str(path), "model": model, "operations": count, "method": [method]}
        _say.data(found)
    else:
        _say.line(f"{count} operations (jsonl), as {MODELS[model].SUMMARY}")
        _say.line(f"linearizable ({method})")
        _say.line()
        _say.line(f"verdict  {_say.verdict(Verdict.VALID)}")
    return _exits.OF_VERDICT[Verdict.VALID]


def _verdict(answer: Answer) -> Verdict:
    if isinstance(answer, Linearizable):
        return Verdict.VALID
    return Verdict.INVALID if isinstance(answer, NotLinearizable) else Verdict.UNKNOWN


def _tell(judged: Judged, model: Model) -> None:
    answer, operations = judged.answer, judged.trial.operations
    where = "" if judged.key is None else f"key {judged.key!r}: "
    if isinstance(answer, Linearizable):
        _say.line(f"linearizable ({answer.method})")
        return
    _say.line()
    if not isinstance(answer, NotLinearizable):
        done = f"{answer.position} of {len(judged.trial.events)} events can be explained"
        _say.line(f"{where}not decided: too many orders to try; {done}")
        return
    blamed = operations[answer.blamed]
    _say.line(f"{where}no order of the operations explains the answer of")
    _say.line(f"  line {blamed.line}, process {blamed.process}: {blamed}")
    prefix = f"{answer.position + 1} of {len(judged.trial.events)} events"
    _say.line(f"The shortest prefix that fails ends there: {prefix}. All before can be explained;")
    _say.line(f"the value was then {_or(states_of(judged.trial, model, answer))}.")
    others = [operations[n] for n in answer.pending if n != answer.blamed]
    if others:
        _say.line("under way at that moment:")
    for operation in others[:_SHOWN]:
        _say.line(f"  line {operation.line}, process {operation.process}: {operation}")
    if len(others) > _SHOWN:
        _say.line(f"  and {len(others) - _SHOWN} more")


def _or(states: list[Any]) -> str:
    shown = ["nil" if s is None else repr(s) for s in states[:_SHOWN]]
    if len(states) > _SHOWN:
        shown.append(f"one of {len(states) - _SHOWN} others")
    return " or ".join(shown) or "unknown"


def _as_json(path: Path, model: str, verdict: Verdict, trial: Trial, judged: list[Judged]) -> dict[str, Any]:
    found: dict[str, Any] = {"verdict": str(verdict), "history": str(path), "model": model}
    found |= {"operations": len(trial.operations), "method": sorted({j.answer.method for j in judged})}
    failures = []
    for one in judged:
        if isinstance(one.answer, NotLinearizable):
            blamed = one.trial.operations[one.answer.blamed]
            failure = {"key": one.key, "operation": str(blamed), "line": blamed.line, "process": blamed.process}
            pending = [one.trial.operations[n].line for n in one.answer.pending]
            failure["prefix_events"] = one.answer.position + 1
            states = states_of(one.trial, MODELS[model], one.answer)
            failures.append({**failure, "states": states, "pending_lines": pending})
    return {**found, "failures": failures} if failures else found
