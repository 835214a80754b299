"""How a component is started as a program: its environment's mistakes are sentences, not tracebacks."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence

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
    """Run `main` until it ends or Ctrl-C."""

    async def run() -> None:
        await main(sys.argv[1:], Environment(os.environ))

    try:
        asyncio.run(run())
    except KeyboardInterrupt:
        sys.exit(130)
    except NotSet as exc:
        _stop(f"{exc.args[0]} is not set; this component needs it (the table in targets/__init__.py says what it is)")
    except UnknownPolicy as exc:
        _stop(f"{exc}; there are: {', '.join(exc.known)}")
    except ProbeRefused as exc:
        _stop(str(exc))


def _stop(problem: str) -> None:
    print(f"error: {problem}", file=sys.stderr)
    sys.exit(BAD_ENVIRONMENT)
