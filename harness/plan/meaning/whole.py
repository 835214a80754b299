"""Second pass: does a well-formed plan make sense for this topology, this duration, this runtime?"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import yaml

from faults import Fault, Lasts, TargetError, Targets, Timed, format_duration, needs_of
from harness import registry
from harness.history import Header
from harness.plan.meaning import chosen, claiming
from harness.plan.meaning.following import Chain
from harness.plan.meaning.moments import moment_problems
from harness.plan.meaning.script import script_problems
from harness.plan.text.errors import PlanError, did_you_mean
from harness.plan.text.source import Document, Path
from harness.plan.times.order import fault_name
from harness.plan.times.picking import leaders
from harness.plan.times.repeat import MAX_OCCURRENCES, lasts_ns
from harness.plan.words.model import PlanWords
from harness.registry import close_matches
from harness.runtimes import capabilities
from harness.schedule import System
from targets import policy, profiles
from targets.policy import UnknownPolicy
from targets.timing import Timing

_NO_RUN = Header(plan="", seed=0, runtime="sim", profile="")  # enough to ask a checker about its parameters
_MAX_STEPS = 500_000
_NS = 10**9


@dataclass(frozen=True)
class Setting:
    """A plan and what it is expanded for."""

    words: PlanWords
    document: Document
    system: System
    duration_ns: int
    runtime_verbs: frozenset[str] | None = None
    why_not: Mapping[str, str] = field(default_factory=dict)  # the verbs it has not, each with the reason

    @property
    def timing(self) -> Timing:
        return Timing().scaled(self.system.timing_scale)

    @property
    def converge_floor_ns(self) -> int:
        """The least `converge` of this timing, in whole seconds."""
        return math.ceil(self.timing.converge_floor_s) * _NS

    @property
    def node_names(self) -> list[str]:
        return [node.name for node in self.system.nodes]

    @functools.cached_property
    def chain(self) -> Chain:
        return Chain(self.words.faults, self.duration_ns)

    def has_fixed_time(self, words: Timed) -> bool:
        """One that is drawn, or waits for an event, may meet nothing; one at a fixed time may not."""
        return words.moment is None and not self.chain.repeats(words)

    def targets(self, fault: Fault, words: Timed) -> Targets:
        """Raises `TargetError`."""
        return fault.targets(words, self.system.directions, self.node_names)


def problems(setting: Setting) -> list[PlanError]:
    """Errors and warnings, in no particular order."""
    return [
        *_faults(setting),
        *_pick(setting),
        *moment_problems(setting.words.faults, setting.document, setting.system),
        *_checks(setting),
        *_expectations(setting),
        *chosen.problems(setting.words, setting.document, setting.system),
        *claiming.problems(setting.words, setting.document),
        *_settle(setting),
        *_workload(setting),
        *script_problems(setting.words.workload, setting.document, setting.system, setting.duration_ns),
        *_slow_fetches(setting),
    ]


# ---- faults -------------------------------------------------------------------------------------------------------


def _faults(setting: Setting) -> Iterator[PlanError]:
    named: set[str] = set()
    yield from setting.chain.problems(setting.document)
    for i, words in enumerate(setting.words.faults):
        path: Path = ("faults", i)
        name = fault_name(words)
        if name in named:
            where = setting.document.value((*path, "name"))
            hint = "names of faults are unique" if words.name is not None else "give one of them a name"
            yield PlanError(where, f"two faults are called {name!r}", hint)
        named.add(name)
        fault: Fault = registry.find("fault", words.action)
        yield from _target_problems(setting, fault, words, path)
        yield from _time_problems(setting, fault, words, path)
        yield from _verb_problems(setting, fault, words, path)


def _pick(setting: Setting) -> Iterator[PlanError]:
    pick, names = setting.words.pick, leaders(setting.words.faults)
    if pick is not None and pick > len(names):
        said = f"picks more faults than the plan has: {', '.join(names) or 'none'}"
        yield PlanError(setting.document.value(("pick",)), said, "one that begins `after` another comes with it")


def _target_problems(setting: Setting, fault: Fault, words: Timed, path: Path) -> Iterator[PlanError]:
    try:
        found = setting.targets(fault, words)
    except TargetError as exc:
        close = did_you_mean(close_matches(exc.word, exc.known))
        where = setting.document.find(path, exc.word)
        yield PlanError(where, str(exc), close or (f"there are: {', '.join(exc.known)}" if exc.known else None))
        return
    count = len(found.candidates)
    if not count:
        yield PlanError(setting.document.value(path), "this fault matches nothing in the topology")
    elif words.mode == "fixed" and (words.value or 0) > count:
        where = setting.document.value((*path, "value"))
        yield PlanError(where, f"only {count} {'match' if count > 1 else 'matches'}: {', '.join(found.candidates)}")


def _time_problems(setting: Setting, fault: Fault, words: Timed, path: Path) -> Iterator[PlanError]:
    document, duration_ns, every = setting.document, setting.duration_ns, words.every
    if every is not None and words.for_ is None and not isinstance(fault, Lasts):
        yield PlanError(document.key((*path, "every")), "a repeated fault needs `for`", "how long does each one last?")
        return
    base_ns = setting.chain.base_ns(words)
    if base_ns is None:
        return  # its times are drawn, or said to be wrong already
    over, at_ns = format_duration(duration_ns), base_ns + words.at_ns
    for_ns = lasts_ns(fault, words, duration_ns, at_ns)
    length = fault.LENGTH if isinstance(fault, Lasts) else "for"
    if at_ns >= duration_ns:
        where = document.value((*path, "at" if words.at is not None else "after"))
        yield PlanError(where, f"begins when the plan is over, after {over}")
    elif at_ns + for_ns > duration_ns:
        said = f"lasts until {format_duration(at_ns + for_ns)}, but the plan is over after {over}"
        yield PlanError(document.value((*path, length)), said, f"at most {format_duration(duration_ns - at_ns)}")
    if every is None:
        return
    if for_ns >= every.mean:
        said = f"each lasts {format_duration(for_ns)} and the next begins after {format_duration(every.mean)}"
        yield PlanError(document.value((*path, length)), said, f"{length} is less than every")
    if duration_ns // every.mean > MAX_OCCURRENCES:
        yield PlanError(document.value((*path, "every")), f"more than {MAX_OCCURRENCES} times in {over}")
    elif words.at is None and base_ns + every.mean + for_ns > duration_ns:
        yield PlanError(document.value((*path, "every")), f"the first one would not heal within {over}")


def _sealed(setting: Setting, targets: Targets) -> str | None:
    """A link that it would fall upon and that nobody can read; None: there is none."""
    for client, server in setting.system.links:
        aimed = client in targets.nodes or not {f"{client}->{server}", f"{server}->{client}"}.isdisjoint(
            targets.directions
        )
        if aimed and setting.system.node(client).tls == "passthrough":
            return f"{client}<->{server}"
    return None


def _verb_problems(setting: Setting, fault: Fault, words: Timed, path: Path) -> Iterator[PlanError]:
    where, hint = setting.document.value((*path, "action")), "`harness list runtimes` says what each can"
    if setting.runtime_verbs is not None:
        why = capabilities.lacking(fault, words, setting.runtime_verbs, setting.why_not)
        if why is not None:
            yield PlanError(where, f"this runtime cannot do {fault.ACTION}: {why}", hint, of_runtime=True)
    try:
        targets = setting.targets(fault, words)
    except TargetError:  # told elsewhere
        return
    sealed = _sealed(setting, targets) if "messages" in needs_of(fault, words) else None
    if sealed is not None:
        why = f"the ends of {sealed} speak TLS with each other (`tls: passthrough`), so nobody can read a message"
        hint = "say `tls: terminate` of the client, or choose another fault"
        yield PlanError(where, f"{fault.ACTION} cannot be done: {why}", hint)
    for name in targets.nodes:
        node = setting.system.node(name)
        why = capabilities.node_lacks(fault, words, node.role, node.kind, node.hooks)
        if why is not None:
            yield PlanError(setting.document.find(path, name), f"{fault.ACTION} cannot befall {name}: it {why}")


# ---- checks, expectations, settling -------------------------------------------------------------------------------


def _checks(setting: Setting) -> Iterator[PlanError]:
    known = registry.names("checker")
    for i, check in enumerate(setting.words.checks):
        path: Path = ("checks", i)
        if check.check not in known:
            yield _unknown(setting.document.find(path, check.check), "checker", check.check, known)
            continue
        checker = registry.find("checker", check.check)
        allowed = _parameters(checker.EXAMPLE)
        for key, value in check.params.items():
            if key not in allowed:
                where = setting.document.key((*path, key))
                yield PlanError(where, f"{check.check} has no parameter {key!r}", _there_are(key, allowed))
                continue
            try:
                checker.begin(_NO_RUN, {key: value})
            except ValueError as exc:
                yield PlanError(setting.document.value((*path, key)), str(exc))


def _parameters(example: str) -> list[str]:
    """A checker's example shows every parameter it has."""
    shown = yaml.safe_load(example)
    return [key for key in shown if key != "check"] if isinstance(shown, dict) else []


