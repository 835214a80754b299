from __future__ import annotations

from pathlib import Path

import pytest
from process_rig import Machine

from harness import registry


@pytest.fixture
def machine(toxiproxy_binary: Path, tmp_path: Path) -> Machine:
    """This machine, for commands in an empty folder."""
    missing = registry.find("runtime", "process").missing()
    if missing:
        pytest.skip("; ".join(missing))
    return Machine(tmp_path)
