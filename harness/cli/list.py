"""`harness list`: what there is."""

from __future__ import annotations

from typing import Any

import click

from harness import registry
from harness.cli import _catalogue, _options, _say

_KINDS = {
    "faults": "fault",
    "checkers": "checker",
    "profiles": "profile",
    "plans": "plan",
    "topologies": "topology",
    "runtimes": "runtime",
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
@click.argument("kind", type=Kind(), metavar="faults|checkers|profiles|plans|topologies|runtimes")
@_options.json_option
def command(*, kind: str, as_json: bool) -> int:
    """List what there is of a kind. `harness explain NAME` says more of each."""
    what = _KINDS[kind]
    found = {name: _catalogue.summary(what, name) for name in _catalogue.names(what)}
    if as_json:
        _say.data({kind: _as_json(kind, found)})
        return 0
    _say.rows(list(found.items()))
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
        slots = _catalogue.slots().values()
        policies = [{"name": s.name, "role": s.role, "doc": s.doc, "shown_by": s.shown_by} for s in slots]
        return {"profiles": items, "policies": policies}
    return items


def _policies() -> None:
    """Every slot: what breaks without its safeguard, and how that is shown."""
    for role in dict.fromkeys(slot.role for slot in _catalogue.slots().values()):
        _say.line()
        _say.line(
            f"policies of the {role} (--with NAME hardens one, --without NAME takes its safeguard out)", bold=True
        )
        for slot in _catalogue.slots().values():
            if slot.role == role:
                _say.line(f"  {slot.name}", fg="cyan")
                _say.paragraph(" ".join(slot.doc.split()), first="    ", rest="    ")
                if slot.variants:
                    _say.paragraph(f"variants: {', '.join(slot.variants)}", first="    ", rest="    ")
                if slot.shown_by:
                    _say.paragraph(f"shown by: {slot.shown_by}", first="    ", rest="    ")


def _capabilities() -> None:
    """Which runtime can inject which fault, and by which verbs."""
    runtimes = registry.names("runtime")
    verbs = sorted({v for r in runtimes for v in registry.find("runtime", r).VERBS})
    _say.line()
    _grid("verb", verbs, runtimes, lambda verb, runtime: verb in registry.find("runtime", runtime).VERBS)
    _say.line()
    _grid("fault", registry.names("fault"), runtimes, lambda fault, runtime: fault in _injectable(runtime))
    for name in runtimes:
        for line in registry.find("runtime", name).missing():
            _say.error(f"{name}: {line}", label="note")


def _injectable(runtime: str) -> list[str]:
    able = registry.find("runtime", runtime).VERBS
    return [fault for fault in registry.names("fault") if able >= registry.find("fault", fault).VERBS]


def _grid(head: str, rows: list[str], columns: list[str], holds: Any) -> None:
    width = max(len(word) for word in [head, *rows])
    _say.line(f"  {head:<{width}}  " + "  ".join(columns), bold=True)
    for row in rows:
        cells = "  ".join(("yes" if holds(row, column) else "-").ljust(len(column)) for column in columns)
        _say.line(f"  {row:<{width}}  {cells}".rstrip())