def _expectations(setting: Setting) -> Iterator[PlanError]:
    known = registry.names("checker")
    for key, expectation in setting.words.expect.items():
        problem = _profile_problem(key)
        if problem is not None:
            yield PlanError(setting.document.key(("expect", key)), *problem)
        if expectation.check is not None and expectation.check not in known:
            where = setting.document.value(("expect", key, "check"))
            yield _unknown(where, "checker", expectation.check, known)


def split_profile(key: str) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    """`hardened-NAME`, `documented+NAME`, or several swaps → profile, with, without. Raises `UnknownPolicy`."""
    known = registry.names("profile")
    for profile in sorted(known, key=len, reverse=True):
        rest = key.removeprefix(profile)
        if rest == key or (rest and rest[0] not in "+-"):
            continue
        with_, without = _swaps(rest)
        profiles.load(profile, with_, without)
        return profile, with_, without
    raise UnknownPolicy(key, "profile", known)


def _swaps(rest: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """`+NAME`, `+NAME=VARIANT` and `-NAME`, any number of them. Names have dashes too: the longest known is meant."""
    profiles.known_slots()
    slots = policy.slots()
    chosen = [f"{name}={variant}" for name, slot in slots.items() for variant in slot.variants]
    known = sorted([*slots, *chosen], key=len, reverse=True)
    found: dict[str, list[str]] = {"+": [], "-": []}
    while rest:
        sign, rest = rest[0], rest[1:]
        name = next((n for n in known if rest == n or rest.startswith((f"{n}+", f"{n}-"))), None)
        if name is None:
            raise UnknownPolicy(rest, "policy", known)
        found[sign].append(name)
        rest = rest.removeprefix(name)
    return tuple(found["+"]), tuple(found["-"])


def _profile_problem(key: str) -> tuple[str, str | None] | None:
    try:
        split_profile(key)
    except UnknownPolicy as exc:
        return str(exc), _there_are(exc.word, exc.known)
    return None


def _settle(setting: Setting) -> Iterator[PlanError]:
    converge = setting.words.settle.converge
    floor_s = setting.timing.converge_floor_s
    if converge is not None and converge < floor_s * _NS:
        said = f"shorter than the {floor_s:.1f} s that this timing may need to converge"
        where = setting.document.value(("settle", "converge"))
        yield PlanError(where, said, f"at least {format_duration(setting.converge_floor_ns)}, or leave it out")


def _workload(setting: Setting) -> Iterator[PlanError]:
    workload, duration_s = setting.words.workload, setting.duration_ns / _NS
    if workload.seeded and (workload.rate + workload.mobile_rate) * duration_s > _MAX_STEPS:
        where = setting.document.value(("workload", "rate"))
        yield PlanError(where, f"more than {_MAX_STEPS} calls in this duration")


def _slow_fetches(setting: Setting) -> Iterator[PlanError]:
    """A fetch crosses both links twice; when that takes longer than it waits, it may be repeated for ever."""
    limit_ms = setting.timing.fetch_s * 1000
    for i, words in enumerate(setting.words.faults):
        latency_ms = getattr(words, "latency", 0) / 1e6
        try:
            ways = len(setting.targets(registry.find("fault", words.action), words).directions)
        except TargetError:
            continue
        if latency_ms * ways > limit_ms:
            said = f"a round trip of {latency_ms * ways:.0f} ms is longer than a fetch waits ({limit_ms:.0f} ms)"
            where = setting.document.value(("faults", i, "latency"))
            yield PlanError(where, said, "shorter, or timing: real", severity="warning")


def _unknown(where: Any, kind: str, name: str, known: Sequence[str]) -> PlanError:
    return PlanError(where, f"unknown {kind} {name!r}", _there_are(name, known))


def _there_are(word: str, known: Sequence[str]) -> str:
    return did_you_mean(close_matches(word, known)) or f"there are: {', '.join(known) or 'none'}"
