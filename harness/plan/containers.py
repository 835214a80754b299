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
    interval: int = Field(default=0, ge=0)
    timeout: int = Field(default=0, ge=0)
    retries: int = Field(default=0, ge=0)
    start_period: int = Field(default=0, ge=0)


class Container(Words):
    """How a container is started. What is left out, the image says by itself.

    The harness's own variables win over those of `env`. `binds` are `/here:/there` or `/here:/there:ro`.
    """

    entrypoint: list[str] | None = None
    command: list[str] | None = None
    working_dir: str | None = None
    user: str | None = None
    env: dict[str, str] = Field(default={})
    binds: list[str] = Field(default=[])


class Service(Container):
    """A container that is no node: it is started before them, is found by its name, and no fault is about it. One that
    `completes` has to end with code 0 before anything else is started."""

    image: str = Field(min_length=1)
    completes: bool = False
    healthcheck: Healthcheck | None = None


class Compose(Words):
    """A compose file, and which of its services are nodes; all others are only started."""

    file: str = Field(min_length=1)
    nodes: dict[str, str] = Field(min_length=1)


def container_of(words: Container) -> schedule.Container:
    return msgspec.convert(words.model_dump(exclude_none=True), schedule.Container)


C = TypeVar("C", bound=Container)


def bound(words: C, folder: pathlib.Path) -> C:
    """The engine takes absolute paths only."""
    split = (bind.partition(":") for bind in words.binds)
    return words.model_copy(update={"binds": [f"{(folder / here).resolve()}:{there}" for here, _, there in split]})
