"""All commands as one group, each loaded when it is asked for."""

from __future__ import annotations

import ast
import importlib
import os
import pkgutil
import sys
from collections.abc import Iterable
from pathlib import Path

import click

from harness import __version__
from harness.cli.asking import completion
from harness.cli.telling import exits, say
from harness.registry import close_matches

_IN_ORDER_OF_NEED = (
    *("demo", "run", "hunt", "replay", "shrink", "report", "show", "serve", "nightly", "merge"),
    *("check", "conform", "list", "explain", "plan", "doctor", "images"),
)


class _Formatter(click.HelpFormatter):
    """Help in which no `command` is broken in two."""

    def write_text(self, text: str) -> None:
        super().write_text(say.unbroken(text))

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        super().write_dl([(first, say.unbroken(second)) for first, second in rows], col_max, col_spacing)

    def getvalue(self) -> str:
        return say.broken(super().getvalue())


class _Context(click.Context):
    formatter_class = _Formatter


def _with_our_help(command: click.Command) -> click.Command:
    command.context_class = _Context
    for inner in command.commands.values() if isinstance(command, click.Group) else ():
        _with_our_help(inner)
    return command


def _short_help(name: str) -> str:
    """The word `short_help` of the decorator `@click.command` in a command's file."""
    text = (Path(__file__).parent / f"{name}.py").read_text(encoding="utf-8")
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef) and node.name == "command":
            decorators = [one for one in node.decorator_list if isinstance(one, ast.Call)]
            words = [word for one in decorators for word in one.keywords if word.arg == "short_help"]
            if words and isinstance(words[0].value, ast.Constant):
                return str(words[0].value.value)
    return ""


class Commands(click.Group):
    """Loads a command's module only when it is asked for, so that `--help` of one pays for one."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        here = pkgutil.iter_modules([str(Path(__file__).parent)])
        found = {one.name for one in here if not one.ispkg and not one.name.startswith("_")}
        first = [name for name in _IN_ORDER_OF_NEED if name in found]
        return first + sorted(found.difference(first))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        command = importlib.import_module(f"harness.cli.{cmd_name}").command
        assert isinstance(command, click.Command)
        return _with_our_help(command)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """What each is for, read from its file: all of them would take a second to load."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, _short_help(name)) for name in self.list_commands(ctx)])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        known = self.list_commands(ctx)
        if args and args[0] not in known and not args[0].startswith("-") and not ctx.resilient_parsing:
            close = close_matches(args[0], known)
            hint = f"; did you mean {' or '.join(close)}?" if close else ""
            raise click.UsageError(f"no such command {args[0]!r}{hint}", ctx)
        return super().resolve_command(ctx, args)


@click.group(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog=exits.TABLE,
)
@click.version_option(__version__, prog_name="harness")
def group() -> None:
    """Inject faults into a desktop → relay → mobile job-sync system, and judge what it did.

    Start with `harness demo`, then `harness run quickstart`.

    Tab completes names once your shell's start file has its line:

    \b
      bash  eval "$(_HARNESS_COMPLETE=bash_source harness)"
      zsh   eval "$(_HARNESS_COMPLETE=zsh_source harness)"
      fish  _HARNESS_COMPLETE=fish_source harness | source
    """


_with_our_help(group)


def run(argv: list[str]) -> int:
    """The exit code of one command line; nothing is raised."""
    say.prepare_streams()
    return exits.guarded(lambda: _invoke(argv))


def _invoke(argv: list[str]) -> int:
    """One command. `click`'s own `main` is not used: it would end a broken pipe with 1, which here means INVALID."""
    asked = completion.answer(group, _program_name())
    if asked is not None:
        return asked
    with exits.terminated_like_ctrl_c():
        context = group.make_context(_program_name(), argv)
        with context:
            code = group.invoke(context)
    return code if isinstance(code, int) else 0


def _program_name() -> str:
    name = os.path.basename(sys.argv[0])  # noqa: PTH119 - argv[0] may be anything, also no path
    return name if name.startswith(("harness", "jobsync")) else "harness"
