"""Who gets which certificate into his container: a key goes to the end that shows it, and to nobody else."""

from __future__ import annotations

from ipaddress import IPv4Network
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from harness import plan
from harness.runtimes.docker.grounds import DockerGrounds, _certificates
from harness.runtimes.sockets.layout import Layout, Subnets

TOPOLOGY = """\
users:
  - id: alice
    desktops: [{id: desktop-1, projects: {app: [session-1]}}]
    mobiles: [{id: mobile-1, desktop: desktop-1, scope: {session: session-1}}]
nodes:
"""


def files(folder: Path, nodes: str, name: str) -> set[str]:
    (folder / "own.yaml").write_text(TOPOLOGY + nodes)
    system = plan.expand(plan.parse("version: 1\ntopology: own.yaml", "p", beside=folder), 0).system
    subnets = Subnets(*(IPv4Network(f"10.0.{n}.0/24") for n in range(2)))
    grounds = cast(Any, object.__new__(DockerGrounds))
    grounds._spec = SimpleNamespace(system=system)
    grounds._certificates = _certificates(Layout(system, subnets))
    return {Path(path).name for path in grounds._certificates_of(name)}


TERMINATE, PASSES = "  relay: {tls: terminate}\n", "  relay: {tls: passthrough}\n"
TRUST, ALL = {"ca.pem", "trusted.pem"}, {"ca.pem", "trusted.pem", "wire.pem"}


@pytest.mark.parametrize(
    ("nodes", "name", "expected"),
    [
        (TERMINATE, "wire", ALL),
        (TERMINATE, "mobile-1", TRUST),
        (TERMINATE, "toxiproxy", set()),
        (PASSES, "relay", ALL),
        (PASSES, "desktop-1", TRUST),
        ("  relay: {}\n", "wire", set()),
        ("  mobile-1: {tls: terminate}\n", "desktop-1", set()),
    ],
)
def test_a_key_goes_to_who_shows_it(tmp_path: Path, nodes: str, name: str, expected: set[str]) -> None:
    assert files(tmp_path, nodes, name) == expected
