"""Components in other languages, driven by quickstart, every edge and one unattended plan, on processes and containers.

    .venv/bin/python tests/docker/foreign.py [--runtime process,docker]     (make foreign)

One line a run. It ends with 1 if a run is INVALID or cannot be played. Images are built where they are needed, and
removed afterwards; `make tools` must have been there before.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import docker
from soak import told

from harness import plan, registry
from harness.runs.run import execute
from harness.schedule import Choice
from harness.verdict import Verdict

sys.path.insert(0, str(Path(__file__).parents[1]))
from real_runs import USERS
from test_foreign_images import MOBILE, NODE, RELAY, local_node, removed

_FOLDER = Path(__file__).parents[2] / "targets" / "foreign"
_PLANS = ("quickstart", "edge/", "nightly/duplicate")


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    options.add_argument("--runtime", default="process,docker")
    bad = 0
    for name in options.parse_args().runtime.split(","):
        with _topologies(name) as topologies:
            for component, topology in topologies.items():
                for played in (one for one in registry.names("plan") if one.startswith(_PLANS)):
                    bad += not _is_fine(name, component, topology, played)
    return 1 if bad else 0


def _is_fine(runtime_name: str, component: str, topology: Path, name: str) -> bool:
    runtime, began_s = registry.find("runtime", runtime_name), time.monotonic()
    try:
        schedule = plan.expand_on(runtime, plan.load(name), 0, Choice(topology=str(topology)))
    except plan.PlanErrors as exc:
        print(f"{runtime_name:8} {component:7} {name:28} refused: {str(exc).splitlines()[0]}", flush=True)
        return False
    result = execute(schedule, runtime)
    took_s = time.monotonic() - began_s
    print(f"{runtime_name:8} {component:7} {name:28} {told(result)} {took_s:.1f} s", flush=True)
    return result.verdict is not Verdict.INVALID


@contextmanager
def _topologies(runtime: str) -> Iterator[dict[str, Path]]:
    """Component → topology."""
    if runtime != "docker":
        yield {"relay": _FOLDER / "go-relay" / "topology.yaml", "mobile": _FOLDER / "node-mobile" / "topology.yaml"}
        return
    client = docker.from_env()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        stack.callback(client.close)
        stack.enter_context(removed(client, RELAY, MOBILE, NODE))
        client.images.build(path=str(_FOLDER / "go-relay"), tag=RELAY, rm=True)
        local_node(client)
        client.images.build(path=str(_FOLDER / "node-mobile"), tag=MOBILE, buildargs={"NODE": NODE}, rm=True)
        nodes = {"relay": f'  relay: {{kind: image, image: "{RELAY}"}}\n'}
        nodes["mobile"] = f'  mobile-1: {{kind: image, image: "{MOBILE}"}}\n'
        for component, said in nodes.items():
            (folder / f"{component}.yaml").write_text(USERS + said)
        yield {component: folder / f"{component}.yaml" for component in nodes}


if __name__ == "__main__":
    sys.exit(main())
