"""Reading other people's histories, against msgspec's mere decoding of the same one as JSON lines, in the same minute.

    python tests/bench/foreign_histories.py [--lines N]

A history of N lines (200,000 if not said) of five clients, in every format: from its text to a trial that can be
judged. msgspec decodes the JSON lines into typed objects and does nothing more. Each figure is the
least of five, in seconds of the processor; EDN is to be read in at most LIMIT times of what msgspec needs.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable

import msgspec

from harness.interchange import compiled, edn, jepsen_log, jsonl

LIMIT = 20.0
ROUNDS = 5

Row = tuple[int, str, str, int | None]


def rows(count: int) -> list[Row]:
    """Five clients write and read in turn."""
    found: list[Row] = []
    for number in range(count // 2):
        f = "write" if number % 2 == 0 else "read"
        written = number - number % 2
        found.append((number % 5, "invoke", f, written if f == "write" else None))
        found.append((number % 5, "ok", f, written))
    return found


def as_jsonl(found: list[Row]) -> str:
    return "\n".join(
        json.dumps({"process": p, "type": t, "f": f, "value": v}, separators=(",", ":")) for p, t, f, v in found
    )


def as_edn(found: list[Row]) -> str:
    """With the index and the time that Jepsen's have."""
    said = (
        f"{{:type :{t}, :f :{f}, :value {'nil' if v is None else v}, :process {p}, :time {1000 * n}, :index {n}}}"
        for n, (p, t, f, v) in enumerate(found)
    )
    return "\n".join(said)


def as_log(found: list[Row]) -> str:
    said = (f"INFO  jepsen.util - {p}\t:{t}\t:{f}\t{'nil' if v is None else v}" for p, t, f, v in found)
    return "\n".join(said)


def least_s(work: Callable[[], object]) -> float:
    times = []
    for _ in range(ROUNDS):
        began = time.process_time()
        work()
        times.append(time.process_time() - began)
    return min(times)


def measured(count: int) -> tuple[float, dict[str, float]]:
    """What msgspec needs, and format → what reading takes, in seconds."""
    found = rows(count)
    lines, maps, log = as_jsonl(found), as_edn(found), as_log(found)
    raw = lines.encode()
    decode = msgspec.json.Decoder(jsonl.Line).decode_lines
    took = {"EDN": least_s(lambda: edn.FORMAT.read(maps))}
    scan, edn.SCAN = edn.SCAN, None
    took["EDN without a compiler"] = least_s(lambda: edn.FORMAT.read(maps))
    edn.SCAN = scan
    took["Jepsen's log"] = least_s(lambda: jepsen_log.FORMAT.read(log))
    took["JSON lines"] = least_s(lambda: jsonl.FORMAT.read(lines))
    return least_s(lambda: decode(raw)), took


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=200_000)
    count = parser.parse_args().lines
    base, took = measured(count)
    print(f"{count:,} lines; msgspec decodes them as JSON in {base:.3f} s")
    for name, needed in took.items():
        print(f"  {name}: {needed:.2f} s, ratio {needed / base:.1f}")
    if compiled.SCAN is not None and took["EDN"] > LIMIT * base:
        raise SystemExit(f"EDN takes more than {LIMIT:.0f} times of what msgspec needs")


if __name__ == "__main__":
    main()
