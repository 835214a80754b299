"""Where two runs part: the first event that one has and the other has not."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from a_run import file_run

from harness.history import History, Op
from harness.report.apart.parting import Event, Parting, part

LINE = "d:+a m:a=1 m>get(a) m<ok d:a=2 m:a=2 m>list m<ok"
ONE, OTHER = "0e0a6d2c-0000-4000-8000-000000000001", "0e0a6d2c-0000-4000-8000-000000000002"


@pytest.fixture
def history(tmp_path: Path) -> History:
    found = file_run(tmp_path / "run", LINE).history
    assert found is not None
    return found


def changed(history: History, at: int, **fields: object) -> History:
    """The same, but for one op."""
    ops = [msgspec.structs.replace(op, **(fields if i == at else {})) for i, op in enumerate(history.ops)]
    return msgspec.structs.replace(history, ops=ops)


def of(op: Op) -> tuple[str, str, str]:
    return op.process, op.type, op.f


def told(events: list[Event]) -> list[tuple[str, str, str]]:
    return [(e.process, e.type, e.f) for e in events]


def the_one(events: list[Event]) -> Event:
    (found,) = [event for event in events if event.parts]
    return found


def found(first: History, second: History, **words: bool) -> Parting:
    parting = part(first, second, **words)
    assert parting is not None
    return parting


def test_a_run_does_not_part_from_itself(history: History) -> None:
    assert part(history, changed(history, 0)) is None


@pytest.mark.parametrize(
    ("fields", "differing"),
    [
        ({"type": "fail"}, ["type"]),
        ({"job": "b"}, ["job"]),
        ({"value": {"x": {"y": 1}}}, ["value"]),
        ({"error": {"code": "lost"}}, ["error"]),
    ],
)
def test_they_part_where_an_event_differs_and_it_is_said_in_what(
    history: History, fields: dict[str, object], differing: list[str]
) -> None:
    at = next(i for i, op in enumerate(history.ops) if op.f == "get" and op.type == "ok")
    given = changed(history, at, value=None, error=None)
    parting = found(given, changed(given, at, **fields))
    assert parting.fields == differing and parting.process == history.ops[at].process
    for events in (parting.first, parting.second):
        where = next(i for i, event in enumerate(events) if event.parts)
        assert where == min(5, at)
        assert told(events)[:where] == [of(op) for op in history.ops[at - where : at]]
    assert len(parting.first) == min(5, at) + 1 + min(5, len(history.ops) - 1 - at)


def test_the_first_of_several_counts_whatever_its_process(history: History) -> None:
    late = next(i for i, op in enumerate(history.ops) if op.f == "list")
    early = next(i for i, op in enumerate(history.ops) if op.process.startswith("desktop"))
    both = changed(changed(history, late, job="z"), early, job="z")
    assert the_one(found(history, both).second).process == history.ops[early].process
    assert the_one(found(both, history).first).process == history.ops[early].process


def test_how_processes_interleave_is_no_difference(history: History) -> None:
    at = next(i for i, op in enumerate(history.ops[:-1]) if op.process != history.ops[i + 1].process)
    ops = list(history.ops)
    ops[at], ops[at + 1] = ops[at + 1], ops[at]
    assert part(history, msgspec.structs.replace(history, ops=ops)) is None


def test_what_is_drawn_anew_is_no_difference(history: History) -> None:
    """Indices, ids of any kind, the time of day. A node's own id is its name."""

    def with_(drawn: str, boot: str, day_ms: int, shift: int) -> History:
        value = {"corr": drawn, "boot": boot, "text": f"{boot}-7 of {drawn}", "updatedAt": day_ms, drawn: 1}
        given = changed(history, 3, value=value, index=100 + shift, cause=f"event:{boot}-7")
        return given

    first = with_(ONE, "126578fd", 1_767_225_600_253, 0)
    assert part(first, with_(OTHER, "99de5bbc", 1_799_999_999_999, 9)) is None
    other = changed(first, 3, value={**first.ops[3].value, "text": f"126578fd-8 of {ONE}"})
    assert found(first, other).fields == ["value.text"], "but which message of a node it was is one"


def test_ids_of_nodes_are_their_names_and_so_are_told_apart(history: History) -> None:
    for name, id_ in (("mobile-1", ONE), ("desktop-1", OTHER)):
        history.header.nodes[name] = {**history.header.nodes[name], "device_id": id_}
    parting = found(changed(history, 3, value={"of": ONE}), changed(history, 3, value={"of": OTHER}))
    assert "".join(the_one(parting.first).pieces) == '{"of": "mobile-1"}'
    assert "".join(the_one(parting.second).pieces) == '{"of": "desktop-1"}'


def test_time_counts_only_when_asked_for(history: History) -> None:
    later = changed(history, 4, time_ns=history.ops[4].time_ns + 1)
    assert part(history, later) is None
    assert found(history, later, times=True).fields == ["time"]
    shifted = [msgspec.structs.replace(op, time_ns=op.time_ns + 10**9) for op in history.ops]
    assert part(history, msgspec.structs.replace(history, ops=shifted), times=True) is None, "since the first event"


def test_of_a_run_that_had_no_more_the_place_in_time_is_shown(history: History) -> None:
    last = history.ops[-1]
    shorter = msgspec.structs.replace(history, ops=[op for op in history.ops if op is not last])
    parting = found(history, shorter)
    assert parting.process == last.process and of(last) == told([the_one(parting.first)])[0]
    assert parting.second and not any(event.parts for event in parting.second)
    assert parting.fields == []


def test_an_empty_run_parts_at_the_first_event(history: History) -> None:
    parting = found(history, msgspec.structs.replace(history, ops=[]))
    assert the_one(parting.first).time_ns == 0 and parting.second == []


def test_notes_of_journals_may_be_passed_over(history: History) -> None:
    journal = Op(index=0, time_ns=history.ops[0].time_ns, process="relay/journal", type="info", f="conn")
    noted = msgspec.structs.replace(history, ops=[journal, *history.ops])
    assert found(noted, history).process == "relay/journal"
    assert part(noted, history, journals=False) is None


def test_what_differs_within_a_value_is_marked_and_the_rest_is_cut(history: History) -> None:
    texts = [f"{'a' * 500}{middle}{'z' * 500}" for middle in ("one", "other")]
    first, second = (changed(history, 3, value={"text": text}) for text in texts)
    parting = found(first, second)
    begin, within, end = the_one(parting.first).pieces
    assert (within, the_one(parting.second).pieces[1]) == ("ne", "ther")
    assert begin.startswith("…") and begin.endswith("ao") and end.startswith("zzz") and end.endswith("…")
    assert len(begin) + len(end) < 200
