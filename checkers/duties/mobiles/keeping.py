"""A mobile's list cache keeps a reply for as long as entries live: no shorter, no longer.

How old an entry is, is told by the run's clock. A mobile's own may run by a tenth faster or slower (a fault on its
clock), so what is judged is far from the bound: a miss in the first half of a life, a hit a quarter beyond its end.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from checkers.past.ledger import Sight
from checkers.traffic.merged import Merged, hardened_nodes, said, who_chose
from checkers.words.findings import Findings, Story, told
from harness.history import Op

_EVENTS_DROP = "list-cache.mobile-events"  # who chooses it has a cache that events empty
_LIFE_S = 300.0  # where the header does not say
_KEPT = 64  # lists; the oldest one goes
_OTHER_STORE = "local:store:"  # cause of a screen that begins anew, with nothing cached


class Keeping:
    """`judged`: hits and misses of lists that were filled before."""

    def __init__(self, judge: Merged, findings: Findings) -> None:
        header = judge.header
        self._judge, self._findings = judge, findings
        hardened = hardened_nodes(header)
        self._mobiles = {
            n for n, said in header.nodes.items() if said.get("role") == "mobile" and hardened.get(n, True)
        }
        self._life_ns = round(header.timing.get("mobile_cache_s", _LIFE_S) * 1e9)
        self._dropped = self._mobiles & who_chose(header, _EVENTS_DROP)
        self._filled: defaultdict[str, dict[str, Op]] = defaultdict(dict)  # node → list → its latest fill
        self._changed: dict[str, Op] = {}  # node → the last change that an event made there
        self.judged = 0

    def op(self, op: Op, sight: Sight | None) -> None:
        node = str(op.node)
        if op.f == "cache" and node in self._mobiles:
            self._cache(op, self._filled[node], said(op))
        elif op.f == "started" or _begins_anew(op, sight):
            self._forget(node)
        elif sight is not None and (op.cause or "").startswith("event:"):
            self._changed[node] = op

    def _forget(self, node: str) -> None:
        self._filled.pop(node, None)
        self._changed.pop(node, None)

    def _cache(self, op: Op, filled: dict[str, Op], line: Mapping[str, object]) -> None:
        what, key = line.get("what"), str(line.get("key"))
        if what == "fill":
            filled.pop(key, None)
            filled[key] = op
            if len(filled) > _KEPT:
                del filled[next(iter(filled))]
            return
        fill = filled.get(key)
        if fill is None:
            return
        self.judged += 1
        age_ns, change = op.time_ns - fill.time_ns, self._changed.get(str(op.node))
        dropped = op.node in self._dropped
        if what == "miss" and not dropped and 2 * age_ns < self._life_ns:
            self._add("cache-forgotten", fill, op, f"asked for {key} again, which it was to keep for {self._life}")
        elif what == "hit" and 4 * age_ns > 5 * self._life_ns + 4 * self._judge.slack_ns:
            self._add(
                "cache-outlived", fill, op, f"answered {key} from its cache, which it was to keep for {self._life}"
            )
        elif what == "hit" and dropped and change is not None and change.index > fill.index:
            self._add("cache-outlived", fill, op, f"answered {key} from its cache, which an event was to empty")

    @property
    def _life(self) -> str:
        return f"{self._life_ns / 1e9:g} s"

    def _add(self, reason: str, fill: Op, op: Op, what: str) -> None:
        def tell() -> Story:
            at = self._judge.ledger.at
            message = f"at {at(op.time_ns)} {op.node} {what}; it had been told it at {at(fill.time_ns)}"
            return Story(message, {"node": op.node, "story": told([(fill, f"{op.node} keeps the list"), (op, what)])})

        self._findings.add(reason, op, [fill, op], tell)


def _begins_anew(op: Op, sight: Sight | None) -> bool:
    return sight is not None and sight.seen.kind == "scope" and (op.cause or "").startswith(_OTHER_STORE)
