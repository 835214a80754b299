"""Bearer tokens: JWT, HS256, claims `sub` (user id) and `exp` (Unix seconds).

PyJWT signs and checks signatures; `exp` is compared here, because PyJWT reads a clock that no node can be given.
"""

from __future__ import annotations

import asyncio
import math
import shlex
from collections.abc import Mapping
from dataclasses import dataclass

import jwt
import msgspec

from targets import wall

LIFE_S = 24 * 3600.0  # of a token that a reference client signs for itself (`TOKEN_LIFE_S`)


class BadToken(Exception):
    """A token that opens nothing; the message says why."""


@dataclass(frozen=True)
class Claims:
    user: str
    exp_s: float


class _Payload(msgspec.Struct):
    sub: str
    exp: float


_payload = msgspec.json.Decoder(_Payload)
_jws = jwt.PyJWS(algorithms=["HS256"])


def sign(user: str, secret: str, life_s: float = LIFE_S) -> str:
    claims = msgspec.json.encode({"sub": user, "exp": int(wall.now_s() + life_s)})
    return _jws.encode(claims, secret, algorithm="HS256")


def verify(token: str, secret: str) -> Claims:
    """Raises BadToken: malformed, another algorithm, forged, without `sub` or `exp`, expired."""
    try:
        claims = _payload.decode(_jws.decode(token, secret, algorithms=["HS256"]))
    except (jwt.PyJWTError, msgspec.MsgspecError, UnicodeError, ValueError) as exc:
        raise BadToken(str(exc)) from None
    if not claims.sub or not math.isfinite(claims.exp):
        raise BadToken("sub and exp must say something")
    if claims.exp <= wall.now_s():
        raise BadToken("expired")
    return Claims(claims.sub, claims.exp)


def bearer(header: str | None) -> str:
    """The token of an `Authorization` header. Raises BadToken."""
    scheme, _, token = (header or "").strip().partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise BadToken("no bearer token")
    return token.strip()


class TokenSource:
    """A client's token: what `TOKEN_COMMAND` prints, or signed with `JWT_SECRET`, or `TOKEN` as it is."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self._env = env
        self._printed: str | None = None

    async def get(self) -> str:
        env = self._env
        if env.get("TOKEN_COMMAND"):
            if self._printed is None:
                self._printed = await self._print()
            return self._printed
        if env.get("JWT_SECRET"):
            return sign(env["USER_ID"], env["JWT_SECRET"], float(env.get("TOKEN_LIFE_S", LIFE_S)))
        return env.get("TOKEN", "")

    def refuse(self) -> None:
        """The relay refused the token: the next `get` makes a fresh one."""
        self._printed = None

    async def _print(self) -> str:
        command = shlex.split(self._env["TOKEN_COMMAND"])
        process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
        out, _ = await process.communicate()
        return out.decode(errors="replace").strip()
