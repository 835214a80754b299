"""`harness conform`: does one component speak as it should, call by call?"""

from __future__ import annotations

import os
import shlex
from collections import Counter
from collections.abc import Coroutine
from typing import Any

import click
from websockets.exceptions import InvalidURI
from websockets.uri import parse_uri

from harness import registry
from harness.cli.asking import options
from harness.cli.telling import exits, say
from harness.conform import Told, failed, looking
from harness.plan import load_topology
from harness.plan.systems.topology import system_of
from harness.registry import close_matches
from harness.runtimes.sockets.playing import to_the_end

_INDENT = 12
_DEFAULT_LIMIT_S = 5.0


@click.command(short_help="Check one component's protocol, call by call.")
@click.argument("what", metavar="NODE|URL")
@click.option("--topology", default="one-user", show_default=True, help="Whose NODE it is: a name, or a YAML file.")
@click.option("--auth", metavar="COMMAND", help="Of a URL: prints a token for USER_ID and DEVICE_ID.")
@click.option(
    "--secret-env",
    default="JWT_SECRET",
    show_default=True,
    metavar="NAME",
    help="Of a URL: the environment variable that has the secret of tokens.",
)
@click.option("--dialect", metavar="NAME", help="Of a URL: how the relay spells the protocol.")
@click.option("--limit", type=options.Duration(), help="How long each answer may take.  [default: 5s]")
@options.plugin_option
@options.json_option
def command(
    *,
    what: str,
    topology: str,
    auth: str | None,
    secret_env: str,
    dialect: str | None,
    limit: int | None,
    as_json: bool,
) -> int:
    """Check one component, in any language: what is sent, what comes, what is expected.

    A URL is a relay that runs. A NODE of a topology is started as a process, and looked at alone: a relay by devices, a
    desktop or a mobile by a relay, each as far as its probe shows.

    \b
      harness conform relay
      harness conform mobile-1 --topology own.yaml
      harness conform ws://127.0.0.1:8787/ws/device-link --auth 'python3 mint.py'

    Exit 0 when every check that was made is met, 1 when one is not, 2 when none could be made.
    """
    limit_s = limit / 1e9 if limit is not None else _DEFAULT_LIMIT_S
    told: list[Told] = []

    def tell(one: Told) -> None:
        told.append(one)
        if not as_json:
            _show(one)

    if "://" in what:
        spoken = registry.find("dialect", dialect) if dialect is not None else None
        _play(looking.relay_at(_url(what), _opener(auth, secret_env), limit_s, tell, spoken))
    else:
        _look_at(what, topology, limit_s, tell)
    exits.no_more_interruption()
    if as_json:
        say.data({"looked_at": what, "checks": [one.__dict__ for one in told]})
    else:
        _sum_up(told)
    if failed(told):
        return exits.INVALID
    return exits.OK if any(one.said == "pass" for one in told) else exits.UNKNOWN


def _look_at(name: str, topology: str, limit_s: float, tell: looking.Tell) -> None:
    words = load_topology(topology)
    known = words.names()
    if name not in known:
        close = close_matches(name, known)
        hint = f"did you mean {' or '.join(close)}?" if close else f"it has: {', '.join(known)}"
        raise exits.Refused(f"the topology {topology} has no node {name!r}; {hint} A relay is also named by its URL")
    system = system_of(words)
    kind = system.node(name).kind
    if kind not in looking.KINDS:
        raise exits.Refused(f"{name} is of kind {kind}; what is looked at is started as a process, or named by a URL")
    _play(looking.node_of(system, name, limit_s, tell))


def _play(work: Coroutine[Any, Any, None]) -> None:
    to_the_end(work, lambda text: say.error(text, label="note"))


def _url(text: str) -> str:
    try:
        parse_uri(text)
    except (InvalidURI, ValueError):
        raise exits.Refused(f"{text}: expected ws://HOST:PORT/PATH or wss://…, where the relay listens") from None
    return text


def _opener(auth: str | None, secret_env: str) -> looking.Opener:
    if auth is not None:
        return looking.Opener(command=_words(auth))
    secret = os.environ.get(secret_env)
    if not secret:
        raise exits.Refused(
            f"devices need tokens: name a command that prints one by --auth, or set {secret_env} to the relay's secret"
        )
    return looking.Opener(secret=secret)


def _words(auth: str) -> tuple[str, ...]:
    try:
        words = tuple(shlex.split(auth))
    except ValueError as exc:
        raise exits.Refused(f"--auth: {exc}; expected a command line as one types it in a shell") from None
    if not words:
        raise exits.Refused("--auth: expected a command that prints a token, such as 'python3 mint.py'")
    return words


def _show(one: Told) -> None:
    mark = {"pass": "pass", "fail": "FAIL", "not judged": "not judged"}[one.said]
    colour = {"pass": "green", "fail": "red"}.get(one.said)
    say.line(f"{mark:<{_INDENT}}{one.name}", fg=colour)
    rest = " " * (_INDENT + 10)
    for label, text in (("sent", one.sent), ("came", one.came), ("expected", one.expected)):
        say.paragraph(text, first=f"{'':<{_INDENT}}{label:<10}", rest=rest)


def _sum_up(told: list[Told]) -> None:
    count = Counter(one.said for one in told)
    say.line()
    say.line(f"{count['pass']} pass, {count['fail']} fail, {count['not judged']} not judged")
