"""Strategies for Hypothesis: plans, and the scripts, workloads and faults that they are made of.

Everything is drawn as a list of calls and a list of faults, each with a time of its own: Hypothesis makes a plan that
fails smaller by leaving out elements, and the others stay where they are. A plan is drawn as its text, so a
counter-example can be written into a file and played with `harness run FILE`; within a test `harness.testing.playing`
plays it (docs/pytest.md). `SETTINGS` suit tests that play runs.

Hypothesis is needed only here: the extra `testing` brings it.

May use: `harness/plan`, `harness/plan/systems`, `harness/plan/times`, `harness/runtimes`, `harness/workload`,
`faults`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import yaml

from faults import Fault, Lasts, Timed, format_duration, parse_duration_ns
from harness import plan as parsing
from harness import registry
from harness.plan.systems.topology import system_of
from harness.plan.times.order import raw_name
from harness.runtimes import capabilities
from harness.schedule import Node, System
from harness.workload.calls import sessions_of

try:
    from hypothesis import HealthCheck, Phase, settings
    from hypothesis import strategies as st
except ModuleNotFoundError as exc:
    if exc.name != "hypothesis":
        raise
    said = "harness.strategies needs Hypothesis, which is not installed: pip install 'jobsync-harness[testing]'"
    raise ModuleNotFoundError(said, name="hypothesis") from None

SETTINGS: Final = settings(
    deadline=None,  # a run takes as long as it takes
    phases=[
        phase for phase in Phase if phase is not Phase.explain
    ],  # it traces every line: runs take ten times as long
    suppress_health_check=[HealthCheck.too_slow],
)
TOPOLOGIES: Final = ("one-user", "one-session", "two-mobiles", "same-screen", "two-desktops")
Words = dict[str, Any]

_OPENS_MS: Final = 100  # the first screen
_STEP_MS: Final = 50  # the first job comes one step later, and everything else so many later still
_AFTER_MS: Final = 200  # what comes last has so long to be seen
_GENERATED_MS: Final = 1500  # generated clients need so long at least
_STEPS: Final = st.integers(0, 24)


def scripts(topology: str = "one-user", *, most_calls: int = 12) -> st.SearchStrategy[list[Words]]:
    """Scripts: a screen is opened and a job created, so that there is something to see, and then whatever desktops and
    phones do, in the order of time.

    Raises `PlanErrors` or `UnknownName` for a topology that is none, `ValueError` for one without a phone, as all of
    these do.
    """
    cast = _cast(topology)
    return st.lists(_calls(cast), max_size=most_calls).map(lambda drawn: _script(drawn, cast))


def workloads(topology: str = "one-user", *, most_calls: int = 12, most_jobs: int = 0) -> st.SearchStrategy[Words]:
    """A script, and generated clients besides in some: of at most so many jobs for each desktop, 0: never."""
    script = scripts(topology, most_calls=most_calls).map(lambda calls: {"script": calls})
    generated = st.fixed_dictionaries(
        {
            "jobs": st.integers(1, max(1, most_jobs)),
            "rate": st.sampled_from(["20/s", "10/s", "40/s"]),
            "mobile_rate": st.sampled_from(["2/s", "8/s"]),
            "crossed": st.sampled_from([0, 0.3]),
        }
    )
    besides: st.SearchStrategy[Words] = st.just({})
    return st.builds(lambda more, calls: {**more, **calls}, besides | generated if most_jobs else besides, script)


def faults(topology: str = "one-user", *, most_faults: int = 4, runtime: str = "sim") -> st.SearchStrategy[list[Words]]:
    """Faults of all kinds that this runtime can inject, at any times; those of plug-ins as their examples say."""
    cast = _cast(topology)
    one = st.one_of([_fault(action, cast) for action in _actions(topology, runtime)])
    return st.lists(one, max_size=most_faults).map(_told_apart)


def plans(
    topology: str | None = None,
    *,
    most_calls: int = 12,
    most_jobs: int = 0,
    most_faults: int = 4,
    runtime: str = "sim",
) -> st.SearchStrategy[str]:
    """Texts of plans that can be played on this runtime: on the topology of that name, else on one of `TOPOLOGIES`.

    With `most_jobs` some have generated clients besides; a counter-example may then keep one of their jobs, which is
    many calls, where a script would have few.
    """

    def on(name: str) -> st.SearchStrategy[str]:
        work = workloads(name, most_calls=most_calls, most_jobs=most_jobs)
        trouble = faults(name, most_faults=most_faults, runtime=runtime)
        return st.builds(lambda *drawn: _text(name, *drawn), st.integers(0, 3), work, trouble)

    return st.one_of([on(name) for name in ([topology] if topology is not None else TOPOLOGIES)])


# ---- who is there ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Cast:
    system: System
    desktops: tuple[str, ...]
    phones: tuple[str, ...]

    @property
    def clients(self) -> tuple[str, ...]:
        return (*self.phones, *self.desktops)

    def desktop_of(self, client: str) -> str:
        return self.system.node(client).desktop or client


@cache
def _cast(topology: str) -> _Cast:
    system = system_of(parsing.load_topology(topology))
    names = {role: tuple(n.name for n in system.nodes if n.role == role) for role in ("desktop", "mobile")}
    if not names["mobile"]:
        raise ValueError(f"{topology}: nobody would see anything; plans are drawn for topologies with a mobile")
    return _Cast(system, names["desktop"], names["mobile"])


# ---- calls ----------------------------------------------------------------------------------------------------------

_COUNTS: Final = st.integers(0, 1000)
_TEXTS: Final = st.sampled_from(["a", "П", "abc, ", "e\u0301", "👩\u200d👧", "", "\r\n"]) | st.text(max_size=5)
_OF_JOBS: Final[Mapping[str, Mapping[str, st.SearchStrategy[Any]]]] = {  # what a desktop does, and with which words
    "create": {"session": st.integers(0, 2)},
    "chunk": {"text": _TEXTS, "legacy": st.sampled_from([False, False, False, True, "snake", "no-session"])},
    "status": {"status": st.sampled_from(["running", "queued", "generatingStream", "failed"])},
    "finalize": {"status": st.sampled_from(["completed", "failed", "canceled", "completedByTag"])},
    "delete": {},
    "retry": {},
    "progress": {"progress": st.integers(0, 100)},
    "tokens": {"sent": _COUNTS, "received": _COUNTS},
    "cost": {"cost": st.integers(0, 100)},
    "metadata": {"patch": st.dictionaries(st.sampled_from(["note", "tag"]), st.none() | _COUNTS, min_size=1)},
    "error": {"details": st.just("out of memory")},
}
_OF_PHONES: Final[Mapping[str, Mapping[str, st.SearchStrategy[Any]]]] = {
    "list": {"bypass_cache": st.booleans()},
    "get": {},
    "cancel": {},
    "delete": {},
    "background": {},
    "foreground": {},
    "close": {},
}
_ABOUT_A_JOB: Final = frozenset({*_OF_JOBS, "get", "cancel", "delete"})


def _calls(cast: _Cast) -> st.SearchStrategy[Words]:
    """One call: `at` counts steps, and `job` says which of those there are by then."""
    often = [*_OF_JOBS, "chunk", "chunk", "chunk"]
    said = [_call(do, cast.desktops, st.fixed_dictionaries(dict(_OF_JOBS[do]))) for do in often]
    said += [_call(do, cast.phones, st.fixed_dictionaries(dict(words))) for do, words in _OF_PHONES.items()]
    said += [_call(do, [phone], _scopes(phone, cast)) for phone in cast.phones for do in ("open", "switch")]
    return st.one_of(said)


def _call(do: str, nodes: Sequence[str], words: st.SearchStrategy[Words]) -> st.SearchStrategy[Words]:
    known = {"at": _STEPS, "node": st.sampled_from(nodes), "do": st.just(do), "job": st.integers(0, 3)}
    return st.builds(lambda call, more: {**call, **more}, st.fixed_dictionaries(known), words)


def _scopes(phone: str, cast: _Cast) -> st.SearchStrategy[Words]:
    """The phone's own, or any session or project of its desktop."""
    desktop = cast.system.node(cast.desktop_of(phone))
    named: list[Words] = [{"session": name} for name in sessions_of(desktop)]
    return st.sampled_from([{}, *named, *({"project": name} for name in desktop.projects)])


