"""Histories as the formats write them, from one short notation, and what becomes of them."""

from __future__ import annotations

import json
from typing import Any

from checkers.linearizability import Linearizable, Malformed, NotLinearizable
from checkers.linearizability.decide import MODELS, decide_all
from checkers.linearizability.transactions import components
from checkers.linearizability.values import edn
from harness import interchange

Event = tuple[Any, str, str, Any]  # process, type, f, value

INVOKED = {"i": "invoke", "o": "ok", "f": "fail", "x": "info"}


def judged(text: str, model: str = "register", initial: Any = None) -> str:
    """VALID, INVALID, UNKNOWN, or why it is refused."""
    chosen = MODELS[model] if initial is None else type(MODELS[model])(initial)
    whole = model == "multi-register"
    try:
        trial = interchange.record(text)[1].trial(whole)
        trial = components(trial) if whole else trial
        answers = [one.answer for one in decide_all(trial, chosen, 100_000)]
    except Malformed as exc:
        return str(exc)
    if any(isinstance(answer, NotLinearizable) for answer in answers):
        return "INVALID"
    return "VALID" if all(isinstance(answer, Linearizable) for answer in answers) else "UNKNOWN"


def edn_text(events: list[Event]) -> str:
    return "\n".join(
        f"{{:process {edn(p)}, :type :{t}, :f :{f}, :value {edn(v)}, :index {n}}}"
        for n, (p, t, f, v) in enumerate(events)
    )


def jsonl_text(events: list[Event]) -> str:
    return "\n".join(json.dumps({"process": p, "type": t, "f": f, "value": v}) for p, t, f, v in events)


def array_text(events: list[Event]) -> str:
    return json.dumps([{"process": p, "type": t, "f": f, "value": v} for p, t, f, v in events], indent=1)


def history_text(events: list[Event]) -> str:
    return "\n".join(f"{p}\t:{t}\t:{f}\t{edn(v)}" for p, t, f, v in events)


def old_log_text(events: list[Event]) -> str:
    rows = (f"INFO  jepsen.util - {p}\t:{t}\t:{f}\t{edn(v)}" for p, t, f, v in events)
    return "\n".join(["", "lein test some.etcd-test", *rows, "", "Ran 1 tests containing 1 assertions."])


def log_text(events: list[Event]) -> str:
    head = "2024-05-01 10:00:0{},123{{GMT}}\tINFO\t[jepsen worker {}] jepsen.util: "
    rows = (head.format(n % 10, p) + f"{p}\t:{t}\t:{f}\t{edn(v)}" for n, (p, t, f, v) in enumerate(events))
    analysis = "INFO [2024-05-01] jepsen.core - {:valid? true, :op {:process 0, :type :ok, :f :read, :value 7}}"
    return "\n".join(["2024-05-01 10:00:00,001{GMT}\tINFO\t[main] jepsen.core: Running test:", *rows, analysis])


WRITERS = {w.__name__: w for w in (edn_text, jsonl_text, array_text, history_text, old_log_text, log_text)}
