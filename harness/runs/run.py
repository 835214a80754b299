"""One run from the outside: start a schedule on a runtime, record it, check it, whatever happens on the way."""

from __future__ import annotations

import functools
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from checkers import Settles
from faults import Fault, needs_of
from harness import registry
from harness.history import Header, History
from harness.judging.checking import check, missed, with_evidence
from harness.runs.conductor import Conductor, NotReady
from harness.runs.recorder import Recorder
from harness.runtimes import CannotPlay, Ended, RunSpec, Runtime, Stage, Stalled, cannot_start
from harness.schedule import Node, Schedule
from harness.verdict import CheckResult, Verdict, worst
from targets.timing import Timing

RUNTIME = "runtime"  # the check of what befell the run itself
_STOPPED = (
    "stopped by Ctrl-C. What had happened until then is judged; what was to be shown in the end is not: let the run "
    "come to its end"
)


class RunResult(msgspec.Struct, kw_only=True):
    """What one run gave. `history` is None only when the system never started; then `results` says why."""

    verdict: Verdict
    results: list[CheckResult]
    history: History | None
    trace_hash: str | None = None
    phases: dict[str, float] = msgspec.field(default_factory=dict)  # wall-clock seconds by name
    ailments: list[str] = msgspec.field(default_factory=list)
    interrupted: bool = False
    encoded: Callable[[], tuple[bytes, bytes]] | None = None  # history and taps as their files would hold them

    @property
    def signatures(self) -> list[tuple[str, str]]:
        return [s for r in self.results for s in r.signatures]


def execute(
    schedule: Schedule,
    runtime: Runtime,
    *,
    directory: Path | None = None,
    note: Callable[[str], None] = lambda line: None,
    options: Mapping[str, Any] | None = None,
) -> RunResult:
    """Run `schedule` and judge it. Ctrl-C ends the run early: what was recorded is judged, and nothing is left behind.

    Raises:
        RuntimeUnavailable: the runtime cannot start (nothing was written).
        StoreProblem: the run directory cannot be written (the system was torn down first).
    """
    if problems := cannot_start(runtime, schedule.system):
        raise CannotPlay("\n".join(problems))
    recorder = Recorder(time.monotonic_ns, directory)
    header = functools.partial(make_header, schedule, runtime.NAME)
    conductor = Conductor(schedule, recorder, header=header, settled=_settled(), note=note)
    spec = RunSpec(
        run_id=secrets.token_hex(4),
        system=schedule.system,
        seed=schedule.root,
        journal=recorder.journal,
        tap=recorder.tap,
        verbs=verbs_of(schedule),
        directory=directory,
        note=note,
        options=options or {},
    )
    played = _play(runtime, spec, conductor)
    ended = played.ended
    ended.ailments.extend(recorder.complaints)
    recorder.close(complete=played.complete)
    checking_began_s = time.perf_counter()
    cut_by = played.stalled.code if played.stalled is not None else ""
    history = recorder.history(complete=played.complete, cut_by=cut_by)
    results = _judge(schedule, history, played)
    ended.phases["check"] = time.perf_counter() - checking_began_s
    return RunResult(
        verdict=worst(r.verdict for r in results if r.verdict is not None),
        results=results,
        history=history,
        trace_hash=ended.trace_hash,
        phases=ended.phases,
        ailments=ended.ailments,
        interrupted=played.interrupted,
        encoded=lambda: (recorder.encoded(complete=played.complete), recorder.encoded_taps()),
    )


@dataclass
class _Played:
    """How a run ended. `complete`: its history has everything; `stalled`: why it could not go on."""

    ended: Ended = field(default_factory=Ended)
    complete: bool = False
    interrupted: bool = False
    stalled: Stalled | None = None