def _script(drawn: Sequence[Words], cast: _Cast) -> list[Words]:
    """The calls in the words of plans. A desktop that has no job yet creates one, whatever it was to do to it; what a
    phone asks of a job that there is not is left out."""
    found = _first(cast)
    jobs: dict[str, list[str]] = {name: [] for name in cast.desktops}
    jobs[found[-1]["node"]].append(found[-1]["job"])
    for call in sorted(drawn, key=lambda one: int(one["at"])):
        node, theirs = call["node"], jobs[cast.desktop_of(call["node"])]
        if call["do"] == "create" or (node in cast.desktops and not theirs):
            theirs.append(f"job-{sum(map(len, jobs.values())) + 1}")
            said = {"do": "create", "job": theirs[-1], **_session(call, cast)}
        elif call["do"] not in _ABOUT_A_JOB:
            said = {word: value for word, value in call.items() if word != "job"}
        elif theirs:
            said = {**call, "job": theirs[call["job"] % len(theirs)]}
        else:
            continue
        said = {**said, "at": _time(call["at"]), "node": node}
        found.append({word: said[word] for word in _in_order(said) if said[word] is not False})
    return found


def _in_order(words: Words) -> list[str]:
    """As people write them, whatever order they are drawn in."""
    first = ("action", "at", "node", "do", "job", "jobs", "rate")
    return [*(word for word in first if word in words), *sorted(words.keys() - set(first))]


