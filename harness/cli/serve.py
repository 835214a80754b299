"""`harness serve`: the store in a browser."""

from __future__ import annotations

import webbrowser
from contextlib import suppress
from pathlib import Path

import click

from harness.cli.asking import options
from harness.cli.telling import exits, say
from harness.interruption import Interrupted
from harness.serve.server import Server, is_loopback

PORT = 8765


@click.command(short_help="Show the runs of the store in a browser.")
@options.store_option
@click.option("--port", type=click.IntRange(0, 65535), default=PORT, show_default=True, help="0 takes a free one.")
@click.option(
    "--host", default="127.0.0.1", show_default=True, help="Whom it listens to; by default only this machine."
)
@click.option("--open", "open_", is_flag=True, help="Open it in a browser.")
def command(*, store: Path, port: int, host: str, open_: bool) -> int:
    """Show the runs of the store in a browser: search and filter them, see how plans do over time, which failures are
    known or flaky, and compare two runs side by side.

    Its pages run no script but that of a run's own report, and change nothing but a report that was not written yet.
    Ctrl-C ends it (exit code 0).
    """
    try:
        server = Server(store, host, port, note=say.error)
    except OSError as exc:
        raise exits.Failed(f"{host}:{port}: {exc.strerror or exc}; --port 0 takes a free one") from exc
    with server:
        if not is_loopback(host):
            say.error(f"everybody who reaches {host} can read this store: there is no password", label="warning")
        say.line(server.url)
        say.flush()
        if open_:
            webbrowser.open(server.url)
        with suppress(Interrupted, KeyboardInterrupt):
            server.serve_forever()
    say.error("stopped", label="note")
    return exits.OK
