"""No plan and no topology, however broken, is anything but an error with its place."""

from __future__ import annotations

import random
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml
from bounds import bounded
from mutations import TIMES, of_bytes, of_value

from harness import plan
from harness.plan import PlanErrors
from harness.runtimes import RuntimeUnavailable
from harness.runtimes.sim import RUNTIME

ROOT = Path(__file__).parents[2] / "configs"
PLANS = sorted(path for folder in (".", "nightly", "edge", "ablations") for path in (ROOT / folder).glob("*.yaml"))
TOPOLOGIES = sorted((ROOT / "topologies").glob("*.yaml"))
MOST_STEPS = 20_000  # a plan that asks for more is not expanded here: it is only long


def texts(path: Path, draws: random.Random, count: int) -> list[bytes]:
    data = path.read_bytes()
    value: Any = yaml.safe_load(data)
    found = [of_bytes(data, draws) for _ in range(count // 2)]
    for _ in range(count - len(found)):
        try:
            found.append(yaml.safe_dump(of_value(value, draws), allow_unicode=True).encode("utf-8", "surrogatepass"))
        except (yaml.YAMLError, RecursionError):
            with suppress(UnicodeEncodeError):  # too deep for YAML, and half a character: no file holds it
                found.append(msgspec.json.encode(of_value(value, draws), enc_hook=str))
    return found


def read(file: Path) -> None:
    try:
        found = plan.load(file)
        if found.words.workload.jobs <= MOST_STEPS // 10:
            plan.expand(found, 1, runtime_verbs=RUNTIME.VERBS)
    except (PlanErrors, RuntimeUnavailable) as exc:
        assert str(exc)


@pytest.mark.parametrize("path", PLANS, ids=lambda path: path.stem)
def test_no_plan_is_a_crash(path: Path, tmp_path: Path) -> None:
    draws = random.Random(f"plan {path.name}")
    for text in texts(path, draws, 5 * TIMES):
        file = tmp_path / "p.yaml"
        file.write_bytes(text)
        with bounded(text):
            read(file)


@pytest.mark.parametrize("path", TOPOLOGIES, ids=lambda path: path.stem)
def test_no_topology_is_a_crash(path: Path, tmp_path: Path) -> None:
    draws = random.Random(f"topology {path.name}")
    file = tmp_path / "p.yaml"
    file.write_text("version: 1\ntopology: own.yaml\nduration: 2s\n")
    for text in texts(path, draws, 20 * TIMES):
        (tmp_path / "own.yaml").write_bytes(text)
        with bounded(text):
            read(file)
