"""Tokens of the devices that dial a relay."""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass
from typing import Final

from harness.conform.relay.bench import Device
from harness.runtimes import RuntimeUnavailable
from targets import tokens

_LIMIT_S: Final = 30.0


@dataclass(frozen=True)
class Opener:
    """Where tokens come from: a command that prints one, or else a secret."""

    command: tuple[str, ...] = ()
    secret: str | None = None

    async def token_of(self, device: Device) -> str:
        """Raises `RuntimeUnavailable`: the command prints none."""
        if not self.command:
            assert self.secret is not None
            return tokens.sign(device.user, self.secret)
        code, out = await self._ran({**os.environ, "USER_ID": device.user, "DEVICE_ID": device.id})
        token = out.decode(errors="replace").strip()
        if code != 0:
            raise self._trouble(f"ended with code {code}")
        if len(token.split()) != 1 or not token.isascii():
            raise self._trouble("did not print one token and nothing else" if token else "printed nothing")
        return token

    async def _ran(self, env: dict[str, str]) -> tuple[int | None, bytes]:
        nowhere, pipe = asyncio.subprocess.DEVNULL, asyncio.subprocess.PIPE
        try:
            process = await asyncio.create_subprocess_exec(*self.command, stdin=nowhere, stdout=pipe, env=env)
        except (OSError, ValueError) as exc:
            raise self._trouble(f"cannot be started: {exc}") from exc
        try:
            async with asyncio.timeout(_LIMIT_S):
                out, _ = await process.communicate()
        except TimeoutError:
            raise self._trouble(f"did not end within {_LIMIT_S:g} s") from None
        finally:
            if process.returncode is None:
                process.kill()
        return process.returncode, out

    def _trouble(self, what: str) -> RuntimeUnavailable:
        """Only the program is named: a secret may stand among its words."""
        return RuntimeUnavailable(f"the command for tokens ({self.command[0]} …) {what}; it is to print a bearer token")
