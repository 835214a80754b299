"""How a component is started as a program: its environment's mistakes are sentences, not tracebacks."""

from __future__ import annotations

import asyncio
import importlib
import inspect
import os
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import NoReturn

import targets
from targets.policy import UnknownPolicy
from targets.probe import ProbeRefused

BAD_ENVIRONMENT = 2  # exit code


class NotSet(KeyError):
    """A variable that the component cannot do without."""


class Environment(dict[str, str]):
    """The environment; asking for what is not there raises NotSet."""

    def __missing__(self, name: str) -> str:
        raise NotSet(name)


def start(main: Callable[[Sequence[str], Mapping[str, str]], Awaitable[None]]) -> None:
    """Run `main` until it ends or Ctrl-C. It takes no arguments but `--help`: all it needs is in its environment."""
    match sys.argv[1:]:
        case []:
            pass
        case ["-h" | "--help"]:
            print(_help(main))
            return
        case [word, *_]:
            _stop(f"unknown argument {word}; all is said in the environment, and --help says how")

    async def run() -> None:
        await main([], Environment(os.environ))

    try:
        asyncio.run(run())
    except KeyboardInterrupt:
        sys.exit(130)
    except NotSet as exc:
        _stop(f"{exc.args[0]} is not set; this component needs it (--help says what it is)")
    except UnknownPolicy as exc:
        _stop(f"{exc}; there are: {', '.join(exc.known)}")
    except ProbeRefused as exc:
        _stop(str(exc))


def _help(main: object) -> str:
    """What the component is, and the variables of them all."""
    room = inspect.getdoc(sys.modules[getattr(main, "__module__", __name__)]) or ""
    return f"{room}\n\n{inspect.getdoc(targets)}"


def _stop(problem: str) -> NoReturn:
    print(f"error: {problem}", file=sys.stderr)
    sys.exit(BAD_ENVIRONMENT)


def main() -> None:
    """`python -m targets.program MODULE`: any module with `async def main(argv, env)`, started as ours are."""
    if len(sys.argv) != 2:
        _stop("expected the name of one module with `async def main(argv, env)`")
    name = sys.argv.pop()
    sys.argv[0] = name
    start(importlib.import_module(name).main)


if __name__ == "__main__":
    main()
