"""What the timeline of the whole run knows: every operation, what a node held of a job before and after, every message,
every fault, every finding; and of a long run that which is near its findings.
"""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from a_run import file_run
from page_reader import Page

from harness import report
from harness.history import History, Op
from harness.report import page
from harness.report.sections import _whole_caps as caps
from harness.report.sections import _whole_data, _whole_values, whole
from harness.report.sections._whole_ops import Kind, Outcome
from harness.store.rundir import StoredRun
from harness.verdict import CheckResult, Verdict

DOUBLED = 'd:+a d:a"He" d:a"llo" m:a=1 m:a@2 m:a@3 m:a@3'
_SHOWN = ("status", "progress", "tail", "fate")


class Read:
    """The data as a script reads it: columns are rows again, and times are summed up."""

    def __init__(self, run: StoredRun) -> None:
        found = _whole_data.encoded(run)
        assert found is not None
        self.all = json.loads(msgspec.json.encode(found))
        self.strings = self.all["strings"]
        self.ops = self._rows("ops", "it", "pfjcmv")
        self.flights = self._rows("flights", "t", "yjm")
        for op in self.ops:
            op["before"], op["after"] = self._state(op["b"]), self._state(op["a"])

    def _rows(self, table: str, summed: str, named: str) -> list[dict[str, Any]]:
        columns = self.all[table]
        rows = [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
        for former, row in itertools.pairwise(rows):
            row |= {name: former[name] + row[name] for name in summed}
        return [row | {name: self.strings[row[name]] for name in named} for row in rows]

    def _state(self, at: int) -> dict[str, Any] | None:
        row = {name: column[at] for name, column in self.all["states"].items()}
        return {n: self.strings[v] if n in _SHOWN and v >= 0 else v for n, v in row.items()} if at else None

    def kinds(self, kind: Kind) -> list[dict[str, Any]]:
        return [op for op in self.ops if op["k"] == kind]


@pytest.fixture
def read(tmp_path: Path):
    def reads(line: str, *checks: str) -> Read:
        return Read(file_run(tmp_path / "run", line, checks))

    return reads


def test_every_op_of_the_history_is_part_of_one_operation_at_its_own_time(tmp_path):
    run = file_run(tmp_path / "run", f"{DOUBLED} m>get(a) m<ok fault:f heal:f d:final m!call[corr=c1]")
    assert run.history is not None
    found = Read(run)
    told = sorted(i for op in found.ops for i in {op["i"], op["i"] + op["e"]})
    assert told == [op.index for op in run.history.ops]
    began = {op.index: op.time_ns - run.history.ops[0].time_ns for op in run.history.ops}
    assert all(op["t"] == began[op["i"]] // 1000 for op in found.ops)
    assert all(op["t"] + op["d"] == began[op["i"] + op["e"]] // 1000 for op in found.ops)
    assert {op["k"] for op in found.ops} == set(Kind)


def test_a_commit_says_what_was_stored_before_and_after(read):
    found = read('d:+a d:a{status=queued} d:a"He" d:a"llo" d:-a')
    rows = [(op["before"], op["after"]) for op in found.kinds(Kind.COMMIT)]
    assert rows[0][0] is None and rows[0][1]["status"] == "created"
    assert [row[1]["rev"] for row in rows] == [1, 2, 3, 4, 5]
    assert (rows[1][0]["status"], rows[1][1]["status"]) == ("created", "queued")
    assert (rows[3][0]["tail"], rows[3][1]["tail"], rows[3][1]["bytes"]) == ("He", "Hello", 5)
    assert rows[4][1]["fate"] == "deleted"
    assert all(earlier[1] == later[0] for earlier, later in itertools.pairwise(rows))


def test_a_text_that_nobody_wrote_is_made_again_of_what_was_shown_and_appended(read):
    *_, last = read(DOUBLED).kinds(Kind.OBSERVE)
    assert (last["before"]["tail"], last["after"]["tail"], last["after"]["bytes"]) == ("Hello", "Hellollo", 8)


@pytest.mark.parametrize("last_seen", ['m:a"zz"', 'm:a@3"zz"'])
def test_a_text_that_cannot_be_known_is_not_guessed(read, last_seen):
    *_, last = read(f'd:+a d:a"He" d:a"ll" m:a=2 {last_seen}').kinds(Kind.OBSERVE)
    assert (last["before"]["tail"], last["after"]["tail"], last["after"]["bytes"]) == ("He", -1, 4)


def test_a_commit_that_failed_leaves_no_trace_in_what_follows(read):
    *_, last = read('d:+a d:a"x"! d:a"y"').kinds(Kind.COMMIT)
    assert (last["before"]["tail"], last["after"]["tail"]) == ("", "y")


def test_a_job_that_left_the_screen_is_gone_and_after_another_scope_all_are(read):
    found = read("d:+a d:+b m:a=1 m:b=2 m:-a m:a=1 m:scope(s2) m:b=2").kinds(Kind.OBSERVE)
    assert found[2]["after"]["fate"] == "deleted"
    assert found[3]["before"]["fate"] == "deleted" and found[3]["after"]["fate"] == ""
    assert found[5]["before"] is None


def test_a_long_text_is_told_by_its_end(read):
    chunks = " ".join(f'd:a"{letter * 30}"' for letter in "abcdefghij")
    *_, last = read(f"d:+a {chunks}").kinds(Kind.COMMIT)
    assert last["after"]["tail"] == "…" + "i" * 10 + "j" * 30
    assert last["after"]["bytes"] == 300


def test_outcomes_are_told_apart(read):
    found = read('d:+a d:a"x"! d:a"y"? m>get(a) m<fail(not_found) m2>get(a) m2<info m>list d:up')
    outcomes = [(op["k"], op["y"]) for op in found.ops]
    assert outcomes == [
        (Kind.COMMIT, Outcome.OK),
        (Kind.COMMIT, Outcome.FAIL),
        (Kind.COMMIT, Outcome.UNANSWERED),
        (Kind.CALL, Outcome.FAIL),
        (Kind.CALL, Outcome.INFO),
        (Kind.CALL, Outcome.UNANSWERED),
        (Kind.NOTE, Outcome.NONE),
    ]
    failed = found.ops[1]
    assert failed["before"] == failed["after"], "what failed changed nothing"
    assert found.ops[2]["d"] == -1 and "not_found" in found.ops[3]["v"]


def test_operations_of_one_message_name_it(read):
    found = read("d:+a d!emit[msg=x17,rev=1] r!deliver[msg=x17] m:a=1(event:x17) m!call[corr=c1]")
    assert [op["m"] for op in found.ops] == ["x17", "x17", "x17", "x17", "c1"]


def test_messages_cross_their_link_once_or_again_or_not_at_all(read):
    found = read("d:+a wire:r>m[msg=1] wire:r>m[msg=1,side=out] wire:m>r[msg=2,side=in] wire:d>r[msg=3] tap:m=4")
    lanes = found.all["lanes"]
    assert [(f["m"], lanes[f["l"]]["name"], f["g"] % 2, f["d"] < 0) for f in found.flights] == [
        ("1", "mobile-1 ⇄ relay", 0, False),
        ("1", "mobile-1 ⇄ relay", 1, False),
        ("2", "mobile-1 ⇄ relay", 0, True),
        ("3", "desktop-1 ⇄ relay", 0, False),
        ("4", "mobile-1 ⇄ relay", 0, False),
    ]
    assert [f["g"] // 2 for f in found.flights] == [1, 1, 0, 1, 1], "which of them lead down"


def test_faults_lie_where_they_were_and_say_what_they_did(tmp_path):
    run = file_run(tmp_path / "run", "d:+a fault:one heal:one fault:two m:a=1 inert:two")
    assert run.history is not None
    for op in run.history.ops:
        if op.f.startswith("fault-") and op.value["fault"] == "one":
            op.value |= {"directions": ["relay->mobile-1"], "nodes": ["desktop-1"], "effect": {"messages_lost": 3}}
    found = Read(run)
    lanes = [lane["name"] for lane in found.all["lanes"]]
    assert lanes == ["harness", "desktop-1", "desktop-1 ⇄ relay", "relay", "mobile-1 ⇄ relay", "mobile-1"]
    one, two = found.all["bands"]
    assert [lanes[at] for at in one["lanes"]] == ["desktop-1", "mobile-1 ⇄ relay"]
    assert (one["met"], two["met"]) == (True, False)
    told = found.ops[one["op"]]
    assert told["k"] == Kind.FAULT and "3 messages lost" in told["v"] and told["d"] > 0


def test_findings_name_their_operations_the_first_of_each_checker_first(read):
    found = read(f'{DOUBLED} d:+b d:b"xy" m:b=4 m:b@5 m:b@5', "stream-integrity", "monotonic")
    first, *others = found.all["findings"]
    assert (first["check"], first["verdict"], first["reason"]) == ("stream-integrity", "INVALID", "double-append")
    assert found.ops[first["at"]]["after"]["tail"] == "Hellollo"
    assert first["at"] in first["ops"] and len(first["ops"]) > 1
    assert {other["check"] for other in others} <= {"stream-integrity"}


def test_further_findings_of_a_checker_are_told_after_the_first_ones():
    details = {"further": [{"reason": "gap", "message": "more", "evidence": [4, "x"], "first": 4}, "no finding"]}
    first = CheckResult(check="one", verdict=Verdict.INVALID, reason="bad", evidence=[1], first=1, details=details)
    second = CheckResult(check="two", verdict=Verdict.UNKNOWN, reason="quiet", evidence=[2])
    fine = CheckResult(check="three", verdict=Verdict.VALID)
    told = [(f.check, f.reason, f.evidence, f.first) for f in _whole_data.findings([second, fine, first])]
    assert told == [("one", "bad", [1], 1), ("two", "quiet", [2], -1), ("one", "gap", [4], 4)]


def test_values_are_read_no_further_than_there_is_room():
    deep: dict[str, Any] = {"a": [1, None, True], "jobId": "elsewhere"}
    assert _whole_values.flat(deep, 100) == "a=[1, null, true]"
    for _ in range(2000):
        deep = {"more": deep}
    assert _whole_values.flat(deep, 100) == "more={more={more={…}}}"
    assert len(_whole_values.flat({f"name{n}": "x" * 500 for n in range(10_000)}, 100)) < 200
    assert len(_whole_values.flat([[["x" * 500] * 9] * 9] * 9, 100)) < 300


def test_of_a_long_run_that_is_kept_which_is_near_its_findings():
    assert caps.nearest([0, 10, 20, 30, 40, 50], [31], 3) == [2, 3, 4]
    assert caps.nearest([0, 10, 20, 30], [0, 30], 2) == [0, 3]
    assert caps.nearest([0, 10, 20, 30], [], 2) == [0, 1]
    assert caps.nearest([0, 10], [10], 2) == [0, 1]
    assert caps.gaps([2, 3, 5], [0, 10, 20, 30, 40, 50, 60], 99) == [(0, 20), (30, 50), (50, 99)]
    assert caps.gaps([0, 1], [0, 10], 99) == []


def test_what_is_left_out_is_counted_and_where_it_was_is_marked(tmp_path, monkeypatch):
    monkeypatch.setattr(_whole_data, "_SIZES", ((6, 100),))
    quiet = " ".join(f"d:+q{n}" for n in range(20))
    doubled = 'd:+a d:a"He" d:a"llo" m:a=21 m:a@22 m:a@23 m:a@23'
    found = Read(file_run(tmp_path / "run", f"{quiet} {doubled} {quiet.replace('q', 'r')}", ("stream-integrity",)))
    (first,) = found.all["findings"]
    assert len(found.ops) == 6 and found.all["left"]["ops"] == 41
    assert len(first["ops"]) == 3 and found.ops[first["at"]]["after"]["tail"] == "Hellollo"
    assert found.all["gaps"][0][0] == 0 and found.all["gaps"][-1][1] == found.all["end"]


def test_a_run_that_would_be_too_large_is_told_in_shorter_words_and_then_in_part(tmp_path, monkeypatch):
    chunks = " ".join(f'd:a"{n:x>90}"' for n in range(300))
    run = file_run(tmp_path / "run", f"d:+a {chunks}")
    monkeypatch.setattr(_whole_data, "_LONG", 100)
    monkeypatch.setattr(_whole_data, "_SIZES", ((60_000, 160), (60_000, 60), (60_000, 24), (40, 24)))
    whole_bytes = len(msgspec.json.encode(_whole_data.encoded(run)))
    for most, kept in ((whole_bytes - 1, 301), (whole_bytes // 3, 40)):
        monkeypatch.setattr(_whole_data, "MOST_BYTES", most)
        found = Read(run)
        assert len(msgspec.json.encode(found.all)) <= most
        assert (len(found.ops), found.all["left"]["ops"]) == (kept, 301 - kept)


def test_it_stands_after_the_pictures_and_is_small_and_always_the_same(tmp_path):
    chunks = " ".join(f'd:a"{"x" * 40}{n}" m:a@{n + 2}' for n in range(1000))
    run = file_run(tmp_path / "run", f"d:+a m:a=1 {chunks}")
    html = whole.render(run)
    assert html is not None and html == whole.render(run)
    assert run.history is not None and len(run.history.ops) > 3000
    assert len(html.encode()) < 500_000
    text = Page(page.render(run)).text
    assert text.index("The whole run") < text.index("Every operation") < text.index("Verdicts")
    assert "This timeline needs a script" in text


def test_text_of_a_run_cannot_end_the_data_or_become_part_of_the_page(tmp_path):
    evil = "</script><img src=x onerror=alert(1)><!--"
    run = file_run(tmp_path / "run", DOUBLED, ("stream-integrity",))
    text = msgspec.json.encode(run.history).decode().replace('"a"', json.dumps(evil)).replace("llo", evil)
    hostile = msgspec.structs.replace(run, history=msgspec.json.decode(text, type=History))
    found = Page(page.render(hostile))
    assert found.open == [] and found.all("img") == []
    told = Read(hostile)
    assert {op["j"] for op in told.ops} == {evil}
    assert any(evil[:20] in op["v"] for op in told.ops)


def _final(jobs: object, most: int) -> str:
    value = {"jobs": jobs}
    return _whole_values.told(Op(index=1, time_ns=1, process="d/final", type="ok", f="final", value=value), most)


def test_a_state_at_the_end_says_which_jobs_are_held():
    a = {"status": "completed", "response": "Привет", "sync": {"rev": 7}}
    assert _final({"a": a}, 160) == "the state at the end: 1 job · a completed, revision 7, 12 bytes"
    assert _final({"a": a, "b": {"status": "queued"}}, 160).endswith(
        "2 jobs · a completed, revision 7, 12 bytes · b queued"
    )
    assert _final({}, 160) == "the state at the end: 0 jobs"
    assert _final({"a": None, "b": {"sync": 1, "response": 2}}, 160).endswith("2 jobs · a · b")


@pytest.mark.parametrize("most", [160, 60, 24])
def test_of_many_jobs_at_the_end_as_many_are_told_as_there_is_room_for(most):
    said = _final({f"job-{n}": {"status": "completed", "sync": {"rev": n}} for n in range(500)}, most)
    assert len(said) <= most * 4
    told = said.count("revision")
    assert 1 <= told <= 12
    assert said.endswith(f" · and {500 - told} more")


def test_a_run_without_a_history_has_no_timeline(tmp_path):
    run = file_run(tmp_path / "run", DOUBLED)
    assert run.history is not None
    assert whole.render(msgspec.structs.replace(run, history=None)) is None
    empty = msgspec.structs.replace(run.history, ops=[])
    assert whole.render(msgspec.structs.replace(run, history=empty)) is None


def test_hostile_histories_are_drawn_all_the_same(tmp_path):
    run = file_run(tmp_path / "run", f"{DOUBLED} fault:f heal:f m:final", ("stream-integrity",))
    assert run.history is not None
    for bad in (
        None,
        [],
        "text",
        {"f": 1, "set": [2], "chunk": 3},
        {"kind": "row", "set": {"metadata": 7}},
    ):
        for op in run.history.ops:
            op.value = bad
        assert whole.render(run) is not None
    for op in run.history.ops:
        op.node = op.job = None
        op.rev = None
    assert {lane["name"] for lane in Read(run).all["lanes"]} > {"harness"}
    report.write(run.directory)
