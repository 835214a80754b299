"""`harness list`: what there is."""

from __future__ import annotations

from typing import Any

import click

from harness import registry
from harness.cli.asking import options
from harness.cli.naming import catalogue
from harness.cli.telling import say
from harness.hunting import ablations
from harness.runtimes import capabilities, kinds
from targets.policy import Slot

_KINDS = {
    "faults": "fault",
    "checkers": "checker",
    "profiles": "profile",
    "plans": "plan",
    "topologies": "topology",
    "runtimes": "runtime",
    "dialects": "dialect",
}


class Kind(click.ParamType[str]):
    """A kind of plug-in, in the plural; a wrong one is told what it may have meant."""

    name = "kind"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        singular = {v: k for k, v in _KINDS.items()}
        if value not in _KINDS and value not in singular:
            close = registry.close_matches(str(value), _KINDS) or list(_KINDS)
            self.fail(f"{value!r} is no kind; did you mean {' or '.join(close)}?", param, ctx)
        return singular.get(value, str(value))


@click.command(short_help="List what there is of a kind.")
@click.argument("kind", type=Kind(), metavar="faults|checkers|profiles|plans|topologies|runtimes|dialects")
@options.plugin_option
@options.json_option
def command(*, kind: str, as_json: bool) -> int:
    """List what there is of a kind. `harness explain NAME` says more of each."""
    what = _KINDS[kind]
    found = {name: catalogue.summary(what, name) for name in catalogue.names(what)}
    if as_json:
        say.data({kind: _as_json(kind, found)})
        return 0
    say.rows(list(found.items()))
    if kind == "profiles":
        _policies()
    if kind == "runtimes":
        _capabilities()
    return 0


def _as_json(kind: str, found: dict[str, str]) -> Any:
    items: list[dict[str, Any]] = [{"name": name, "summary": summary} for name, summary in found.items()]
    if kind == "runtimes":
        for item in items:
            runtime = registry.find("runtime", item["name"])
            item["verbs"], item["faults"] = sorted(runtime.VERBS), _injectable(item["name"])
            item["missing"] = list(runtime.missing())
    if kind == "profiles":
        slots = catalogue.slots().values()
        policies = [
            {
                "name": s.name,
                "role": s.role,
                "doc": catalogue.placeless(s.doc),
                "safeguard": s.is_safeguard,
                "variants": catalogue.variants(s),
                **(_shown(s) if s.is_safeguard else {}),
            }
            for s in slots
        ]
        return {"profiles": items, "policies": policies}
    return items


def _shown(slot: Slot[Any]) -> dict[str, Any]:
    """How the loss of a safeguard is shown; `way` is None when nothing hides it."""
    plan = ablations.planned().get(slot.name)
    if plan is None:
        return {"plan": None}
    found, hidden = ablations.read(plan), ablations.masked_by(slot.name)
    shown = {"plan": found.plan, "seed": found.seed, "check": found.check, "base_without": list(found.base)}
    return {**shown, "masked_by": hidden or None, "way": found.way if hidden else None}


def _policies() -> None:
    """Every safeguard: what breaks without it, and how that is shown. Then what may be chosen in either profile."""
    slots = list(catalogue.slots().values())
    for role in dict.fromkeys(slot.role for slot in slots):
        say.line()
        say.line(f"policies of the {role} (--with NAME hardens one, --without NAME takes its safeguard out)", bold=True)
        for slot in slots:
            if slot.role == role and slot.is_safeguard:
                _policy(slot)
    say.line()
    say.line("choices in either profile (--with NAME=VARIANT; NAME alone where there is but one)", bold=True)
    for slot in slots:
        if not slot.is_safeguard:
            _policy(slot)


def _policy(slot: Slot[Any]) -> None:
    say.line(f"  {slot.name}" + ("" if slot.is_safeguard else f" ({slot.role})"), fg="cyan")
    say.paragraph(catalogue.placeless(slot.doc), first="    ", rest="    ")
    for variant, said in catalogue.variants(slot).items():
        say.paragraph(f"variant {variant}: {said}", first="    ", rest="      ")
    if slot.is_safeguard:
        say.paragraph(ablations.how(slot.name), first="    ", rest="    ")


def _capabilities() -> None:
    """Which runtime can inject which fault, and why not."""
    runtimes = registry.names("runtime")
    rows = list(capabilities.table())
    width = max(len(action) for action, _ in rows)
    say.line()
    say.line(f"  {'action':<{width}}  " + "  ".join(f"{runtime:<7}" for runtime in runtimes).rstrip(), bold=True)
    for action, cells in rows:
        say.line(f"  {action:<{width}}  " + "  ".join(f"{can:<7}" for can, _ in cells).rstrip())
    say.line()
    for action, cells in rows:
        for runtime, (can, why) in zip(runtimes, cells, strict=True):
            if why:
                say.paragraph(f"{action} on {runtime}: {can}: {why}", rest="    ")
    for actions, node, said in capabilities.on_nodes():
        say.paragraph(f"{actions} on {node}: {said}", rest="    ")
    for name in runtimes:
        say.line(f"  nodes on {name}: of kind {', '.join(sorted(kinds(registry.find('runtime', name))))}")
    for name in runtimes:
        for line in registry.find("runtime", name).missing():
            say.error(f"{name}: {line}", label="note")


def _injectable(runtime: str) -> list[str]:
    where = registry.find("runtime", runtime)
    faults = (registry.find("fault", name) for name in registry.names("fault"))
    return [fault.ACTION for fault in faults if capabilities.cell(fault, where)[0] != "no"]