def _play(runtime: Runtime, spec: RunSpec, conductor: Conductor) -> _Played:
    """What was recorded until Ctrl-C, or until the run could not go on, is judged as well."""
    played = _Played()
    try:
        _, played.ended = runtime.execute(spec, conductor.play)
        played.complete = True
    except KeyboardInterrupt:
        played.interrupted = True
    except NotReady as exc:
        played.ended.ailments.append(str(exc))
    except Stalled as exc:
        played.ended, played.stalled = exc.ended, exc
    return played


def verbs_of(schedule: Schedule) -> frozenset[str]:
    """The verbs that the faults of a schedule ask for."""
    verbs: frozenset[str] = frozenset()
    for at in schedule.faults:
        fault: Fault = registry.find("fault", at.action)
        verbs |= needs_of(fault, fault.Params.model_validate(at.params))
    return verbs


def make_header(schedule: Schedule, runtime: str, stage: Stage) -> Header:
    """What checkers may know of the run beside its ops."""
    system = schedule.system
    return Header(
        plan=schedule.plan,
        seed=schedule.seed,
        runtime=runtime,
        profile=system.profile,
        with_=system.with_,
        without=system.without,
        nodes={n.name: _describe(n, stage) for n in system.nodes},
        links=system.directions,
        timing=Timing().scaled(system.timing_scale).as_seconds(),
        faults=_declared(schedule),
        settle={"quiesce_s": schedule.quiesce_ns / 1e9, "converge_s": schedule.converge_ns / 1e9},
        scheduled_ops=len(schedule.steps),
    )


def _describe(node: Node, stage: Stage) -> dict[str, Any]:
    probe = stage.probes.get(node.name)
    fields = ("role", "user", "user_id", "device_id", "desktop", "projects", "profile", "policies")
    described = {name: value for name in fields if (value := getattr(node, name))}
    if life_s := node.env.get("TOKEN_LIFE_S"):
        described["token_life_s"] = life_s
    doubt_ns = getattr(probe, "clock_doubt_ns", 0)  # of a machine of its own: its journal's times may be off by that
    described |= {"clock_doubt_ns": doubt_ns} if doubt_ns else {}
    return {**described, "level": probe.hello.level if probe is not None else 0}


def _declared(schedule: Schedule) -> list[dict[str, Any]]:
    declared: dict[str, dict[str, Any]] = {}
    for at in schedule.faults:
        entry = declared.setdefault(
            at.fault, {"fault": at.fault, "action": at.action, "fixed": at.fixed, "occurrences": 0}
        )
        entry["occurrences"] += 1
    return list(declared.values())


def _settled() -> Callable[[Header, Mapping[str, Any]], bool]:
    """All checkers that can tell when a run has converged, as one question."""
    found = [c for name in registry.names("checker") if isinstance(c := registry.find("checker", name), Settles)]
    return lambda header, states: all(c.settled(header, states) for c in found)


def _result_of(stalled: Stalled) -> CheckResult:
    return CheckResult(
        check=RUNTIME,
        verdict=Verdict.UNKNOWN,
        reason=stalled.code,
        message=stalled.message,
        details={"story": [{"what": f"{node}: {line}"} for node, lines in stalled.stacks.items() for line in lines]},
    )


def _judge(schedule: Schedule, history: History | None, played: _Played) -> list[CheckResult]:
    results = check(history, with_evidence(schedule.checks)) if history is not None else []
    died = [r for r in results if r.check == RUNTIME]  # a death that the history tells
    found = [_result_of(played.stalled)] if played.stalled is not None and not died else []
    found += [_unknown("ailment", text) for text in played.ended.ailments]
    if played.interrupted:
        found.insert(0, _unknown("interrupted", _STOPPED))
    owed = missed(schedule.checks, results) if history is not None else []
    return [*died, *found, *owed, *(r for r in results if r.check != RUNTIME)]


def _unknown(reason: str, message: str) -> CheckResult:
    return CheckResult(check=RUNTIME, verdict=Verdict.UNKNOWN, reason=reason, message=message)
