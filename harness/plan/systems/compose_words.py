"""What a compose file may say here, in compose's short words and its long ones.

What says how a container is started is understood; what is about ports, networks and restarts is left to the harness;
anything else is refused rather than ignored, since a system that is not the user's own proves nothing about it. The
words are those of the compose specification: https://github.com/compose-spec/compose-spec.
"""

from __future__ import annotations

import pathlib
import re
import shlex
from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import BeforeValidator, ConfigDict, Field, field_validator, model_validator

from faults import Words
from harness.plan.systems.containers import Healthcheck

OURS: Final = frozenset(  # the harness sees to these by itself, or they change nothing of a run
    (
        "annotations",
        "attach",
        "build",
        "container_name",
        "cpus",
        "deploy",
        "develop",
        "expose",
        "hostname",
        "init",
        "labels",
        "links",
        "logging",
        "mem_limit",
        "networks",
        "platform",
        "ports",
        "profiles",
        "pull_policy",
        "restart",
        "stdin_open",
        "stop_grace_period",
        "stop_signal",
        "tty",
    )
)
_NS: Final = {"us": 10**3, "ms": 10**6, "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9}
_SPAN = re.compile(r"(\d+(?:\.\d+)?)(us|ms|s|m|h)")


def _argv(value: object) -> object:
    return shlex.split(value) if isinstance(value, str) else value


def _mapping(value: object) -> object:
    """`- NAME=value` is a way to say `NAME: value`; a name alone is what this environment says."""
    if isinstance(value, list):
        pairs = [str(one).partition("=") for one in value]
        value = {name: said if sign else None for name, sign, said in pairs}
    if not isinstance(value, dict):
        return value
    return {name: _text(f"${{{name}}}" if said is None else said) for name, said in value.items()}


def _text(value: object) -> object:
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int | float) else value


def _nanoseconds(value: object) -> object:
    if not isinstance(value, str):
        return value
    parts = _SPAN.findall(value)
    if not parts or "".join(number + unit for number, unit in parts) != value:
        raise ValueError("expected a time such as 500ms, 10s or 1m30s")
    return round(sum(float(number) * _NS[unit] for number, unit in parts))


def _conditions(value: object) -> object:
    """Names alone are those that have to be started; in long words each has its condition."""
    if isinstance(value, list):
        return dict.fromkeys(value, "service_started")
    if not isinstance(value, dict):
        return value
    return {name: said.get("condition") if isinstance(said, dict) else said for name, said in value.items()}


Condition = Literal["service_started", "service_healthy", "service_completed_successfully"]
Argv = Annotated[list[str] | None, BeforeValidator(_argv)]
Nanoseconds = Annotated[int, BeforeValidator(_nanoseconds), Field(ge=0)]


class Check(Words):
    test: Annotated[list[str], BeforeValidator(lambda value: ["CMD-SHELL", value] if isinstance(value, str) else value)]
    interval: Nanoseconds = 0
    timeout: Nanoseconds = 0
    retries: int = Field(default=0, ge=0)
    start_period: Nanoseconds = 0
    start_interval: Nanoseconds = 0  # newer engines only

    @field_validator("test")
    @classmethod
    def _is_a_command(cls, value: list[str]) -> list[str]:
        if value != ["NONE"] and (len(value) < 2 or value[0] not in ("CMD", "CMD-SHELL")):
            raise ValueError("expected [CMD, program, …], [CMD-SHELL, line] or a line for the shell")
        return value

    def words(self) -> Healthcheck | None:
        if self.test[:1] == ["NONE"]:
            return None
        return Healthcheck(**self.model_dump(exclude={"start_interval"}))


class Service(Words):
    """One service, as far as it says how its container is started."""

    image: str = Field(min_length=1)
    command: Argv = None
    entrypoint: Argv = None
    working_dir: str | None = None
    user: str | None = None
    environment: Annotated[dict[str, str], BeforeValidator(_mapping)] = Field(default={})
    volumes: list[str] = Field(default=[])
    depends_on: Annotated[dict[str, Condition], BeforeValidator(_conditions)] = Field(default={})
    healthcheck: Check | None = None

    @model_validator(mode="before")
    @classmethod
    def _without_ours(cls, value: object) -> object:
        if not isinstance(value, dict):
            return value
        if "build" in value and "image" not in value:
            raise ValueError("it is built from a folder: build it, and say `image:` beside `build:`")
        return {key: said for key, said in value.items() if key not in OURS}

    @field_validator("volumes", mode="before")
    @classmethod
    def _in_short(cls, value: object) -> object:
        if not isinstance(value, list):
            return value
        return [_short(one) if isinstance(one, dict) else one for one in value]

    def container(self, folder: pathlib.Path) -> dict[str, Any]:
        """What a named volume keeps lasts as long as the container: every run begins with nothing."""
        split = (volume.partition(":") for volume in self.volumes)
        binds = [f"{(folder / here).resolve()}:{there}" for here, _, there in split if here[:1] in "./" and there]
        said = self.model_dump(include={"command", "entrypoint", "working_dir", "user"})
        return {**said, "env": self.environment, "binds": binds}


def _short(volume: Mapping[str, Any]) -> str:
    """A volume in compose's long words."""
    if volume.get("type") != "bind":
        return str(volume.get("target", ""))
    return f"{volume.get('source')}:{volume.get('target')}" + (":ro" if volume.get("read_only") else "")


class File(Words):
    model_config = ConfigDict(extra="ignore")  # networks, volumes, x-…: nothing of them is a service

    services: dict[str, Service] = Field(min_length=1)
