"""How a client comes back. These checks end its connection, so they are played last."""

from __future__ import annotations

from itertools import pairwise
from typing import Final

from harness.conform import Check, Unmet
from harness.conform.client.bench import ClientBench

_REFUSALS: Final = 5


async def _after_end(bench: ClientBench) -> str:
    accepted, count = await bench.now(), bench.count
    await accepted.talk.close()
    again = await bench.connection(count + 1)
    if (type_ := again.talk.frames[0].get("type")) != "register":
        raise Unmet(f"it came back with {type_}")
    return "it came back, and registered"


async def _after_refusal(bench: ClientBench) -> str:
    accepted, count, refused = await bench.now(), bench.count, len(bench.refused_s)
    bench.refuse_next = 1
    await accepted.talk.close()
    await bench.connection(count + 1)
    if len(bench.refused_s) == refused:
        raise Unmet("it came back without having been refused")
    return "it came back after that"


async def _back_off(bench: ClientBench) -> str:
    """The ladder of pauses, whatever its steps: in sum not much shorter than it should be, and growing."""
    accepted, count, refused = await bench.now(), bench.count, len(bench.refused_s)
    bench.refuse_next = _REFUSALS
    await accepted.talk.close()
    await bench.connection(count + 1)
    at_s = bench.refused_s[refused:]
    pauses_s = [after - before for before, after in pairwise(at_s)]
    steps_s = [min(bench.timing.backoff_max_s, bench.timing.backoff_unit_s * 2.0**n) for n in range(_REFUSALS - 1)]
    told = ", ".join(f"{pause_s:.3g}" for pause_s in pauses_s)
    if len(at_s) < _REFUSALS:
        raise Unmet(f"it came back after {len(at_s)} of {_REFUSALS} refusals")
    if sum(pauses_s) < sum(steps_s) / 2:
        raise Unmet(f"it paused for {told} s: in sum less than half of {sum(steps_s):.3g} s")
    return f"it paused for {told} s between them, and registered"


CHECKS: Final[tuple[Check[ClientBench], ...]] = (
    Check("reconnect.after-end", "the end of the connection", "another one, with register first", _after_end),
    Check("reconnect.after-refusal", "an end, and then HTTP 401", "it tries again, and registers", _after_refusal),
    Check("reconnect.back-off", f"an end, and then HTTP 401 {_REFUSALS} times", "longer and longer pauses", _back_off),
)
