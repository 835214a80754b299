"""The messages of one finding on their way: which they are, what each is called, and what became of it.

A message is drawn when a step rests on it; when it is an event of the story's jobs near the symptom; or when something
happened to it on a link of those who take part: lost, held, late, doubled.
"""

from __future__ import annotations

import statistics
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace

from harness.history import History, Op, Tap
from harness.report.findings.steps import Mark
from harness.report.told.timeline import Flight, Span, crossings

_MOST_NEAR, _MOST_ODD = 12, 10  # that no step rests on
_LATE_NS, _LATE_TIMES = 15_000_000, 5  # a message is late that takes so long, and so many times what is usual
_NEAR_NS = 100_000_000  # from a step to the message that it tells of
_QUIET = ("heartbeat", "ping", "pong", "register")
_KEEPING = ("hold", "pause", "partition", "half_open", "stall")


@dataclass
class Book:
    """What the journals say of messages, by name."""

    emitted: dict[str, tuple[str, int | None]] = field(default_factory=dict)  # → job, revision
    by_rev: dict[tuple[str, int], list[str]] = field(default_factory=dict)
    as_of: dict[str, int] = field(default_factory=dict)  # of an answer
    filled_by: dict[str, str] = field(default_factory=dict)  # an answer out of a cache → the call that filled it


@dataclass
class Traffic:
    """All named messages of a run, and what its journals say of them."""

    book: Book
    crossing: list[tuple[Flight, str, str]]  # with name and type


def read(history: History, all_spans: list[Span]) -> Traffic:
    book = _read(history)
    return Traffic(book, _crossing(history, book, all_spans))


def of(
    history: History, traffic: Traffic, marks: list[Mark], who: Collection[str], jobs: Collection[str], named: list[str]
) -> list[Flight]:
    """In time order. `jobs`: what the story is about; `named`: messages that its details name."""
    times = [m.time_ns for m in marks if m.time_ns is not None]
    if not times:
        return []
    book, everything = traffic.book, traffic.crossing
    direct = {*named, *_rested_on(history, marks, book)}
    direct |= {book.filled_by[msg] for msg in direct if msg in book.filled_by}
    callers = _clients(f for f, msg, type_ in everything if msg in direct and type_.startswith("rpc"))
    mine = [each for each in everything if each[1] in direct and _is_for(each[0], each[2], {*who, *callers})]
    last_ns, symptom_ns = max(times), symptom(marks)
    chosen = [
        flight for flight, msg, type_ in mine if flight.sent_ns <= last_ns and _is_that_one(flight, msg, type_, marks)
    ]
    span = (min(times), last_ns)
    rest = [(f, msg, t) for f, msg, t in everything if msg not in direct and _is_for(f, t, who) and _is_in(f, span)]
    odd = [f for f, msg, _ in rest if f.fate and (f.arrived_ns or 0) <= last_ns and _may_be_of(msg, jobs, book)]
    near = [f for f, msg, t in rest if not f.fate and t.startswith("job:") and book.emitted.get(msg, ("",))[0] in jobs]
    chosen += [*_nearest(odd, symptom_ns, _MOST_ODD), *_nearest(near, symptom_ns, _MOST_NEAR)]
    return sorted(chosen, key=lambda f: (f.sent_ns, f.arrived_ns or 0, f.link, f.label))


def _may_be_of(msg: str, jobs: Collection[str], book: Book) -> bool:
    """What is known to be of another job explains nothing, whatever befell it."""
    return not jobs or msg not in book.emitted or book.emitted[msg][0] in jobs


def _is_that_one(flight: Flight, msg: str, type_: str, marks: list[Mark]) -> bool:
    """Heads and presences are said again and again, by the same name: only those at the moment of a step count."""
    if type_ not in ("sync:head", "presence"):
        return True
    at = [m.time_ns for m in marks if m.msg == msg and m.time_ns is not None]
    begin_ns, end_ns = flight.sent_ns - _NEAR_NS, (flight.arrived_ns or flight.sent_ns) + _NEAR_NS
    return any(begin_ns <= time_ns <= end_ns for time_ns in at)


def symptom(marks: Iterable[Mark]) -> int:
    """When it showed: the last step that is not the reading of final states."""
    told = [m for m in marks if m.time_ns is not None]
    live = [m for m in told if m.op is None or m.op.f != "final"] or told
    return max(m.time_ns or 0 for m in live)


def _nearest(flights: list[Flight], at_ns: int, most: int) -> list[Flight]:
    return sorted(flights, key=lambda f: (abs(at_ns - (f.arrived_ns or f.sent_ns)), f.sent_ns, f.link))[:most]


def _is_in(flight: Flight, span: tuple[int, int]) -> bool:
    begin_ns, end_ns = span
    return flight.sent_ns <= end_ns and (flight.arrived_ns or flight.sent_ns) >= begin_ns


def _is_for(flight: Flight, type_: str, who: Collection[str]) -> bool:
    """Calls have two clients, and both take part; what is told to many counts for those only who do."""
    source, target = flight.ends
    return source in who or target in who or (type_.startswith("job:") and target == "relay")


def _clients(flights: Iterable[Flight]) -> set[str]:
    return {end for flight in flights for end in flight.ends if end != "relay"}


# ---- which messages -------------------------------------------------------------------------------------------------


