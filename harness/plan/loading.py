"""A plan from a file, by its shipped name, or from a text; and what it becomes with a seed."""

from __future__ import annotations

import pathlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from harness import registry
from harness.plan import expand as expansion
from harness.plan import matrix
from harness.plan.meaning.exercise import unexercised
from harness.plan.meaning.whole import Setting, problems
from harness.plan.systems.files import load_topology
from harness.plan.systems.topology import Topology, system_of
from harness.plan.text.errors import PlanError, PlanErrors, Source, did_you_mean, one, one_a_place, raise_errors
from harness.plan.text.files import SUFFIXES, shown, text_of
from harness.plan.text.salvage import salvage
from harness.plan.text.source import Document, read_with_errors
from harness.plan.words.model import PlanWords
from harness.plan.writing import written
from harness.registry import UnknownName
from harness.runtimes import Runtime
from harness.schedule import Choice, Schedule, System
from targets import profiles

_STAND_IN = "one-user"
_NOTHING: Mapping[str, str] = {}
_AS_PLANNED = Choice()


@dataclass(frozen=True)
class Plan:
    """A plan whose every word is one; `warnings` are things that a run survives."""

    name: str
    words: PlanWords
    topology: Topology
    document: Document
    warnings: tuple[PlanError, ...] = ()
    beside: pathlib.Path | None = None  # where its topology may lie

    @property
    def source(self) -> Source:
        return self.document.source

    @property
    def title(self) -> str:
        return self.words.title or self.name

    @property
    def seed(self) -> int | None:
        return self.words.seed


def find(name: str) -> pathlib.Path:
    """The file of a shipped plan: `quickstart`, `edge/duplicate-events`, or only `duplicate-events`.

    Raises `UnknownName`.
    """
    found: pathlib.Path = registry.find("plan", name)
    return found


def load(what: str | pathlib.Path, *, topology: str | None = None) -> Plan:
    """A plan from a file or by its shipped name; a text with line breaks is the plan itself. `topology` takes the place
    of the plan's own.

    Raises `PlanErrors`, or `UnknownName` for that topology.
    """
    if isinstance(what, str) and ("\n" in what or what.lstrip().startswith("{")):
        return parse(what, topology=topology)
    path = pathlib.Path(what)
    file = str(path)
    if not (isinstance(what, pathlib.Path) or path.suffix in SUFFIXES or path.is_file()):
        try:
            path = find(what)
        except UnknownName as exc:
            hint = did_you_mean(exc.close) or "`harness list plans` shows those there are; a file is named with .yaml"
            raise one(what, f"no plan is called {what!r}", hint) from None
        file = shown(path)
    return parse(text_of(path), _name_of(path), file, beside=path.parent, topology=topology)


def parse(
    text: str,
    name: str = "stdin",
    file: str | None = None,
    beside: pathlib.Path | None = None,
    topology: str | None = None,
) -> Plan:
    """A plan from its text; `file` is what errors call it, `beside` where its topology may lie; `topology` takes the
    place of its own.

    Raises `PlanErrors`, or `UnknownName` for that topology.
    """
    document, errors = read_with_errors(Source(file or name, text))
    return from_document(document, name, beside, topology=topology, errors=errors)


def from_document(
    document: Document,
    name: str,
    beside: pathlib.Path | None = None,
    *,
    topology: str | None = None,
    errors: Sequence[PlanError] = (),
) -> Plan:
    """Both passes over a document in which `errors` were found already. Raises `PlanErrors` with those of all."""
    found = list(errors)
    salvaged = salvage(document, PlanWords)
    found += salvaged.errors
    if salvaged.words is None:
        raise PlanErrors(one_a_place(found))
    words, lost = salvaged.words, salvaged.lost
    if topology is not None:
        used = load_topology(topology)
    else:
        used, wrong = _own_topology(words, salvaged.document, beside)
        found += wrong
        lost.paths |= {("topology",)} if wrong else set()
    plan = Plan(name, words, used, salvaged.document, beside=beside)
    setting = _setting(plan, _AS_PLANNED)
    second = problems(setting)
    found += lost.heeded(second, plan.document)
    if not lost:
        found += _matrix_problems(plan)
    raise_errors(one_a_place(found))
    warnings = [e for e in second if e.severity == "warning"]
    return replace(plan, warnings=(*warnings, *unexercised(setting)))


def _own_topology(
    words: PlanWords, document: Document, beside: pathlib.Path | None
) -> tuple[Topology, list[PlanError]]:
    """The plan's topology; with what is wrong with it, one that stands in for it."""
    try:
        return load_topology(words.topology, beside), []
    except UnknownName as exc:
        hint = did_you_mean(exc.close) or f"there are: {', '.join(exc.known)}"
        errors = [PlanError(document.value(("topology",)), f"unknown topology {exc.name!r}", hint)]
    except PlanErrors as exc:
        errors = exc.errors
    return load_topology(_STAND_IN), errors


