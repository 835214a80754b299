"""Two slow and plain judges of linearizability, and histories to try them on.

`wgl` is the search of Wing & Gong (1993) with Lowe's memory of (linearized set, state) (2017); `brute` tries every
order, for a handful of operations. Both know nothing of effects, masks or counters.
"""

from __future__ import annotations

import itertools
import os
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from checkers.linearizability import Operation, Trial

TIMES = int(os.environ.get("HARNESS_FUZZ", "1"))  # how many times as many histories as usual


def fuzz(many: int = 125) -> settings:
    """`many` histories, always the same ones unless HARNESS_FUZZ asks for more."""
    return settings(
        max_examples=many * TIMES,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        derandomize=TIMES == 1,
    )


def step(model: str, state: Any, operation: Operation) -> tuple[bool, Any]:  # noqa: PLR0911  # one an operation
    """Is the operation's answer right in `state`, and what is the state after it?"""
    f, value, told = operation.f, operation.value, operation.outcome != "info"
    if f == "read" and model == "append":
        return (not told or list(operation.result or ()) == list(state or ())), state
    if f in ("read", "get"):
        return (not told or operation.result == state), state
    if f in ("write", "put"):
        return True, value
    if f in ("acquire", "release"):
        held = f == "acquire"
        return state != held or not told, held
    if f == "txn":
        return _transaction(state, operation)
    if f == "append":
        return True, ((*(state or ()), value) if model == "append" else state + value)
    before, after = value
    if operation.outcome == "fail":
        return state != before, state
    return (state == before or not told), (after if state == before else state)


def _transaction(state: Any, operation: Operation) -> tuple[bool, Any]:
    """What is known of its answer holds where it happens, be it that it never came."""
    now, told = dict(state), operation.result is not None
    for f, key, value in operation.result if told else operation.value:
        if f == "write":
            now[key] = value
        elif told and now.get(key) != value:
            return False, state
    return True, frozenset((k, v) for k, v in now.items() if v is not None)


def initial(model: str) -> Any:
    return {"kv": "", "append": (), "mutex": False, "multi-register": frozenset()}.get(model)


def _spans(trial: Trial) -> tuple[list[int], list[float]]:
    calls, returns = [0] * len(trial.operations), [float("inf")] * len(trial.operations)
    for position, event in enumerate(trial.events):
        if event >= 0:
            calls[event] = position
        else:
            returns[~event] = position
    return calls, returns


def wgl(trial: Trial, model: str) -> bool:
    calls, returns = _spans(trial)
    must = {n for n, r in enumerate(returns) if r != float("inf")}
    stack, seen = [(frozenset[int](), initial(model))], set()
    while stack:
        done, state = stack.pop()
        if (done, state) in seen:
            continue
        seen.add((done, state))
        if must <= done:
            return True
        soonest = min(returns[n] for n in range(len(calls)) if n not in done)
        for n in range(len(calls)):
            if n not in done and calls[n] < soonest:
                legal, after = step(model, state, trial.operations[n])
                if legal:
                    stack.append((done | {n}, after))
    return not must


def brute(trial: Trial, model: str) -> bool:
    """Every order of every choice of indeterminate operations."""
    calls, returns = _spans(trial)
    must = [n for n, r in enumerate(returns) if r != float("inf")]
    may = [n for n, r in enumerate(returns) if r == float("inf")]
    for size in range(len(may) + 1):
        for extra in itertools.combinations(may, size):
            for order in itertools.permutations([*must, *extra]):
                if _respects(order, calls, returns) and _explains(order, trial, model):
                    return True
    return False


def _respects(order: tuple[int, ...], calls: list[int], returns: list[float]) -> bool:
    return all(returns[later] > calls[earlier] for i, earlier in enumerate(order) for later in order[i + 1 :])


def _explains(order: tuple[int, ...], trial: Trial, model: str) -> bool:
    state = initial(model)
    for n in order:
        legal, state = step(model, state, trial.operations[n])
        if not legal:
            return False
    return True


# ---- histories ----------------------------------------------------------------------------------------------------


def _a_transaction(parts: list[Any], outcome: Any) -> Operation:
    said = tuple(parts)
    return Operation(f="txn", value=said, result=said if outcome == "ok" else None, outcome=outcome)


