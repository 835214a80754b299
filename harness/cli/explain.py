"""`harness explain`: one plug-in in its own words, or a word of plans, or a reason of checkers."""

from __future__ import annotations

import functools
import inspect
import textwrap
from collections.abc import Callable, Mapping, Sequence

import click
from pydantic.fields import FieldInfo

from checkers import notation
from faults import Lasts
from harness import plan as plans
from harness import registry
from harness.cli.asking import completion, options
from harness.cli.naming import catalogue, plan_words, policies, reason_codes
from harness.cli.telling import say
from harness.judging.checking import as_its_example, check
from harness.plan.words.described import default_of
from harness.registry import UnknownName
from harness.runtimes import capabilities

_KINDS = ("fault", "checker", "policy", "profile", "runtime", "topology", "plan", "dialect")


@click.command(short_help="Explain a fault, checker, policy, profile, plan, …")
@click.argument("name", shell_complete=completion.explained)
@options.plugin_option
def command(*, name: str) -> int:
    """Explain NAME: a fault, a checker, a policy, a profile, a runtime, a topology, a plan, a word of a plan
    (`workload`, `script`, `settle`, `timing`, `match`, `pick`, `matrix`, `expect`, `topology`, and the calls of a
    script: `chunk`), a checker's reason (`double-append`), or what makes a run `UNKNOWN`."""
    word = plan_words.named(name)
    reasons = reason_codes.named(name)
    known = {kind: catalogue.names(kind) for kind in _KINDS}
    kinds = [kind for kind in _KINDS if name in known[kind]]
    told: list[Callable[[], None]] = [functools.partial(_of_kind, kind, name) for kind in kinds]
    if word is not None and not kinds:
        told.append(functools.partial(plan_words.explain, word))
    if not kinds and _is_plan(name):
        told.append(functools.partial(_of_kind, "plan", name))
    told += [functools.partial(reason_codes.explain, *reason) for reason in reasons]
    if not told:
        raise _unknown(name, [n for names in known.values() for n in names])
    for number, explain in enumerate(told):
        if number:
            say.line()
        explain()
    return 0


def _of_kind(kind: str, name: str) -> None:
    say.line(f"{name}, a {kind}", bold=True)
    _EXPLAIN[kind](name)


def _unknown(name: str, known: Sequence[str]) -> UnknownName:
    """Words of plans and reasons are many, and like other names: they are offered when nothing else is near."""
    found = UnknownName("name", name, known)
    return found if found.close else UnknownName("name", name, [*known, *plan_words.TOPICS, *reason_codes.codes()])


def _is_plan(name: str) -> bool:
    try:
        registry.find("plan", name)
    except UnknownName:
        return False
    return True


def _fault(name: str) -> None:
    fault = registry.find("fault", name)
    say.prose(inspect.getdoc(fault.Params) or "")
    say.heading("what a plan may say")
    for key, field in fault.Params.model_fields.items():
        if key not in ("action", "name") and not (key == "for_" and isinstance(fault, Lasts)):
            plan_words.line(key, field, _default(field), fault.Params)
    say.heading("as a plan writes it")
    say.line(f"  - {fault.EXAMPLE}")
    say.heading("where")
    say.line(f"  {fault.LAYER} layer")
    for runtime in registry.names("runtime"):
        can, why = capabilities.cell(fault, registry.find("runtime", runtime))
        say.paragraph(f"{can}{': ' if why else ''}{why}", first=f"  {runtime:<14} ", rest=" " * 17)


def _default(field: FieldInfo) -> str:
    """A default as a plan would write it; nothing for none."""
    if field.is_required():
        return "required"
    value = default_of(field)
    return "" if value is None else f"default: {plans.on_one_line(value)}"


def _checker(name: str) -> None:
    checker = registry.find("checker", name)
    say.prose(checker.GUARANTEE)
    say.heading("when it says INVALID, for one of these reasons")
    for code, meaning in checker.REASONS.items():
        say.line(f"  {code:<24} {meaning}")
    say.heading("a history that breaks it, and its innocent twin")
    for line in (checker.ANOMALY, checker.INNOCENT):
        [result] = [r for r in check(notation.read(line), [as_its_example(checker)]) if r.check == name]
        say.line(f"  {line}")
        say.line(f"    {say.verdict(result.verdict)} {result.reason or ''}".rstrip())
        if result.message:
            say.paragraph(result.message, first="    ", rest="    ")
    say.heading("as a plan writes it")
    say.line(f"  checks: [{checker.EXAMPLE}]")
    say.line(f"  needs evidence level {checker.NEEDS.name}")


def _profile(name: str) -> None:
    chosen: Mapping[str, str] = registry.find("profile", name)
    say.prose(catalogue.profile_summary(name))
    rest = chosen.get("*", "")
    say.heading(f"every policy is {rest}" + ("" if len(chosen) == 1 else ", but"))
    for slot, choice in chosen.items():
        if slot != "*":
            say.line(f"  {slot:<32} {choice}")


def _runtime(name: str) -> None:
    runtime = registry.find("runtime", name)
    say.prose(runtime.SUMMARY)
    say.heading("the faults it injects")
    for can, what in (("yes", "all of"), ("partly", "some of"), ("no", "none of")):
        actions = [
            a for a in registry.names("fault") if capabilities.cell(registry.find("fault", a), runtime)[0] == can
        ]
        if actions:
            say.paragraph(", ".join(actions), first=f"  {what:<8} ", rest=" " * 11)
    say.heading("ready here")
    missing = list(runtime.missing())
    for line in missing or ["yes"]:
        say.paragraph(line)


def _topology(name: str) -> None:
    say.line(textwrap.indent(registry.find("topology", name).read_text(encoding="utf-8").rstrip(), "  "))


def _plan(name: str) -> None:
    plan = plans.load(name)
    say.prose(plan.title)
    if plan.words.description:
        say.prose(plan.words.description)
    say.heading(plan.source.name)
    say.line(textwrap.indent(plan.source.text.rstrip(), "  "))


def _dialect(name: str) -> None:
    say.prose(registry.find("dialect", name).SUMMARY)
    say.heading("as a topology writes it")
    say.line(f"  dialect: {name}")


_EXPLAIN: dict[str, Callable[[str], None]] = {
    "fault": _fault,
    "checker": _checker,
    "policy": policies.explain,
    "profile": _profile,
    "runtime": _runtime,
    "topology": _topology,
    "plan": _plan,
    "dialect": _dialect,
}
