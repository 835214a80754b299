"""A relay that runs elsewhere and speaks TLS, and clients that speak TLS with the harness: faults see what they say."""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import trustme
from process_rig import Machine, processes_of
from real_runs import USERS, Run
from relay_elsewhere import elsewhere, external

pytestmark = pytest.mark.toxiproxy
PLAN = """\
version: 1
duration: 4s
timing: fast
workload: {jobs: 6, rate: 15/s, mobile_rate: 2/s, spread: 3500ms}
faults:
  - {action: duplicate, links: [relay->mobile-1], chance: 0.5, at: 300ms, for: 3s}
  - {action: reconnect, clients: [mobile-1], how: reset, downtime: 100ms, at: 1s}
  - {action: reconnect, clients: [desktop-1], how: close, downtime: 100ms, at: 2s}
"""


def played(machine: Machine, nodes: str, text: str = PLAN) -> Run:
    (machine.folder / "own.yaml").write_text(USERS + nodes)
    run = machine.run(text, "--topology", str(machine.folder / "own.yaml"))
    assert not processes_of(run.pid)
    return run


def test_messages_are_read_and_changed_though_both_sides_speak_tls(machine: Machine) -> None:
    with elsewhere(machine.folder) as plain, behind_tls(plain, machine.folder) as url:
        run = played(machine, external(url, ", ca: ca.pem, tls: terminate"))
    assert (run.code, run.said["verdict"]) == (0, "VALID"), run.out + run.err


PASSING = PLAN.replace(
    "duplicate, links: [relay->mobile-1], chance: 0.5,", "delay, links: [relay<->mobile-1], latency: 20ms,"
)


def test_what_passes_through_is_cut_and_delayed_and_read_by_nobody(machine: Machine) -> None:
    run = played(machine, "  relay: {tls: passthrough}\n", PASSING.replace("relay<->mobile-1", "mobile-1<->relay"))
    assert (run.code, run.said["verdict"]) == (0, "VALID"), run.out + run.err
    checks = run.said["checks"]
    assert checks["convergence"]["verdict"] == checks["stream-integrity"]["verdict"] == "VALID", checks
    assert checks["wire"]["verdict"] is None, "nobody has read what passed"


OPENED = "  relay: {tls: passthrough}\n  mobile-1: {tls: terminate}\n"


@pytest.mark.parametrize(("nodes", "judged"), [(OPENED, False), (OPENED + "  desktop-1: {tls: none}\n", True)])
def test_a_client_may_open_its_own_link(machine: Machine, nodes: str, judged: bool) -> None:
    run = played(machine, nodes)
    assert (run.code, run.said["verdict"]) == (0, "VALID"), run.out + run.err  # so the copies were made
    verdict = run.said["checks"]["wire"]["verdict"]
    assert verdict == ("VALID" if judged else None), "either all links are read, or nothing is judged by them"


def test_a_fault_of_messages_that_nobody_can_read_is_refused(machine: Machine) -> None:
    run = played(machine, "  relay: {tls: passthrough}\n")
    told = " ".join(run.err.split())
    assert run.code == 254 and "duplicate cannot be done: the ends of mobile-1<->relay speak TLS" in told, run.err


@pytest.mark.parametrize(
    ("nodes", "said"),
    [
        ("  mobile-1: {tls: passthrough}\n", "'passthrough' is said of the relay: then it is so for all its clients"),
        (
            external("wss://localhost:1/", ", tls: passthrough"),
            "a relay elsewhere has a certificate for its own address",
        ),
    ],
)
def test_who_cannot_be_passed_through_is_told(machine: Machine, nodes: str, said: str) -> None:
    run = played(machine, nodes, PASSING)
    assert run.code == 254 and said in " ".join(run.err.split()), run.err


def test_a_relay_that_nobody_vouches_for_is_not_dialled(machine: Machine) -> None:
    with elsewhere(machine.folder) as plain, behind_tls(plain, machine.folder) as url:
        run = played(machine, external(url))
    assert run.code == 255, run.out + run.err
    told = " ".join(run.err.split())
    assert "the certificate of relay at localhost:" in told and "is not trusted" in told and "`ca: FILE.pem`" in told


@contextmanager
def behind_tls(url: str, folder: Path) -> Iterator[str]:
    """The relay at `url` as wss://localhost, with a certificate that `ca.pem` in the folder vouches for."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "ca.pem")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost").configure_cert(context)
    relay, started, loop = urlsplit(url), threading.Event(), asyncio.new_event_loop()
    ports: list[int] = []

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection(relay.hostname, relay.port)
        await asyncio.gather(pump(reader, back), pump(there, writer), return_exceptions=True)

    async def serve() -> None:
        server = await asyncio.start_server(pass_on, "127.0.0.1", 0, ssl=context)
        ports.append(server.sockets[0].getsockname()[1])
        started.set()

    loop.create_task(serve())
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    assert started.wait(10)
    try:
        yield f"wss://localhost:{ports[0]}{relay.path}"
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()


async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    finally:
        writer.close()
