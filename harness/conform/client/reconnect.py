"""How a client comes back. These checks end its connection, so they are played last."""

from __future__ import annotations

from typing import Final

from harness.conform import Check, Unmet
from harness.conform.client.bench import ClientBench


async def _after_end(bench: ClientBench) -> str:
    accepted, count = await bench.now(), bench.count
    await accepted.talk.close()
    again = await bench.connection(count + 1)
    if (type_ := again.talk.frames[0].get("type")) != "register":
        raise Unmet(f"it came back with {type_}")
    return "it came back, and registered"


async def _after_refusal(bench: ClientBench) -> str:
    accepted, count, refused = await bench.now(), bench.count, bench.refused
    bench.refuse_next = True
    await accepted.talk.close()
    await bench.connection(count + 1)
    if bench.refused == refused:
        raise Unmet("it came back without having been refused")
    return "it came back after that"


CHECKS: Final[tuple[Check[ClientBench], ...]] = (
    Check("reconnect.after-end", "the end of the connection", "another one, with register first", _after_end),
    Check("reconnect.after-refusal", "an end, and then HTTP 401", "it tries again, and registers", _after_refusal),
)
