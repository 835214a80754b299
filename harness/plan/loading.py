"""A plan from a file, by its shipped name, or from a text; and what it becomes with a seed."""

from __future__ import annotations

import pathlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from harness import registry
from harness.plan import expand as expansion
from harness.plan import matrix
from harness.plan.errors import PlanError, PlanErrors, Source, Span, did_you_mean, one
from harness.plan.meaning import Setting, problems
from harness.plan.model import PlanWords
from harness.plan.salvage import salvage
from harness.plan.source import MAX_BYTES, Document, read_with_errors
from harness.plan.topology import Topology, system_of
from harness.plan.topology import problems as topology_problems
from harness.plan.writing import written
from harness.registry import UnknownName, close_matches
from harness.schedule import Schedule, System
from targets import profiles
from targets.policy import UnknownPolicy

_SUFFIXES = (".yaml", ".yml")
_STAND_IN = "one-user"


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
    if not (isinstance(what, pathlib.Path) or path.suffix in _SUFFIXES or path.is_file()):
        try:
            path = find(what)
        except UnknownName as exc:
            hint = did_you_mean(exc.close) or "`harness list plans` shows those there are; a file is named with .yaml"
            raise one(what, f"no plan is called {what!r}", hint) from None
        file = _shown(path)
    return parse(_text(path), _name_of(path), file, beside=path.parent, topology=topology)


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
        raise PlanErrors(_one_a_place(found))
    words, lost = salvaged.words, salvaged.lost
    if topology is not None:
        used = load_topology(topology)
    else:
        used, wrong = _own_topology(words, salvaged.document, beside)
        found += wrong
        lost.paths |= {("topology",)} if wrong else set()
    plan = Plan(name, words, used, salvaged.document, beside=beside)
    second = problems(_setting(plan))
    found += lost.heeded(second, plan.document)
    if not lost:
        found += _matrix_problems(plan)
    _raise_errors(_one_a_place(found))
    return replace(plan, warnings=tuple(e for e in second if e.severity == "warning"))


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


def _one_a_place(errors: Iterable[PlanError]) -> list[PlanError]:
    """The first thing that was said of each place: what a later pass says there comes of it."""
    found: dict[object, PlanError] = {}
    for error in errors:
        place = (
            (error.where.source.name, error.where.line, error.where.column) if isinstance(error.where, Span) else error
        )
        found.setdefault(place, error)
    return list(found.values())


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
    document, errors = read_with_errors(Source(file, _text(path)))
    salvaged = salvage(document, Topology)
    topology = salvaged.words
    if topology is None or salvaged.errors:
        raise PlanErrors(_one_a_place([*errors, *salvaged.errors]))
    _raise_errors(
        errors
        + [
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


def used_topology(plan: Plan, topology: str | None = None) -> str | None:
    """The topology of a run as YAML, if it stands in a file of the user's; None for one that is shipped."""
    if not (topology or plan.words.topology).endswith(_SUFFIXES):
        return None
    used = load_topology(topology) if topology is not None else plan.topology
    return written(used)


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
