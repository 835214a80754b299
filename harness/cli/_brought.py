"""What `--plugin-path` brings, before anything else is loaded: the words of a plan are made of all faults there are."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise

from harness import plugins

OPTION = "--plugin-path"


@contextmanager
def brought(argv: Sequence[str]) -> Iterator[None]:
    """For the length of one command."""
    before = os.environ.get(plugins.VARIABLE)
    for path in _paths(argv):
        plugins.add(path)
    try:
        yield
    finally:
        os.environ.pop(plugins.VARIABLE, None)
        os.environ.update({} if before is None else {plugins.VARIABLE: before})


def _paths(argv: Sequence[str]) -> list[str]:
    words = argv[: argv.index("--")] if "--" in argv else argv
    apart = [path for word, path in pairwise(words) if word == OPTION]
    return apart + [word.partition("=")[2] for word in words if word.startswith(f"{OPTION}=")]