def _read(history: History) -> Book:
    book, filler, answering = Book(), {}, {}
    for op in history.ops:
        value = op.value if isinstance(op.value, dict) else {}
        msg, corr = value.get("msg"), value.get("corr")
        if op.f == "emit" and isinstance(msg, str):
            _emitted(book, msg, op.job or str(value.get("job")), value.get("rev"))
        elif op.f == "batch" and isinstance(msg, str) and isinstance(value.get("revs"), list):
            for rev in value["revs"]:
                _emitted(book, msg, op.job or str(value.get("job")), rev)
        elif op.f == "fetch" and isinstance(corr, str) and isinstance(value.get("asOf"), int):
            book.as_of[corr] = value["asOf"]
        elif op.f in ("list", "get") and isinstance(value.get("call"), str) and isinstance(value.get("asOf"), int):
            book.as_of[value["call"]] = value["asOf"]
        elif op.f == "cache":
            answering[op.node] = (str(value.get("what")), (op.node, str(value.get("key"))))
        elif op.f == "rpc" and isinstance(corr, str) and op.node in answering:
            what, key = answering.pop(op.node)
            if what == "fill":
                filler[key] = corr
            elif what == "hit" and key in filler:
                book.filled_by[corr] = filler[key]
    return book


def _emitted(book: Book, msg: str, job: str, rev: object) -> None:
    n = rev if isinstance(rev, int) else rev.get("n") if isinstance(rev, dict) else None
    book.emitted[msg] = (job, n)
    if isinstance(n, int):
        book.by_rev.setdefault((job, n), []).append(msg)


def _rested_on(history: History, marks: list[Mark], book: Book) -> set[str]:
    """The causes of observations, the events of commits, the calls of users, and what a line names itself."""
    found = {m.msg for m in marks if m.msg}
    for op in (m.op for m in marks if m.op is not None):
        kind, _, name = (op.cause or "").partition(":")
        if name and kind in ("event", "get", "list", "rpc"):
            found.add(name)
        if op.f == "commit" and op.rev is not None:
            found |= set(book.by_rev.get((op.job or "", op.rev.n), ()))
        value = op.value if isinstance(op.value, dict) else {}
        found |= {str(value[name]) for name in ("corr", "msg", "call") if isinstance(value.get(name), str)}
    return found | _called(history, [m.op for m in marks if m.op is not None and m.op.type == "invoke"])


def _called(history: History, invokes: list[Op]) -> set[str]:
    """A user's call and the one that his mobile makes of it begin at the same moment."""
    asked = {(op.node, f"job.{op.f}", op.time_ns) for op in invokes if op.f != "commit"}
    found = set()
    for op in history.ops if asked else ():
        value = op.value if op.f == "call" and isinstance(op.value, dict) else {}
        begins = value.get("phase") == "begin"
        if begins and (op.node, str(value.get("method")), op.time_ns) in asked:
            found.add(str(value.get("corr")))
    return found


# ---- what became of them --------------------------------------------------------------------------------------------


def _crossing(history: History, book: Book, all_spans: list[Span]) -> list[tuple[Flight, str, str]]:
    """Every crossing of a named message, with its name and its type."""
    seen: dict[tuple[str, str, str], list[Tap]] = {}
    for tap in history.taps:
        if tap.msg is not None and tap.type not in _QUIET:
            seen.setdefault((tap.link, tap.msg, tap.type), []).append(tap)
    found = [
        (flight, msg, type_)
        for (_, msg, type_), taps in seen.items()
        for flight in crossings(taps, label(msg, type_, book))
    ]
    usual = _usual(f for f, _, _ in found)
    return [(_fated(f, usual.get(f.link, 0), all_spans), msg, type_) for f, msg, type_ in found]


def _usual(flights: Iterable[Flight]) -> dict[str, int]:
    """How long a message takes on each link, as a rule."""
    took: dict[str, list[int]] = {}
    for flight in flights:
        if flight.arrived_ns is not None and not flight.again:
            took.setdefault(flight.link, []).append(flight.arrived_ns - flight.sent_ns)
    return {link: round(statistics.median(times)) for link, times in took.items()}


def _fated(flight: Flight, usual_ns: int, all_spans: list[Span]) -> Flight:
    if flight.arrived_ns is None:
        return replace(flight, fate="lost")
    if flight.again:
        return replace(flight, fate="second delivery")
    took_ns = flight.arrived_ns - flight.sent_ns
    if took_ns < _LATE_NS or took_ns < _LATE_TIMES * usual_ns:
        return flight
    at_work = [
        s for s in all_spans if s.begin_ns <= flight.arrived_ns and s.end_ns >= flight.sent_ns and _is_on(s, flight)
    ]
    kept = any(s.action in _KEEPING for s in at_work)
    return replace(flight, fate=f"{'held' if kept else 'late'}: {took_ns / 1e6:,.0f} ms")


def _is_on(span: Span, flight: Flight) -> bool:
    return flight.link in span.directions or bool(set(flight.ends) & set(span.nodes))


def label(msg: str, type_: str, book: Book) -> str:
    """Its type, and the revision that it is of or speaks of."""
    if type_ == "rpc-reply":
        return f"answer, as of r{book.as_of[msg]}" if msg in book.as_of else "answer"
    if type_ == "sync:head":
        return f"head r{msg.rpartition('/')[2][:12]}"
    if type_ == "presence":
        return msg.partition("/")[0][:12] or "presence"
    n = book.emitted.get(msg, ("", None))[1]
    short = type_.removeprefix("job:").removeprefix("rpc:").removeprefix("sync:")
    return f"{short[:30] or 'message'}{f' r{n}' if n is not None else ''}"
