"""`harness images`: the container images of the runtimes that have some."""

from __future__ import annotations

from collections.abc import Iterator

import click

from harness import registry
from harness.cli.asking import planned
from harness.cli.telling import say
from harness.runtimes import BuildsImages


@click.group(short_help="Build the container images.")
def command() -> None:
    """Build the container images. A run builds what is missing by itself; this does it beforehand."""


@command.command()
def build() -> int:
    """Build what is missing or out of date, and print the tags."""
    for name in _builders():
        runtime = planned.runtime(name)
        assert isinstance(runtime, BuildsImages)
        with say.progress() as note:
            tags = runtime.build_images(note)
        for tag in tags:
            say.line(tag)
    return 0


def _builders() -> Iterator[str]:
    """The names of all runtimes with images."""
    return (name for name in registry.names("runtime") if isinstance(registry.find("runtime", name), BuildsImages))
