"""Containers in a topology: how an image is started, and those that are no nodes."""

from __future__ import annotations

import pathlib
from typing import TypeVar

import msgspec
from pydantic import Field

from faults import Words
from harness import schedule


class Healthcheck(Words):
    """In the engine's words: `test` is `[CMD, …]` or `[CMD-SHELL, "…"]`; times in ns."""

    test: list[str] = Field(min_length=2)
    """The command that tells, `[CMD, program]` or `[CMD-SHELL, line]`."""
    interval: int = Field(default=0, ge=0)
    """Nanoseconds from one test to the next. The default, 0, is the engine's."""
    timeout: int = Field(default=0, ge=0)
    """Nanoseconds that a test may take. The default, 0, is the engine's."""
    retries: int = Field(default=0, ge=0)
    """How many tests in a row may fail. The default, 0, is the engine's."""
    start_period: int = Field(default=0, ge=0)
    """Nanoseconds in which failures do not count. The default, 0, is the engine's."""


class Container(Words):
    """How a container is started. What is left out, the image says by itself.

    The harness's own variables win over those of `env`. `binds` are `/here:/there` or `/here:/there:ro`.
    """

    entrypoint: list[str] | None = None
    """The program that is started. Left out, it is the image's."""
    command: list[str] | None = None
    """Its arguments. Left out, they are the image's."""
    working_dir: str | None = None
    """The folder in which it is started. Left out, it is the image's."""
    user: str | None = None
    """As whom it runs. Left out, it is the image's user."""
    env: dict[str, str] = Field(default={})
    """Variables of its environment. Left out, there are none besides those of the image."""
    binds: list[str] = Field(default=[])
    """Folders of this machine that it sees, `/here:/there` or `/here:/there:ro`. Left out, there are none."""


class Service(Container):
    """A container that is no node: it is started before them, is found by its name, and no fault is about it. One that
    `completes` has to end with code 0 before anything else is started."""

    image: str = Field(min_length=1)
    """The image that its container is made of."""
    completes: bool = False
    """Whether it has to end with code 0 before anything else is started. The default is no."""
    healthcheck: Healthcheck | None = None
    """How the engine tells that it is ready. Left out, the image says it by itself."""


class Compose(Words):
    """A compose file, and which of its services are nodes; all others are only started."""

    file: str = Field(min_length=1)
    """The compose file, by its path from the topology's file."""
    nodes: dict[str, str] = Field(min_length=1)
    """Which node is which service: `{relay: SERVICE}`; all other services are only started."""


def container_of(words: Container) -> schedule.Container:
    return msgspec.convert(words.model_dump(exclude_none=True), schedule.Container)


C = TypeVar("C", bound=Container)


def bound(words: C, folder: pathlib.Path) -> C:
    """The engine takes absolute paths only."""
    split = (bind.partition(":") for bind in words.binds)
    return words.model_copy(update={"binds": [f"{(folder / here).resolve()}:{there}" for here, _, there in split]})
