"""What the options of `hardened` save, against what the design document of the system claims they would.

    python tests/bench/options.py

Messages and bytes are those that the desktop sent, as the wire saw them; they do not depend on the machine. The
document claims 80 % fewer messages in rapid streams (batches), 60 % fewer bytes in metadata updates (deltas), and a
user action that is shown within 10 ms (optimistic updates).
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Iterator, Sequence

from harness import plan, registry
from harness.history import History
from harness.runs.run import execute
from harness.verdict import Verdict
from targets import profiles
from targets.mobile.model import Scope
from targets.mobile.replica import Replica
from targets.timing import Timing

PHONE = "mobile-1"
CHUNK = "some words of it "  # as long as a few tokens
HEAD = """\
version: 1
duration: {duration_ms}ms
topology: one-session
timing: real
workload:
  script:
    - {{at: 100ms, node: mobile-1, do: open}}
    - {{at: 500ms, node: desktop-1, do: create, job: j}}
    - {{at: 600ms, node: desktop-1, do: status, job: j, status: running}}
"""


def played(script: Sequence[str], options: Sequence[str], rest: str = "") -> History:
    """A run that has to be right, whatever is chosen."""
    text = HEAD.format(duration_ms=8000) + "".join(f"    - {{{line}}}\n" for line in script) + rest
    sim = registry.find("runtime", "sim")
    result = execute(plan.expand(plan.parse(text, "bench"), 1, with_=options, runtime_verbs=sim.VERBS), sim)
    assert result.verdict is Verdict.VALID, (options, result.signatures, result.ailments)
    assert result.history is not None
    return result.history


def sent(history: History, type_: str) -> tuple[int, int]:
    """(messages, bytes) of a type that left the desktop."""
    taps = [t for t in history.taps if t.link == "desktop-1->relay" and t.side == "in" and t.type == type_]
    return len(taps), sum(tap.bytes for tap in taps)


def stream(rate: int) -> list[str]:
    """Four seconds of chunks, so many a second."""
    count = 4 * rate
    at = (1000 + 1000 * number // rate for number in range(count))
    return [f'at: {ms}ms, node: desktop-1, do: chunk, job: j, text: "{CHUNK}"' for ms in at]


def batches(rate: int) -> float:
    """The share of messages that batching saves on one stream."""
    plain, batched = (sent(played(stream(rate), o), "job:response-appended") for o in ([], ["option.batching"]))
    saved = 1 - batched[0] / plain[0]
    fewer = 1 - batched[1] / plain[1]
    _say(f"batches   {rate:4} chunks/s: {plain[0]:4} -> {batched[0]:4} messages ({-saved:+.0%}), {-fewer:+.0%} bytes")
    return saved


def updates(keys: int) -> Iterator[str]:
    """A job with so many keys of metadata, of which one changes at a time."""
    whole = ", ".join(f'k{n}: "value {n}"' for n in range(keys))
    yield f"at: 900ms, node: desktop-1, do: metadata, job: j, patch: {{{whole}}}"
    for number in range(50):
        patch = f'k{number % keys}: "another {number}"'
        yield f"at: {1000 + 50 * number}ms, node: desktop-1, do: metadata, job: j, patch: {{{patch}}}"


def deltas(keys: int) -> float:
    """The share of bytes that delta payloads save on metadata updates."""
    script = list(updates(keys))
    full, delta = (sent(played(script, o), "job:metadata-updated")[1] for o in ([], ["option.payload=delta"]))
    saved = 1 - delta / full
    _say(f"deltas    {keys:4} keys: {full:6} -> {delta:6} bytes of metadata updates ({-saved:+.0%})")
    return saved


def latency_ms(options: Sequence[str]) -> float:
    """From a user's cancel to the first thing that he sees of it; each hop takes 20 to 50 ms."""
    hops = 'faults:\n  - {action: delay, links: ["*<->relay"], latency: 35ms, jitter: 15ms, at: 200ms, for: 7s}\n'
    history = played(["at: 3s, node: mobile-1, do: cancel, job: j"], options, hops)
    asked = next(op for op in history.ops if op.type == "invoke" and op.f == "cancel")
    later = (op for op in history.ops if op.time_ns >= asked.time_ns and op.node == PHONE)
    shown = next(op for op in later if op.f == "pending" or (op.f == "observe" and op.job is not None))
    return (shown.time_ns - asked.time_ns) / 1e6


def overlay_us() -> float:
    """What showing a wish costs the processor of this machine, in microseconds: the median of a thousand."""
    took = []
    for number in range(1000):
        replica = Replica(
            policies=profiles.load(with_=["option.optimistic"]),
            timing=Timing(),
            device="phone",
            desktop="desktop",
            clock=lambda: 0.0,
            wall=lambda: 0.0,
            new_id=lambda: "call",
        )
        replica.registered()
        replica.open(Scope(session="s"), "local:open")
        replica.board.install({"id": "a", "sessionId": "s", "status": "running"}, "list:c")
        begun = time.perf_counter()
        replica.call(number, "job.cancel", {"jobId": "a"})
        took.append(time.perf_counter() - begun)
        assert replica.overlay.state() == {"a": "canceled"}
    return statistics.median(took) * 1e6


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")


def main() -> None:
    _say("what the options of hardened save (the document claims -80 % messages, -60 % bytes, less than 10 ms)")
    for rate in (20, 50, 100, 200):
        batches(rate)
    for keys in (3, 10, 30):
        deltas(keys)
    before, after = latency_ms([]), latency_ms(["option.optimistic"])
    _say(f"optimistic  a cancel is shown after {before:.1f} -> {after:.1f} ms, and takes {overlay_us():.0f} us to show")


if __name__ == "__main__":
    main()
