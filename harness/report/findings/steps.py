"""The steps of one finding: what its checker tells, each with the operation or the moment on the wire behind it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from harness.history import History, Op, Tap
from harness.report.told import words
from harness.verdict import CheckResult

_MOST_STEPS = 12  # of one story; the first and the last of a longer one are told
_MOST_LETTERS = 600  # of one step
_MOST_OF_A_WORD = 60


@dataclass(frozen=True)
class Mark:
    """A step of the story. `number` is its place in it, as the text counts; one that no operation recorded has `msg`,
    `link` and a time as far as they are known. `missing`: the index of its operation, which this history has not."""

    number: int
    time_ns: int | None
    node: str
    what: str
    op: Op | None = None
    link: str = ""
    msg: str = ""
    missing: int | None = None


def marks(history: History, result: CheckResult) -> tuple[list[Mark], int]:
    """The steps of a failure, and how many are left out. Numbers are places in the whole story."""
    by_index = {op.index: op for op in history.ops}
    told = result.details.get("story")
    parts = [p for p in told if isinstance(p, dict)] if isinstance(told, list) else []
    if not parts:
        parts = [{"index": i} for i in result.evidence if i in by_index]
    elif not words.sentences(result) and all(_is_nowhere(part, by_index) for part in parts):
        return [], 0
    numbered = list(enumerate(parts, start=1))
    half = _MOST_STEPS // 2
    kept = numbered if len(numbered) <= _MOST_STEPS else [*numbered[:half], *numbered[-half:]]
    found = [_mark(number, part, by_index) for number, part in kept]
    known = [m if m.op is not None or m.missing is not None else _on_the_wire(m, history, result) for m in found]
    return known, len(numbered) - len(kept)


def _is_nowhere(part: dict[str, Any], by_index: dict[int, Op]) -> bool:
    """No node did it, so no chart can show it: that a run was too quiet, say."""
    op = by_index.get(_int(part.get("index"), -1))
    return (op is None or op.node is None) and not isinstance(part.get("at_ns"), int)


def _mark(number: int, part: dict[str, Any], by_index: dict[int, Op]) -> Mark:
    op = by_index.get(_int(part.get("index"), -1))
    what = words.shortened(str(part.get("what") or (sentence(op) if op is not None else "")), _MOST_LETTERS)
    if op is not None:
        return Mark(number, op.time_ns, op.node or _touched(op), what, op)
    if (index := _int(part.get("index"), -1)) >= 0:
        return Mark(number, None, "", what, missing=index)
    at = part.get("at_ns")
    time_ns = at if isinstance(at, int) and not isinstance(at, bool) else None
    node, link, msg = (_text(part.get(name)) for name in ("node", "link", "msg"))
    return Mark(number, time_ns, node, what, None, link, msg)


def _touched(op: Op) -> str:
    """The node that a fault is at work on, or the client of a link that it is at work on."""
    value = op.value if isinstance(op.value, dict) else {}
    nodes, ways = value.get("nodes"), value.get("directions")
    named = [str(n) for n in nodes] if isinstance(nodes, list) else []
    ends = [end for way in ways for end in str(way).split("->")] if isinstance(ways, list) else []
    return next((name for name in (*named, *ends) if name != "relay"), "")


def _on_the_wire(mark: Mark, history: History, result: CheckResult) -> Mark:
    """A step that no node recorded, with the message that it tells of: the one named, or what arrived just then."""
    details = result.details
    msg = mark.msg or ("" if mark.time_ns is not None else _text(details.get("message")) or _text(details.get("corr")))
    link = mark.link or ("" if mark.time_ns is not None else _text(details.get("link")))
    if not msg and mark.time_ns is None:
        return mark
    seen = [tap for tap in history.taps if tap.msg is not None and _fits(tap, mark, msg, link)]
    best = _best(seen, mark, result, history)
    if best is None:
        return mark
    source, _, target = best.link.partition("->")
    node = mark.node or (source if best.side == "in" else target)
    time_ns = best.time_ns if mark.time_ns is None else mark.time_ns
    return Mark(mark.number, time_ns, node, mark.what, None, best.link, best.msg or "")


def _fits(tap: Tap, mark: Mark, msg: str, link: str) -> bool:
    if link and tap.link != link:
        return False
    ends = tap.link.split("->")
    if mark.node and mark.node not in ends:
        return False
    return tap.msg == msg if msg else tap.time_ns == mark.time_ns and tap.side == "out" and ends[-1] == mark.node


def _best(seen: list[Tap], mark: Mark, result: CheckResult, history: History) -> Tap | None:
    """The one at the very moment; of an older result, which has none, the last up to the end of its proof."""
    if mark.time_ns is not None:
        return min(seen, key=lambda tap: abs(tap.time_ns - (mark.time_ns or 0)), default=None)
    proof = set(result.evidence)
    until_ns = max((op.time_ns for op in history.ops if op.index in proof), default=0)
    again = len({(tap.link, tap.side) for tap in seen}) < len(seen)  # it came twice: the second time is the story
    before = seen if again else [tap for tap in seen if tap.time_ns <= until_ns] or seen
    return before[-1] if before else None


# ---- words ----------------------------------------------------------------------------------------------------------


def sentence(op: Op) -> str:
    """An op in words, for a checker that tells no story of its own."""
    about = f" job {op.job}" if op.job else ""
    about += f" at revision {op.rev.n}" if op.rev is not None else ""
    who = op.node or op.process
    if op.f == "observe":
        return f"{who} shows{about or ' another state'}"
    if op.f == "final":
        return f"{who} is read at the end"
    if op.f in ("fault-begin", "fault-heal"):
        name = op.value.get("fault") if isinstance(op.value, dict) else None
        return f"fault {name or 'without a name'} {'begins' if op.f == 'fault-begin' else 'heals'}"
    ends = {"invoke": "begins", "ok": "is done", "fail": "did not happen", "info": "may have happened"}
    return f"{op.process}: {op.f}{about} {ends[op.type]}"


def named(op: Op) -> str:
    """An op by its kind, job and revision: `commit status · ok · job draft · revision 2`."""
    value = op.value if isinstance(op.value, dict) else {}
    kind = [op.f, *(_text(value.get(name)) for name in ("f", "kind", "event", "method", "what", "state", "phase"))]
    if op.f in ("fault-begin", "fault-heal"):
        kind = [op.f, _text(value.get("fault"))]
    parts = [" ".join(_word(k) for k in kind if k), *([op.type] if op.type != "info" else [])]
    job = op.job or _text(value.get("job"))
    parts += [f"job {_word(job)}"] if job else []
    rev = op.rev.n if op.rev is not None else value.get("rev")
    parts += [f"revision {rev}"] if isinstance(rev, int) else []
    parts += [f"attempt {op.attempt}"] if op.attempt is not None and op.attempt > 1 else []
    return " · ".join(parts)


def _word(text: str) -> str:
    return text if len(text) <= _MOST_OF_A_WORD else text[: _MOST_OF_A_WORD - 1] + "…"


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _int(value: object, otherwise: int) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else otherwise


def jobs_of(result: CheckResult, found: Iterable[Mark]) -> set[str]:
    """The jobs that a failure is about."""
    told = _text(result.details.get("job"))
    return {m.op.job for m in found if m.op is not None and m.op.job} | ({told} if told else set())
