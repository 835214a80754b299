"""A plan from a file, by its shipped name, or from a text; and what it becomes with a seed."""

from __future__ import annotations

import pathlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from harness import registry
from harness.plan import expand as expansion
from harness.plan import matrix
from harness.plan.errors import PlanError, PlanErrors, Source, did_you_mean, one
from harness.plan.exercise import unexercised
from harness.plan.meaning import Setting, problems
from harness.plan.model import PlanWords
from harness.plan.source import MAX_BYTES, Document, read
from harness.plan.topology import Topology, system_of
from harness.plan.topology import problems as topology_problems
from harness.plan.validate import validate
from harness.plan.writing import written
from harness.registry import UnknownName, close_matches
from harness.schedule import Schedule, System
from targets import profiles
from targets.policy import UnknownPolicy

_SUFFIXES = (".yaml", ".yml")


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


def load(what: str | pathlib.Path) -> Plan:
    """A plan from a file or by its shipped name; a text with line breaks is the plan itself.

    Raises `PlanErrors`.
    """
    if isinstance(what, str) and ("\n" in what or what.lstrip().startswith("{")):
        return parse(what)
    path = pathlib.Path(what)
    if isinstance(what, pathlib.Path) or path.suffix in _SUFFIXES or path.is_file():
        return parse(_text(path), _name_of(path), str(path), beside=path.parent)
    try:
        path = find(what)
    except UnknownName as exc:
        hint = did_you_mean(exc.close) or "`harness list plans` shows those there are; a file is named with .yaml"
        raise one(what, f"no plan is called {what!r}", hint) from None
    return parse(_text(path), _name_of(path), _shown(path), beside=path.parent)


def parse(text: str, name: str = "stdin", file: str | None = None, beside: pathlib.Path | None = None) -> Plan:
    """A plan from its text; `file` is what errors call it, `beside` where its topology may lie. Raises `PlanErrors`."""
    return from_document(read(Source(file or name, text)), name, beside)


def from_document(document: Document, name: str, beside: pathlib.Path | None = None) -> Plan:
    """Both passes over a document. Raises `PlanErrors`."""
    words = validate(document, PlanWords)
    try:
        topology = load_topology(words.topology, beside)
    except UnknownName as exc:
        hint = did_you_mean(exc.close) or f"there are: {', '.join(exc.known)}"
        raise one(document.value(("topology",)), f"unknown topology {exc.name!r}", hint) from None
    plan = Plan(name, words, topology, document, beside=beside)
    setting = _setting(plan)
    found = problems(setting)
    _raise_errors(found)
    warnings = [e for e in found if e.severity == "warning"]
    plan = replace(plan, warnings=(*warnings, *unexercised(setting)))
    _varied(plan)
    return plan


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
    return [e for e in problems(_setting(plan, runtime_verbs=runtime_verbs)) if e.severity == "error"]


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
    why_not: Mapping[str, str] | None = None,
) -> Schedule:
    """The schedule of a plan. Without a seed the plan's own is taken, else 0.

    Raises:
        PlanErrors: the plan makes no sense with this duration or topology, or on a runtime with these verbs.
        UnknownPolicy: a profile or policy that does not exist.
        UnknownName: no such topology.
    """
    profiles.load(profile or profiles.DEFAULT, with_, without)
    setting = _setting(
        plan,
        profile=profile,
        with_=with_,
        without=without,
        duration_ns=duration_ns,
        topology=topology,
        runtime_verbs=runtime_verbs,
        why_not=why_not,
    )
    _raise_errors(problems(setting))
    if seed is None:
        seed = plan.seed or 0
    return expansion.schedule_of(setting, plan.name, seed)


def system(
    plan: Plan,
    topology: str | None = None,
    *,
    profile: str | None = None,
    with_: Sequence[str] = (),
    without: Sequence[str] = (),
) -> System:
    """What a run of the plan starts, on its own topology or on another. Raises `PlanErrors`, `UnknownName`."""
    return _setting(plan, topology=topology, profile=profile, with_=with_, without=without).system


def dump(plan: Plan) -> str:
    """The plan as YAML: what `load` makes the same plan of."""
    return written(plan.words)


# ---- topologies ---------------------------------------------------------------------------------------------------


def load_topology(name: str, beside: pathlib.Path | None = None) -> Topology:
    """A shipped topology by its name, or a file (relative to the plan's folder). Raises `PlanErrors`, `UnknownName`."""
    if name.endswith(_SUFFIXES):
        path = (beside or pathlib.Path()) / name
        file = str(path)
    else:
        path = registry.find("topology", name)
        file = _shown(path)
    document = read(Source(file, _text(path)))
    topology = validate(document, Topology)
    _raise_errors(
        [
            PlanError(document.value(place), said, did_you_mean(close_matches(str(document.at(place)), known)))
            for place, said, known in topology_problems(topology)
        ]
    )
    _raise_errors(_own_policies(topology, document))
    return topology.beside(path.parent)


def _own_policies(topology: Topology, document: Document) -> list[PlanError]:
    """Profiles and policies that single nodes name."""
    found = []
    for path, _, own in topology.owns():
        try:
            profiles.load(own.profile or profiles.DEFAULT, policies=own.policies)
        except UnknownPolicy as exc:
            where = document.keys.get((*path, "policies", exc.word)) or document.find(path, exc.word)
            found.append(PlanError(where, str(exc), did_you_mean(close_matches(exc.word, exc.known))))
    return found


def _setting(
    plan: Plan,
    *,
    profile: str | None = None,
    with_: Sequence[str] = (),
    without: Sequence[str] = (),
    duration_ns: int | None = None,
    topology: str | None = None,
    runtime_verbs: Iterable[str] | None = None,
    why_not: Mapping[str, str] | None = None,
) -> Setting:
    return Setting(
        words=plan.words,
        document=plan.document,
        system=system_of(
            load_topology(topology) if topology is not None else plan.topology,
            timing=plan.words.timing,
            profile=profile,
            with_=with_,
            without=without,
            policies=plan.words.policies,
        ),
        duration_ns=duration_ns if duration_ns is not None else plan.words.duration,
        runtime_verbs=None if runtime_verbs is None else frozenset(runtime_verbs),
        why_not=why_not or {},
    )


# ---- files --------------------------------------------------------------------------------------------------------


def _text(path: pathlib.Path) -> str:
    try:
        raw = path.read_bytes()
    except OSError as exc:
        raise one(str(path), f"cannot be read: {exc.strerror or exc}") from None
    if len(raw) > MAX_BYTES:
        raise one(str(path), f"larger than {MAX_BYTES // 1024} KB; a plan is a page or two of YAML")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        line = raw.count(b"\n", 0, exc.start) + 1
        raise one(f"{path}:{line}", "not UTF-8 text", f"byte {exc.start} is {raw[exc.start]:#04x}") from None


def _name_of(path: pathlib.Path) -> str:
    """A shipped plan's name has its folder: `edge/duplicate-events`."""
    resolved, root = path.resolve(), registry.configs_dir()
    inside = resolved.relative_to(root) if resolved.is_relative_to(root) else pathlib.Path(path.name)
    return inside.with_suffix("").as_posix()


def _shown(path: pathlib.Path) -> str:
    """A path as a user would type it here."""
    here = pathlib.Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)


def _raise_errors(found: list[PlanError]) -> None:
    errors = [error for error in found if error.severity == "error"]
    if errors:
        raise PlanErrors(errors)