def _first(cast: _Cast) -> list[Words]:
    """A screen, and a job that it shows."""
    phone = cast.system.node(cast.phones[0])
    desktop = cast.system.node(cast.desktop_of(phone.name))
    shown = phone.scope.get("session") or desktop.projects.get(phone.scope.get("project", ""), sessions_of(desktop))[0]
    created = {"node": desktop.name, "do": "create", "job": "job-1"}
    return [
        {"at": f"{_OPENS_MS}ms", "node": phone.name, "do": "open"},
        {"at": f"{_OPENS_MS + _STEP_MS}ms", **created, **_said(shown, desktop)},
    ]


def _session(call: Words, cast: _Cast) -> Words:
    desktop = cast.system.node(call["node"])
    sessions = sessions_of(desktop)
    return _said(sessions[call.get("session", 0) % len(sessions)], desktop)


def _said(session: str, desktop: Node) -> Words:
    """The session of a new job; the first one of its desktop need not be said."""
    return {} if session == sessions_of(desktop)[0] else {"session": session}


def _time(steps: int) -> str:
    return f"{_OPENS_MS + _STEP_MS * (2 + steps)}ms"


# ---- faults ---------------------------------------------------------------------------------------------------------

_LENGTHS: Final = st.integers(1, 16)  # in steps
_CHANCES: Final = st.sampled_from([1.0, 0.5])
_MESSAGES: Final = st.sampled_from(
    [
        *("*", "job:*", "job:created", "job:response-appended", "job:finalized", "job:deleted"),
        *("rpc:*", "rpc-reply", "sync:*", "presence", "registered"),
    ]
).map(lambda type_: {"type": type_})
_STRENGTHS: Final[Mapping[str, Mapping[str, st.SearchStrategy[Any]]]] = {  # the simplest first
    "loss": {"match": _MESSAGES, "chance": _CHANCES},
    "hold": {"match": _MESSAGES, "release": st.sampled_from(["in-order", "reversed", "shuffled"])},
    "duplicate": {"match": _MESSAGES, "chance": _CHANCES, "delay": st.sampled_from(["50ms", "5ms", "250ms"])},
    "reorder": {"match": _MESSAGES, "chance": _CHANCES, "window": st.sampled_from([2, 1, "60ms", "300ms"])},
    "partition": {"drop": st.sampled_from(["blackhole", "reset", "refuse"])},
    "reconnect": {"how": st.sampled_from(["reset", "close", "half-open", "dead", "timeout"])},
    "delay": {"latency": st.sampled_from(["20ms", "5ms", "90ms"]), "jitter": st.sampled_from(["0s", "30ms"])},
    "pause": {},
    "kill": {"signal": st.sampled_from(["KILL", "TERM"])},
    "clock": {"skew": st.sampled_from(["1h", "-1h", "-24h", "500ms"])},
    "slow_consumer": {},
    "bandwidth": {"rate": st.sampled_from([60, 15, 4])},
    "limit_data": {"bytes": st.sampled_from([1500, 300, 6000])},
    "slicer": {},
    "slow_close": {},
    "slow_disk": {"latency": st.sampled_from(["20ms", "100ms"])},
    "disk_full": {},
    "toxic": {},
    "noise": {"chance": st.sampled_from([0.1, 0.5])},
}
_ONCE: Final = "1m"  # longer than any plan: what is told to stand alone at its time has to meet something there
_TIMES: Final = ("at", "for", "every", "after", "name")


def _actions(topology: str, runtime: str) -> list[str]:
    """Those that can be injected there, the simplest first."""
    there = registry.names("fault")
    ordered = [name for name in _STRENGTHS if name in there] + [name for name in there if name not in _STRENGTHS]
    return [action for action in ordered if _can_be(action, topology, runtime)]