def _matrix_problems(plan: Plan) -> list[PlanError]:
    try:
        _varied(plan)
    except PlanErrors as exc:
        return exc.errors
    return []


def variants(plan: Plan) -> list[Plan]:
    """The plans that a campaign runs: one for each combination of its `matrix`, or the plan itself without one.

    Each is written out and stands for itself: `quickstart[rate=10/s,for=5s]`.
    """
    if not plan.words.matrix:
        return [plan]
    return [parse(dump(one), one.name, plan.source.name, plan.beside) for one in _varied(plan)]


def _varied(plan: Plan) -> list[Plan]:
    """Raises `PlanErrors` with what is wrong in any combination."""
    found, errors = [], []
    if not plan.words.matrix:
        return []
    for said, document in matrix.variants(plan.document, plan.words.matrix):
        try:
            found.append(from_document(document, f"{plan.name}[{said}]", plan.beside))
        except PlanErrors as exc:
            errors += exc.errors
    if errors:
        raise PlanErrors(errors)
    return found


def check(plan: Plan, *, runtime_verbs: Iterable[str]) -> list[PlanError]:
    """What a runtime with these verbs could not do of a plan."""
    return [e for e in problems(_setting(plan, _AS_PLANNED, runtime_verbs)) if e.severity == "error"]


def expand(
    plan: Plan,
    seed: int | None = None,
    *,
    profile: str | None = None,
    with_: Sequence[str] = (),
    without: Sequence[str] = (),
    duration_ns: int | None = None,
    topology: str | None = None,
    runtime_verbs: Iterable[str] | None = None,
) -> Schedule:
    """The schedule of a plan. Without a seed the plan's own is taken, else 0.

    Raises:
        PlanErrors: the plan makes no sense with this duration or topology, or on a runtime with these verbs.
        UnknownPolicy: a profile or policy that does not exist.
        UnknownName: no such topology.
    """
    choice = Choice(
        profile=profile, with_=tuple(with_), without=tuple(without), duration_ns=duration_ns, topology=topology
    )
    return _expanded(plan, seed, choice, runtime_verbs)


def expand_on(runtime: Runtime, plan: Plan, seed: int | None, choice: Choice = _AS_PLANNED) -> Schedule:
    """The schedule of a plan for a runtime, as somebody chose it. Raises as `expand` does."""
    return _expanded(plan, seed, choice, runtime.VERBS, runtime.WHY_NOT)


def system(
    plan: Plan,
    topology: str | None = None,
    *,
    profile: str | None = None,
    with_: Sequence[str] = (),
    without: Sequence[str] = (),
) -> System:
    """What a run of the plan starts, on its own topology or on another. Raises `PlanErrors`, `UnknownName`."""
    choice = Choice(profile=profile, with_=tuple(with_), without=tuple(without), topology=topology)
    return _setting(plan, choice).system


def dump(plan: Plan) -> str:
    """The plan as YAML: what `load` makes the same plan of."""
    return written(plan.words)


def used_topology(plan: Plan, topology: str | None = None) -> str | None:
    """The topology of a run as YAML, if it stands in a file of the user's; None for one that is shipped."""
    if not (topology or plan.words.topology).endswith(SUFFIXES):
        return None
    used = load_topology(topology) if topology is not None else plan.topology
    return written(used)


def _expanded(
    plan: Plan, seed: int | None, choice: Choice, verbs: Iterable[str] | None, why_not: Mapping[str, str] = _NOTHING
) -> Schedule:
    profiles.load(choice.profile or profiles.DEFAULT, choice.with_, choice.without)
    setting = _setting(plan, choice, verbs, why_not)
    raise_errors(problems(setting))
    if seed is None:
        seed = plan.seed or 0
    return expansion.schedule_of(setting, plan.name, seed)


def _setting(
    plan: Plan, choice: Choice, verbs: Iterable[str] | None = None, why_not: Mapping[str, str] = _NOTHING
) -> Setting:
    return Setting(
        words=plan.words,
        document=plan.document,
        system=system_of(
            load_topology(choice.topology) if choice.topology is not None else plan.topology,
            timing=plan.words.timing,
            profile=choice.profile,
            with_=choice.with_,
            without=choice.without,
            policies=plan.words.policies,
        ),
        duration_ns=choice.duration_ns if choice.duration_ns is not None else plan.words.duration,
        runtime_verbs=None if verbs is None else frozenset(verbs),
        why_not=why_not,
    )


def _name_of(path: pathlib.Path) -> str:
    """A shipped plan's name has its folder: `edge/duplicate-events`."""
    resolved, root = path.resolve(), registry.configs_dir()
    inside = resolved.relative_to(root) if resolved.is_relative_to(root) else pathlib.Path(path.name)
    return inside.with_suffix("").as_posix()
