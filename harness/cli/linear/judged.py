"""`harness check --model`: is a history of one object's operations linearizable? Told in the history's own lines."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import click

from checkers.linearizability import (
    Answer,
    Linearizable,
    Malformed,
    Model,
    NotLinearizable,
    Operation,
    Trial,
    engine,
    single_writer,
)
from checkers.linearizability.decide import MODELS, Judged, decide_all, states_of
from checkers.linearizability.registers import Mutex, Register
from checkers.linearizability.transactions import MultiRegister, components
from checkers.linearizability.values import parting, plain, shown, visible
from harness import interchange
from harness.cli.linear import hints, model_page, page_file
from harness.cli.telling import exits, say
from harness.history import HistoryError
from harness.interchange import jsonl, transactions
from harness.interchange.edn_text import Reader
from harness.interchange.export_edn import model_lines
from harness.terminal import harmless
from harness.verdict import Verdict, worst

_SHOWN = 12  # pending operations and possible states that are told one by one
_KEYS_TOLD = 3
_OWN = '{"header":'  # so a run's history begins
_BUDGET = 5_000_000 if engine.ENGINE is not None else 2_000_000  # steps of all keys together: some seconds


class _History(NamedTuple):
    path: Path
    format: str
    trial: Trial
    others: dict[str, int]  # lines that are no operations of clients
    model: Model


def check(path: Path, name: str, *, initial: str | None, as_json: bool, page: Path | None = None) -> int:
    """Returns the exit code. Raises `HistoryError` for a file that is no history of this model. `page`: where one goes
    that shows the verdict."""
    with _told_of(path):
        text = interchange.text_of(path)
        model = _model(name, initial)
        count = _one_writer(text) if name == "register" and initial is None and page is None else None
        if count is not None:
            return _valid(path, model, single_writer.METHOD, count, as_json)
        history = _read(path, text, model)
        judged = decide_all(history.trial, model, _BUDGET)
    verdict = worst(_verdict(j.answer) for j in judged) if history.trial.operations else Verdict.UNKNOWN
    told = _as_json(history, verdict, judged) if as_json else {}
    if not as_json:
        _tell_all(history, judged, verdict)

    def drawn() -> str:
        counted = _counted(history, judged)
        return model_page.page(path, counted, model, initial, verdict, judged, history.others)

    page_file.finish(page, drawn, told, as_json=as_json)
    return exits.OF_VERDICT[verdict]


def foreign(path: Path) -> str | None:
    """What it would be to `check`, or None: a history by somebody else, or a file that is none."""
    with contextlib.suppress(Malformed, OSError):
        text = interchange.text_of(path)
        format_ = None if text.startswith(_OWN) else interchange.format_of(text)
        return None if format_ is None else format_.NAME
    return None


def export(path: Path, name: str) -> int:
    """Prints what `check` would judge, for Knossos and Elle; transactions as they were, of several operations, too.
    Raises `HistoryError` as `check` does."""
    with _told_of(path):
        _, recording = interchange.record(interchange.text_of(path))
        whole = name in ("append", MultiRegister.NAME) and any(call.f == transactions.F for call in recording.calls)
        trial = recording.trial(whole)
        if not whole:
            MODELS[name].space(trial.operations)  # does it know them all?
    for line in model_lines(trial, name):
        say.line(line)
    return 0


@contextlib.contextmanager
def _told_of(path: Path) -> Iterator[None]:
    try:
        yield
    except Malformed as exc:
        raise _no_such_history(path, exc) from None
    except OSError as exc:
        raise HistoryError(f"{path}: cannot be read: {exc.strerror or exc}") from exc


def _no_such_history(path: Path, why: Malformed) -> HistoryError:
    with contextlib.suppress(Malformed, OSError):
        if interchange.text_of(path).startswith(_OWN):
            return HistoryError(f"{path}: this is a run's own history: --model job judges and exports what it tells")
    return HistoryError(f"{path}: {why}")


def _model(name: str, initial: str | None) -> Model:
    """With the value that it has at first. Raises `click.UsageError`."""
    if initial is None:
        return MODELS[name]
    kind = type(MODELS[name])
    if not issubclass(kind, (Register, MultiRegister)) or issubclass(kind, Mutex):
        raise click.UsageError(f"--initial says what a register holds at first; {name} begins as it does")
    return kind(_value(initial))


def _value(said: str) -> Any:
    """Raises `click.UsageError`."""
    why = ""
    try:
        reader = Reader(said, unwrap=False)
        form = reader.next(0)
        if form is not None and not form.deep and reader.next(form.end) is None:
            return form.inner
    except Malformed as exc:
        why = f" ({exc})"
    raise click.UsageError(f'--initial is one value as EDN writes it: 0, nil, "text", :word …; not {said!r}{why}')


def _read(path: Path, text: str, model: Model) -> _History:
    """Raises `Malformed`."""
    format_, recording = interchange.record(text)
    whole = isinstance(model, MultiRegister)
    trial = recording.trial(whole)
    if whole:
        trial = components(trial)
    return _History(path, format_, trial, recording.others, model)


def _one_writer(text: str) -> int | None:
    """How many operations a single writer's history has, if that is what it is, and linearizable. The cheapest way
    first: everything else, a failure too, is left to those who can explain it."""
    found = jsonl.plain_lines(text) if jsonl.FORMAT.claims(text) else None
    if not found:
        return None
    try:
        failed = single_writer.explains(found)
    except single_writer.NotVersioned:
        return None
    return sum(line.type == "invoke" for line in found) or None if failed is None else None


def _valid(path: Path, model: Model, method: str, count: int, as_json: bool) -> int:
    if as_json:
        found = {"verdict": "VALID", "history": str(path), "model": model.NAME, "operations": count, "method": [method]}
        say.data(found)
    else:
        say.line(f"{say.many(count, 'operation')} (jsonl), as {_summary(model)}")
        say.line(f"linearizable ({method})")
        say.line()
        say.line(f"verdict  {say.verdict(Verdict.VALID)}")
    return exits.OF_VERDICT[Verdict.VALID]


def _summary(model: Model) -> str:
    return model.SUMMARY.format(shown(getattr(model, "initial", None)))


def _verdict(answer: Answer) -> Verdict:
    if isinstance(answer, Linearizable):
        return Verdict.VALID
    return Verdict.INVALID if isinstance(answer, NotLinearizable) else Verdict.UNKNOWN


def _tell_all(history: _History, judged: list[Judged], verdict: Verdict) -> None:
    count = len(history.trial.operations)
    say.line(_counted(history, judged))
    if history.others:
        say.line("passed over: " + ", ".join(f"{say.many(n, 'line')} {what}" for what, n in history.others.items()))
    if not count:
        say.line("no operation of a client stands in it: nothing was judged")
        judged = []
    told = [one for one in judged if one.key is None or not isinstance(one.answer, Linearizable)]
    for one in told[:_KEYS_TOLD]:
        _tell(one, history.model)
    if len(told) > _KEYS_TOLD:
        more = len(told) - _KEYS_TOLD
        say.line(f"\nand {say.many(more, 'more key')}; --json tells {'it' if more == 1 else 'them all'}")
    say.line()
    say.line(f"verdict  {say.verdict(verdict)}")


def _counted(history: _History, judged: list[Judged]) -> str:
    by_key = any(one.key is not None for one in judged)
    keys = f" in {say.many(len(judged), 'key')}" if by_key else ""
    count = say.many(len(history.trial.operations), "operation")
    return f"{count}{keys} ({history.format}), as {_summary(history.model)}"


def _tell(judged: Judged, model: Model) -> None:
    answer, operations = judged.answer, judged.trial.operations
    where = "" if judged.key is None else f"key {shown(judged.key)}: "
    if isinstance(answer, Linearizable):
        say.line(f"linearizable ({answer.method})")
        return
    say.line()
    if not isinstance(answer, NotLinearizable):
        done = f"{answer.position} of {len(judged.trial.events)} events can be explained"
        say.line(f"{where}not decided: too many orders to try; {done}")
        return
    blamed, states = operations[answer.blamed], states_of(judged.trial, model, answer)
    at = next((place for state in states if (place := parting(blamed.result, state)) is not None), None)
    say.line(f"{where}no order of the operations explains the answer of")
    say.line(f"  line {blamed.line}, process {_told_process(blamed)}: {_told(blamed, at)}")
    prefix = f"{answer.position + 1} of {len(judged.trial.events)} events"
    say.line(f"The shortest prefix that fails ends there: {prefix}. All before can be explained;")
    say.line(f"the value was then {_or(states, blamed.result)}.")
    for hint in hints.of(judged, model, states):
        say.line(harmless(hint))
    others = [operations[n] for n in answer.pending if n != answer.blamed]
    if others:
        say.line("under way at that moment:")
    for operation in others[:_SHOWN]:
        say.line(f"  line {operation.line}, process {_told_process(operation)}: {_told(operation, None)}")
    if len(others) > _SHOWN:
        say.line(f"  and {len(others) - _SHOWN} more")


def _told(operation: Operation, at: int | None) -> str:
    return operation.told(lambda value: shown(value, at))


def _told_process(operation: Operation) -> str:
    return visible(operation.process)


def _or(states: list[Any], told: Any) -> str:
    """The states, each around the place at which it is not what was told."""
    said = [shown(state, parting(state, told)) for state in states[:_SHOWN]]
    if len(states) > _SHOWN:
        said.append(f"one of {len(states) - _SHOWN} others")
    return " or ".join(said) or "unknown"


def _as_json(history: _History, verdict: Verdict, judged: list[Judged]) -> dict[str, Any]:
    model = history.model
    found: dict[str, Any] = {"verdict": str(verdict), "history": str(history.path), "model": model.NAME}
    found |= {"operations": len(history.trial.operations), "method": sorted({j.answer.method for j in judged})}
    if history.others:
        found["passed_over"] = history.others
    failures = []
    for one in judged:
        if isinstance(one.answer, NotLinearizable):
            blamed = one.trial.operations[one.answer.blamed]
            failure = {"key": plain(one.key), "operation": str(blamed), "line": blamed.line, "process": blamed.process}
            pending = [one.trial.operations[n].line for n in one.answer.pending]
            failure["prefix_events"] = one.answer.position + 1
            states = [plain(state) for state in states_of(one.trial, model, one.answer)]
            failures.append({**failure, "states": states, "pending_lines": pending})
    return {**found, "failures": failures} if failures else found