def _operations(model: str, values: Any) -> Any:
    outcome = st.sampled_from(["ok"] * 5 + ["info"])
    maybe = st.one_of(st.none(), values)
    if model == "kv":
        text = st.text("ab", max_size=3)
        return st.one_of(
            st.builds(Operation, f=st.just("get"), result=text, outcome=outcome),
            st.builds(Operation, f=st.just("put"), value=st.text("ab", max_size=2), outcome=outcome),
            st.builds(Operation, f=st.just("append"), value=st.text("ab", max_size=1), outcome=outcome),
        )
    if model == "append":
        return st.one_of(
            st.builds(Operation, f=st.just("read"), result=st.lists(values, max_size=3).map(tuple), outcome=outcome),
            st.builds(Operation, f=st.just("append"), value=values, outcome=outcome),
        )
    if model == "mutex":
        return st.builds(Operation, f=st.sampled_from(["acquire", "release"]), outcome=outcome)
    if model == "multi-register":
        parts = st.lists(
            st.tuples(st.sampled_from(["read", "write"]), st.sampled_from("xy"), values), min_size=1, max_size=3
        )
        return st.builds(_a_transaction, parts, outcome)
    read = st.builds(Operation, f=st.just("read"), result=maybe, outcome=outcome)
    write = st.builds(Operation, f=st.just("write"), value=values, outcome=outcome)
    if model == "register":
        return st.one_of(read, write)
    pair = st.tuples(values, values)
    cas = st.builds(Operation, f=st.just("cas"), value=pair, outcome=st.sampled_from(["ok", "ok", "fail", "info"]))
    return st.one_of(read, write, cas)


@st.composite
def trials(draw: Any, model: str, most: int = 8, lying: bool = True) -> Trial:
    """A history with random overlaps. Answers are drawn, or (not `lying`) mostly those of some order."""
    operations = draw(st.lists(_operations(model, st.integers(0, 2)), min_size=1, max_size=most))
    calls: list[int] = []
    events: list[int] = []
    waiting = list(range(len(operations)))
    while waiting or calls:
        if waiting and (not calls or draw(st.booleans())):
            calls.append(waiting[0])
            events.append(waiting.pop(0))
        else:
            done = calls.pop(draw(st.integers(0, len(calls) - 1)))
            if operations[done].outcome != "info":
                events.append(~done)
    if not lying or draw(st.booleans()):
        operations = _truthful(draw, model, operations, events)
    return Trial(operations, events)


def _truthful(draw: Any, model: str, operations: list[Operation], events: list[int]) -> list[Operation]:
    """Let every operation take effect at its return (an indeterminate one at its call, or never)."""
    state, told = initial(model), list(operations)
    for event in events:
        number = event if event >= 0 else ~event
        operation = operations[number]
        if (event >= 0) != (operation.outcome == "info") or (operation.outcome == "info" and draw(st.booleans())):
            continue
        if operation.f in ("read", "get"):
            told[number] = Operation(f=operation.f, result=state, outcome=operation.outcome)
        elif operation.f == "cas" and operation.outcome != "info":
            hit = operation.value[0] == state
            told[number] = Operation(f="cas", value=operation.value, outcome="ok" if hit else "fail")
            state = operation.value[1] if hit else state
        elif operation.f == "txn":
            result, state = _true_transaction(state, operation)
            if operation.outcome == "ok":
                told[number] = Operation(f="txn", value=operation.value, result=result)
        else:
            state = step(model, state, operation)[1]
    return told


def _true_transaction(state: Any, operation: Operation) -> tuple[Any, Any]:
    now, found = dict(state), []
    for f, key, value in operation.value:
        now = {**now, key: value} if f == "write" else now
        found.append((f, key, value if f == "write" else now.get(key)))
    return tuple(found), frozenset((k, v) for k, v in now.items() if v is not None)


@st.composite
def written_once(draw: Any, most: int = 9) -> Trial:
    """A register to which each value is written once; reads see what is true, or another value."""
    trial = draw(trials("register", most=most))
    operations = [
        Operation(f="write", value=number, outcome=o.outcome) if o.f == "write" else o
        for number, o in enumerate(trial.operations)
    ]
    told = _truthful(draw, "register", operations, trial.events)
    if draw(st.booleans()):
        number = draw(st.integers(0, len(told) - 1))
        if told[number].f == "read":
            seen = draw(st.one_of(st.none(), st.integers(0, len(told))))
            told[number] = Operation(f="read", result=seen, outcome=told[number].outcome)
    return Trial(told, trial.events)


@st.composite
def counted(draw: Any, most: int = 14) -> Trial:
    """One writer counts up, from 1 or from elsewhere, sometimes unheard; three readers read something near."""
    operations: list[Operation] = []
    events: list[int] = []
    under_way: dict[str, int] = {}
    first = written = draw(st.sampled_from([0, 0, 6]))
    for _ in range(draw(st.integers(1, most))):
        process = draw(st.sampled_from(["w", "w", "r", "s", "t"]))
        if process in under_way:
            number = under_way.pop(process)
            events.append(~number)
            if process != "w":
                seen = draw(st.sampled_from([written, max(first, written - 1), max(first, written - 2), written + 1]))
                operations[number] = Operation(f="read", result=None if seen == first else seen)
            continue
        written += process == "w"
        outcome = draw(st.sampled_from(["ok", "ok", "ok", "info"])) if process == "w" else "ok"
        events.append(len(operations))
        operations.append(
            Operation(f="write", value=written, outcome=outcome) if process == "w" else Operation(f="read")
        )
        if outcome == "ok":
            under_way[process] = len(operations) - 1
    for number in under_way.values():
        operations[number] = _lost(operations[number])
    return Trial(operations, events)


def _lost(operation: Operation) -> Operation:
    return Operation(f=operation.f, value=operation.value, outcome="info")
