"""`harness explain`: one plug-in in its own words."""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Callable, Mapping
from typing import Annotated, Any

import click
from pydantic import TypeAdapter
from pydantic.fields import FieldInfo

from checkers import notation
from faults import Lasts
from harness import plan as plans
from harness import registry
from harness.cli import _catalogue, _options, _say, _words
from harness.hunting import ablations
from harness.judging.checking import as_its_example, check
from harness.registry import UnknownName
from harness.runtimes import capabilities

_KINDS = ("fault", "checker", "policy", "profile", "runtime", "topology", "plan", "dialect")


@click.command(short_help="Explain a fault, checker, policy, profile, plan, …")
@click.argument("name")
@_options.plugin_option
def command(*, name: str) -> int:
    """Explain NAME: a fault, a checker, a policy, a profile, a runtime, a topology, a plan, or what a plan says of its
    `workload` (`content`, `stream`, and the calls of a script: `chunk`)."""
    word = _words.named(name)
    known = {kind: _catalogue.names(kind) for kind in _KINDS}
    kinds = [kind for kind in _KINDS if name in known[kind]]
    if not kinds and _is_plan(name):
        kinds = ["plan"]
    if not kinds and word is not None:
        _words.explain(word)
        return 0
    if not kinds:
        raise UnknownName("name", name, [n for names in known.values() for n in names])
    for number, kind in enumerate(kinds):
        if number:
            _say.line()
        _say.line(f"{name}, a {kind}", bold=True)
        _EXPLAIN[kind](name)
    return 0


def _is_plan(name: str) -> bool:
    try:
        registry.find("plan", name)
    except UnknownName:
        return False
    return True


def _fault(name: str) -> None:
    fault = registry.find("fault", name)
    _prose(inspect.getdoc(fault.Params) or "")
    _heading("what a plan may say")
    for key, field in fault.Params.model_fields.items():
        if key not in ("action", "name") and not (key == "for_" and isinstance(fault, Lasts)):
            default = "required" if field.is_required() else _default(field)
            _say.line(f"  {field.alias or key:<14} {default}".rstrip())
    _heading("as a plan writes it")
    _say.line(f"  - {fault.EXAMPLE}")
    _heading("where")
    _say.line(f"  {fault.LAYER} layer")
    for runtime in registry.names("runtime"):
        can, why = capabilities.cell(fault, registry.find("runtime", runtime))
        _say.paragraph(f"{can}{': ' if why else ''}{why}", first=f"  {runtime:<14} ", rest=" " * 17)


def _default(field: FieldInfo) -> str:
    """A default as a plan would write it; nothing for none."""
    value = field.get_default(call_default_factory=True, validated_data={})
    if value is None:
        return ""
    annotated: Any = Annotated[field.annotation, *field.metadata] if field.metadata else field.annotation
    said = TypeAdapter(annotated).dump_python(value, mode="json", by_alias=True)
    return f"default: {plans.on_one_line(said)}"


def _checker(name: str) -> None:
    checker = registry.find("checker", name)
    _prose(checker.GUARANTEE)
    _heading("when it says INVALID, for one of these reasons")
    for code, meaning in checker.REASONS.items():
        _say.line(f"  {code:<24} {meaning}")
    _heading("a history that breaks it, and its innocent twin")
    for line in (checker.ANOMALY, checker.INNOCENT):
        [result] = [r for r in check(notation.read(line), [as_its_example(checker)]) if r.check == name]
        _say.line(f"  {line}")
        _say.line(f"    {_say.verdict(result.verdict)} {result.reason or ''}".rstrip())
        if result.message:
            _say.paragraph(result.message, first="    ", rest="    ")
    _heading("as a plan writes it")
    _say.line(f"  checks: [{checker.EXAMPLE}]")
    _say.line(f"  needs evidence level {checker.NEEDS.name}")


def _policy(name: str) -> None:
    slot = _catalogue.slots()[name]
    _prose(f"A rule of the {slot.role}.")
    for choice in ("documented", "hardened", *slot.variants) if slot.is_safeguard else ("hardened", *slot.variants):
        _heading(choice if slot.is_safeguard or choice in slot.variants else "in both profiles")
        _prose(inspect.getdoc(type(slot.choice(choice))) or "")
    for variant in slot.variants:
        _say.line(f"  harness run quickstart --with {name}={variant}")
    if slot.is_safeguard:
        _heading("how its loss is shown")
        _prose(ablations.how(name))
        _say.line(f"  harness run {_shown_with(name)}")
        _say.line(f"  harness run quickstart --profile documented --with {name}")


def _shown_with(name: str) -> str:
    """The plan that shows its loss, and what is to be taken out for it."""
    plan = ablations.planned().get(name)
    without = (name,) if plan is None else ablations.read(plan).without
    return f"{plan or 'quickstart'} " + " ".join(f"--without {one}" for one in without)


def _profile(name: str) -> None:
    chosen: Mapping[str, str] = registry.find("profile", name)
    _prose(_catalogue.profile_summary(name))
    rest = chosen.get("*", "")
    _heading(f"every policy is {rest}" + ("" if len(chosen) == 1 else ", but"))
    for slot, choice in chosen.items():
        if slot != "*":
            _say.line(f"  {slot:<32} {choice}")


def _runtime(name: str) -> None:
    runtime = registry.find("runtime", name)
    _prose(runtime.SUMMARY)
    _heading("the faults it injects")
    for can, what in (("yes", "all of"), ("partly", "some of"), ("no", "none of")):
        actions = [
            a for a in registry.names("fault") if capabilities.cell(registry.find("fault", a), runtime)[0] == can
        ]
        if actions:
            _say.paragraph(", ".join(actions), first=f"  {what:<8} ", rest=" " * 11)
    _heading("ready here")
    missing = list(runtime.missing())
    for line in missing or ["yes"]:
        _say.paragraph(line)


def _topology(name: str) -> None:
    _say.line(textwrap.indent(registry.find("topology", name).read_text(encoding="utf-8").rstrip(), "  "))


def _plan(name: str) -> None:
    plan = plans.load(name)
    _prose(plan.title)
    if plan.words.description:
        _prose(plan.words.description)
    _heading(plan.source.name)
    _say.line(textwrap.indent(plan.source.text.rstrip(), "  "))


def _dialect(name: str) -> None:
    _prose(registry.find("dialect", name).SUMMARY)
    _heading("as a topology writes it")
    _say.line(f"  dialect: {name}")


_EXPLAIN: dict[str, Callable[[str], None]] = {
    "fault": _fault,
    "checker": _checker,
    "policy": _policy,
    "profile": _profile,
    "runtime": _runtime,
    "topology": _topology,
    "plan": _plan,
    "dialect": _dialect,
}


def _heading(text: str) -> None:
    _say.line()
    _say.line(f"  {text}", fg="cyan")


def _prose(text: str) -> None:
    for paragraph in text.split("\n\n"):
        _say.paragraph(" ".join(paragraph.split()))
