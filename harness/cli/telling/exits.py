"""Exit codes, and what a person sees of an exception: one message that says what to do next, never a traceback."""

from __future__ import annotations

import os
import signal
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType

import click

from harness import registry
from harness.cli.telling import say
from harness.history import HistoryError
from harness.interruption import Interrupted
from harness.plugins import BadPlugin
from harness.registry import UnknownName, close_matches
from harness.store import StoreProblem
from harness.store.index import NoSuchRun
from harness.verdict import Verdict
from targets.policy import UnknownPolicy

OK, INVALID, UNKNOWN, UNEXPECTED, LEFTOVERS = 0, 1, 2, 3, 4
INTERRUPTED, CANNOT_PLAY, USAGE, FAILED = 130, 253, 254, 255
OF_VERDICT = {Verdict.VALID: OK, Verdict.INVALID: INVALID, Verdict.UNKNOWN: UNKNOWN}
TABLE = """\b
Exit codes:
  0    every verdict VALID, or as the plan expects
  1    something INVALID
  2    nothing INVALID, something UNKNOWN
  3    all VALID, but the plan expects another verdict
  4    `harness doctor` found what killed runs left behind
  130  stopped by Ctrl-C; what was found is kept
  253  the runtime cannot play this plan or topology: nothing was started
  254  bad usage or a bad plan: nothing was started
  255  the harness itself failed: no engine, no disk, a crash"""


class Refused(Exception):
    """A user's request that cannot be met as it stands; the message says why and what to do (exit code 254)."""


class Failed(Exception):
    """The harness cannot do its own part; the message says why and what to do (exit code 255)."""


def of_run(verdict: Verdict, as_expected: bool | None) -> int:
    """A plan with an `expect` for this profile is judged by it; a missed expectation is never 0."""
    if as_expected is None:
        return OF_VERDICT[verdict]
    return OK if as_expected else (OF_VERDICT[verdict] or UNEXPECTED)


def guarded(command: Callable[[], int]) -> int:
    """Run `command` and turn everything it raises into a message and an exit code."""
    try:
        code = command()
        no_more_interruption()
        say.flush()
        return code
    except BaseException as exc:
        no_more_interruption()
        if os.environ.get("HARNESS_DEBUG") and not isinstance(exc, click.exceptions.Exit):
            traceback.print_exc()
        return _explain(exc)


def _explain(exc: BaseException) -> int:
    for kinds, explain in (*_EXPLANATIONS, *_loaded()):
        if isinstance(exc, kinds):
            return explain(exc)
    where = traceback.extract_tb(exc.__traceback__)[-1:] if exc.__traceback__ else []
    place = f" ({os.path.basename(where[0].filename)}:{where[0].lineno})" if where else ""  # noqa: PTH119
    say.error(f"the harness failed: {type(exc).__name__}: {exc}{place}")
    say.error("this is a defect of the harness; HARNESS_DEBUG=1 shows where it happened", label="note")
    return FAILED


def _exit(exc: BaseException) -> int:
    assert isinstance(exc, click.exceptions.Exit)
    try:
        say.flush()
    except say.OutputProblem as problem:
        return _failed(problem)
    return exc.exit_code


def _click(exc: BaseException) -> int:
    assert isinstance(exc, click.ClickException)
    if isinstance(exc, click.exceptions.NoArgsIsHelpError):
        say.complaint(exc.format_message())
        return USAGE
    context = getattr(exc, "ctx", None)
    say.error(exc.format_message())
    if context is not None:
        say.error(f"`{context.command_path} --help` says what there is", label="note")
    return USAGE


def _interrupted(exc: BaseException) -> int:
    say.error("stopped; anything recorded so far is kept", label="note")
    return INTERRUPTED


def _unknown_name(exc: BaseException) -> int:
    assert isinstance(exc, UnknownName)
    say.error(str(exc))
    if exc.kind in registry.KINDS:
        plural = f"{exc.kind}s".replace("topologys", "topologies")
        say.error(f"`harness list {plural}` shows all of them", label="note")
    else:
        say.error("`harness list faults` (checkers, profiles, plans, …) shows what there is", label="note")
    return USAGE


def _unknown_policy(exc: BaseException) -> int:
    assert isinstance(exc, UnknownPolicy)
    close = close_matches(exc.word, exc.known)
    say.error(f"{exc}; did you mean {' or '.join(close)}?" if close else str(exc))
    say.error("`harness list profiles` shows every policy", label="note")
    return USAGE


def _plan_errors(exc: BaseException) -> int:
    say.complaint(str(exc))
    return CANNOT_PLAY if getattr(exc, "of_runtime_only", False) else USAGE


def _cannot_play(exc: BaseException) -> int:
    say.error(str(exc))
    return CANNOT_PLAY


def _refused(exc: BaseException) -> int:
    say.error(str(exc))
    return USAGE


def _failed(exc: BaseException) -> int:
    say.error(str(exc))
    return FAILED


_Explain = Callable[[BaseException], int]
_EXPLANATIONS: list[tuple[tuple[type[BaseException], ...], _Explain]] = [
    ((click.exceptions.Exit,), _exit),
    ((click.ClickException,), _click),
    ((KeyboardInterrupt, click.exceptions.Abort), _interrupted),
    ((UnknownName,), _unknown_name),
    ((UnknownPolicy,), _unknown_policy),
    ((HistoryError, NoSuchRun, Refused, BadPlugin), _refused),
    ((StoreProblem, Failed, say.OutputProblem), _failed),
]
_LATER: list[tuple[str, str, _Explain]] = [  # of modules that take long to import; without that nobody has raised it
    ("harness.plan", "PlanErrors", _plan_errors),
    ("harness.runtimes", "CannotPlay", _cannot_play),
    ("harness.runtimes", "RuntimeUnavailable", _failed),
]


def _loaded() -> Iterator[tuple[tuple[type[BaseException], ...], _Explain]]:
    for module, name, explain in _LATER:
        if module in sys.modules and (kind := getattr(sys.modules[module], name, None)) is not None:
            yield (kind,), explain


def no_more_interruption() -> None:
    """From here on Ctrl-C does nothing: what was found is being said, and Python takes its leave."""
    with suppress(ValueError):  # not the main thread: somebody else owns the signals
        signal.signal(signal.SIGINT, signal.SIG_IGN)


@contextmanager
def terminated_like_ctrl_c() -> Iterator[None]:
    """SIGTERM ends a command as Ctrl-C does: faults heal, containers go, the history is closed."""

    def interrupt(signum: int, frame: FrameType | None) -> None:
        raise Interrupted

    try:
        former = signal.signal(signal.SIGTERM, interrupt)
    except ValueError:  # not the main thread: somebody else owns the signals
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, former)
