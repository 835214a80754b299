"""Calls: what desktops and phones are asked to do, as a script says it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from hypothesis import strategies as st

from harness.schedule import Node
from harness.strategies.cast import Cast
from harness.strategies.words import OPENS_MS, STEP_MS, STEPS, Words, in_order, time_at
from harness.workload.calls import sessions_of

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


def any_call(cast: Cast) -> st.SearchStrategy[Words]:
    """One call: `at` counts steps, and `job` says which of those there are by then."""
    often = [*_OF_JOBS, "chunk", "chunk", "chunk"]
    said = [_call(do, cast.desktops, st.fixed_dictionaries(dict(_OF_JOBS[do]))) for do in often]
    said += [_call(do, cast.phones, st.fixed_dictionaries(dict(words))) for do, words in _OF_PHONES.items()]
    said += [_call(do, [phone], _scopes(phone, cast)) for phone in cast.phones for do in ("open", "switch")]
    return st.one_of(said)


def _call(do: str, nodes: Sequence[str], words: st.SearchStrategy[Words]) -> st.SearchStrategy[Words]:
    known = {"at": STEPS, "node": st.sampled_from(nodes), "do": st.just(do), "job": st.integers(0, 3)}
    return st.builds(lambda call, more: {**call, **more}, st.fixed_dictionaries(known), words)


def _scopes(phone: str, cast: Cast) -> st.SearchStrategy[Words]:
    """The phone's own, or any session or project of its desktop."""
    desktop = cast.system.node(cast.desktop_of(phone))
    named: list[Words] = [{"session": name} for name in sessions_of(desktop)]
    return st.sampled_from([{}, *named, *({"project": name} for name in desktop.projects)])


def as_script(drawn: Sequence[Words], cast: Cast) -> list[Words]:
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
        said = {**said, "at": time_at(call["at"]), "node": node}
        found.append({word: said[word] for word in in_order(said) if said[word] is not False})
    return found


def _first(cast: Cast) -> list[Words]:
    """A screen, and a job that it shows."""
    phone = cast.system.node(cast.phones[0])
    desktop = cast.system.node(cast.desktop_of(phone.name))
    shown = phone.scope.get("session") or desktop.projects.get(phone.scope.get("project", ""), sessions_of(desktop))[0]
    created = {"node": desktop.name, "do": "create", "job": "job-1"}
    return [
        {"at": f"{OPENS_MS}ms", "node": phone.name, "do": "open"},
        {"at": f"{OPENS_MS + STEP_MS}ms", **created, **_said(shown, desktop)},
    ]


def _session(call: Words, cast: Cast) -> Words:
    desktop = cast.system.node(call["node"])
    sessions = sessions_of(desktop)
    return _said(sessions[call.get("session", 0) % len(sessions)], desktop)


def _said(session: str, desktop: Node) -> Words:
    """The session of a new job; the first one of its desktop need not be said."""
    return {} if session == sessions_of(desktop)[0] else {"session": session}
