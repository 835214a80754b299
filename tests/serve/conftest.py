from __future__ import annotations

from collections.abc import Iterator

import pytest
from serve_rig import Client, Played, serving
from simulated import played

HOSTILE = """\
version: 1
title: <script>alert(1)</script><img src=x onerror=alert(2)>
duration: 1s
topology: one-user
timing: fast
workload:
  script:
    - {at: 100ms, node: mobile-1, do: open}
    - {at: 200ms, node: desktop-1, do: create, job: a1, prompt: "</code><script>alert(3)</script>"}
    - {at: 300ms, node: mobile-1, do: get, job: a1}
"""


@pytest.fixture(scope="session")
def played_store(tmp_path_factory: pytest.TempPathFactory) -> Played:
    store = tmp_path_factory.mktemp("serve") / "store"
    good = played(store, "edge/duplicate-events")
    bad = played(store, "edge/duplicate-events", profile="documented")
    hostile = played(store, "hostile", text=HOSTILE)
    return Played(store, *(kept.record.id for kept in (good, bad, hostile)))


@pytest.fixture(scope="session")
def client(played_store: Played) -> Iterator[Client]:
    """Of a server over the runs that were played; tests change nothing there."""
    with serving(played_store.store) as found:
        yield found
