"""What components log goes to a file of their node, with virtual times, and never to the harness's terminal."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from harness.runtimes.sim.kernel.loop import NODE, SimLoop


class _NodeLog(logging.Handler):
    """Keeps lines by node; without a directory it only keeps them from being printed."""

    def __init__(self, loop: SimLoop, keep: bool) -> None:
        super().__init__(logging.WARNING)
        self.lines: dict[str, list[str]] = {}
        self._loop, self._keep = loop, keep
        self.setFormatter(logging.Formatter("%(levelname)s %(name)s: %(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        node = NODE.get()
        if self._keep and node is not None:
            line = f"{self._loop.time():.6f} {self.format(record)}\n"
            self.lines.setdefault(node.name, []).append(line)


@contextmanager
def node_logs(loop: SimLoop, directory: Path | None) -> Iterator[None]:
    handler = _NodeLog(loop, keep=directory is not None)
    root = logging.getLogger()
    root.addHandler(handler)
    try:
        yield
    finally:
        root.removeHandler(handler)
        if directory is not None:
            _write(directory, handler.lines)


def _write(directory: Path, lines: dict[str, list[str]]) -> None:
    for name, logged in lines.items():
        path = directory / "nodes" / name / "stderr.log"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(logged), encoding="utf-8")