@cache
def _can_be(action: str, topology: str, runtime: str) -> bool:
    """Can it be injected there, and is there somebody whom it can befall? The example of a plug-in may also name what
    the topology does not have."""
    fault: Fault = registry.find("fault", action)
    if capabilities.lacking(fault, _params(fault), registry.find("runtime", runtime).VERBS, {}) is not None:
        return False
    word, aims = _aims(fault, _cast(topology))
    if not aims:
        return False
    sample = _timed(fault, {word: aims[:1]} if action in _STRENGTHS else {}, 0, 1)
    try:
        parsing.parse(_text(topology, 0, {"script": []}, [sample]))
    except parsing.PlanErrors:
        return False
    return True


def _example(fault: Fault) -> Words:
    """It with its words, without its time."""
    words: Words = yaml.safe_load(fault.EXAMPLE)
    return {key: value for key, value in words.items() if key not in (*_TIMES, _lasts(fault))}


def _lasts(fault: Fault) -> str:
    """The word that says how long it lasts."""
    return fault.LENGTH if isinstance(fault, Lasts) else "for"


def _params(fault: Fault) -> Timed:
    return fault.Params.model_validate({key: value for key, value in _example(fault).items() if key != "action"})


def _fault(action: str, cast: _Cast) -> st.SearchStrategy[Words]:
    fault: Fault = registry.find("fault", action)
    words: st.SearchStrategy[Words] = st.just({})
    if action in _STRENGTHS:
        word, aims = _aims(fault, cast)
        words = st.fixed_dictionaries({word: st.sampled_from(aims).map(lambda aim: [aim]), **_STRENGTHS[action]})
    return st.builds(lambda *drawn: _timed(fault, *drawn), words, _STEPS, _LENGTHS)


def _aims(fault: Fault, cast: _Cast) -> tuple[str, list[str]]:
    """The word that says whom a fault befalls, and who that can be: a client or node, or a link one way or both."""
    example = _example(fault)
    if "clients" in example:
        return "clients", list(cast.clients)
    if "nodes" in example:
        params, nodes = _params(fault), reversed(cast.system.nodes)
        able = [n for n in nodes if capabilities.node_lacks(fault, params, n.role, n.kind, n.hooks) is None]
        return "nodes", [node.name for node in able]
    ways = ("relay->{}", "{}->relay", "{}<->relay")
    return "links", [way.format(client) for client in cast.clients for way in ways]


def _timed(fault: Fault, words: Words, step: int, length: int) -> Words:
    said = {**_example(fault), **words}
    if "links" in words:
        said.pop("groups", None)  # a partition is told by the one or by the others
    when = {"at": _time(step), _lasts(fault): f"{_STEP_MS * length}ms", "every": _ONCE}
    return {word: said[word] for word in _in_order(said)} | when


def _told_apart(drawn: Sequence[Words]) -> list[Words]:
    """Two faults of one action and aim need names; all others keep theirs, on which their draws depend."""
    seen: Counter[str] = Counter()
    found = []
    for fault in drawn:
        name = raw_name(fault)
        seen[name] += 1
        found.append({"name": f"{name} ({seen[name]})"[-60:], **fault} if seen[name] > 1 else fault)
    return found


# ---- plans ----------------------------------------------------------------------------------------------------------


def _text(topology: str, seed: int, workload: Words, drawn: Sequence[Words]) -> str:
    """One call or fault a line. It is over soon after the last of them."""
    calls = workload.get("script", [])
    generated = {word: workload[word] for word in _in_order(workload) if word != "script"}
    ends = [parse_duration_ns(call["at"]) for call in calls] + [_heals_ns(fault) for fault in drawn]
    least_ms = _GENERATED_MS if generated else _OPENS_MS
    duration_ns = max([least_ms * 10**6, *ends]) + _AFTER_MS * 10**6
    lines = [
        *("version: 1", f"duration: {format_duration(duration_ns)}", f"topology: {topology}"),
        *([f"seed: {seed}"] if seed else []),
        "draws: drawn",  # what is left out of a plan moves nothing else
        *("workload:", *(f"  {_pair(key, value)}" for key, value in generated.items())),
        *(["  script:", *(f"    - {parsing.on_one_line(call)}" for call in calls)] if calls else ["  script: []"]),
        *(["faults:", *(f"  - {parsing.on_one_line(fault)}" for fault in drawn)] if drawn else []),
        "settle: {quiesce: 500ms}",
    ]
    return "\n".join(lines) + "\n"


def _pair(key: str, value: Any) -> str:
    return parsing.on_one_line({key: value})[1:-1]


def _heals_ns(fault: Words) -> int:
    lasts = _lasts(registry.find("fault", fault["action"]))
    return parse_duration_ns(fault["at"]) + parse_duration_ns(fault[lasts])
