"""Options that several commands share, spelled and explained once."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from faults import parse_duration_ns
from harness import registry
from harness.cli.asking import completion
from harness.runs.keep import DEFAULT_RUNTIME
from harness.schedule import Choice
from harness.seeds import SEEDS_END, parse_seeds

F = TypeVar("F", bound=Callable[..., Any])


class Duration(click.ParamType[int]):
    """A Go duration; the value is nanoseconds."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        try:
            found = parse_duration_ns(value)
        except ValueError as exc:
            self.fail(f"{value!r}: {exc}", param, ctx)
        return found


class Seed(click.ParamType[int]):
    """A whole number that a plan may say as its own `seed`."""

    name = "integer"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        try:
            seed = int(value)
        except ValueError:
            self.fail(f"{value!r} is no whole number", param, ctx)
        if not 0 <= seed < SEEDS_END:
            self.fail(f"{value!r}: expected a seed from 0 to 2**63 - 1", param, ctx)
        return seed


class Seeds(click.ParamType[range]):
    """`N` is 0 to N−1, `A..B` excludes B; the value is a `range`."""

    name = "seeds"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> range:
        if isinstance(value, range):
            return value
        try:
            seeds = parse_seeds(str(value))
        except ValueError as exc:
            self.fail(str(exc), param, ctx)
        return seeds


def _together(*options: Callable[[F], F]) -> Callable[[F], F]:
    def decorate(command: F) -> F:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


store_option = click.option(
    "--store",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("store"),
    show_default=True,
    envvar="HARNESS_STORE",
    help="Where runs are kept.",
)
seed_option = click.option("--seed", type=Seed(), help="Default: the plan's, else 0.")
json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")
plugin_option = click.option(
    "--plugin-path",
    type=click.Path(exists=True, path_type=Path),
    multiple=True,
    metavar="DIR|FILE",
    expose_value=False,
    help="Faults, checkers, dialects … of your own: a Python file each. Repeatable.",
)  # its value is read by `_brought`, before this module is loaded
runtime_option = click.option(
    "--runtime",
    default=DEFAULT_RUNTIME,
    show_default=True,
    metavar="NAME",
    shell_complete=completion.runtimes,
    help="Where the components run.",
)
_of_system = _together(
    click.option(
        "--profile",
        metavar="NAME",
        shell_complete=completion.profiles,
        help="Rules of the components: hardened or documented.",
    ),
    click.option(
        "--with",
        "with_",
        multiple=True,
        metavar="POLICY",
        help="Harden one policy, or choose NAME=VARIANT. Repeatable.",
    ),
    click.option("--without", multiple=True, metavar="POLICY", help="Take one safeguard out. Repeatable."),
    click.option(
        "--topology",
        metavar="NAME",
        shell_complete=completion.topologies,
        help="Other users and devices than the plan's: a name, or a YAML file.",
    ),
    click.option("--duration", type=Duration(), help="Of workload and faults: 30s, 2m."),
)


def system_options(command: F) -> F:
    """Adds --profile, --with, --without, --topology and --duration; the command gets them as one `system`."""

    @functools.wraps(command)
    def with_system(
        *,
        profile: str | None,
        with_: tuple[str, ...],
        without: tuple[str, ...],
        topology: str | None,
        duration: int | None,
        **others: Any,
    ) -> Any:
        system = Choice(
            profile=profile, with_=with_, without=without, topology=topology_word(topology), duration_ns=duration
        )
        return command(system=system, **others)

    return _of_system(with_system)  # type: ignore[return-value]


def topology_word(word: str | None) -> str | None:
    """A topology as plans name it. `own` means the file own.yaml here when none that is shipped has that name."""
    if word is None or word in registry.names("topology"):
        return word
    files = [f"{word}{suffix}" for suffix in (".yaml", ".yml")]
    return next((file for file in files if Path(file).is_file()), word)


def keep_option(default: str) -> Callable[[F], F]:
    return click.option(
        "--keep",
        type=click.Choice(["all", "failed", "none"]),
        default=default,
        show_default=True,
        help="Which run directories stay.",
    )
