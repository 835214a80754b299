"""`history.edn`: what Jepsen's tools read of a run."""

from __future__ import annotations

import re
from pathlib import Path

from a_run import file_run

from checkers.linearizability.values import Literal
from harness import report
from harness.interchange import edn_text
from harness.interchange.export_edn import edn_lines
from harness.report import jepsen

LINE = "d:+a m>open m<ok m>get(a) m<ok fault:split @4.0 inert:split m>list"
FIELDS = ("index", "time", "type", "f", "value", "process")


def operations(text: str) -> list[dict[str, object]]:
    """Each line as the reader of foreign histories has it."""
    found = []
    for line in text.splitlines():
        form = edn_text.Reader(line).next(0)
        assert form is not None and form.end == len(line)
        found.append({key.text.removeprefix(":"): value for key, value in form.value.items()})
    return found


def test_every_line_is_an_operation_as_jepsen_writes_it(tmp_path: Path) -> None:
    ops = operations(jepsen.render(file_run(tmp_path / "run", LINE)))
    assert [op["index"] for op in ops] == list(range(len(ops)))
    assert {tuple(op) for op in ops} == {FIELDS}
    assert {str(op["type"]) for op in ops} == {":invoke", ":ok", ":info"}
    assert {op["process"] for op in ops} == {0, Literal(":nemesis")}
    calls = [(str(op["type"]), str(op["f"])) for op in ops]
    assert calls.count((":invoke", ":get")) == calls.count((":ok", ":get")) == 1
    assert (":invoke", ":list") in calls and (":ok", ":list") not in calls, "what never returned stays so"
    assert (":info", ":fault-begin") in calls and (":info", ":fault-heal") in calls


def test_times_do_not_go_back(tmp_path: Path) -> None:
    times = [int(t) for t in re.findall(r":time (\d+)", jepsen.render(file_run(tmp_path / "run", LINE)))]
    assert times == sorted(times) and len(set(times)) > 3


def test_it_stands_in_the_run_s_directory_and_says_what_the_export_says(tmp_path: Path) -> None:
    run = file_run(tmp_path / "run", LINE)
    report.write(run.directory)
    assert run.history is not None
    told = (run.directory / "history.edn").read_text(encoding="utf-8")
    assert told.splitlines() == list(edn_lines(run.history.ops)) != []


def test_of_a_run_that_never_started_nothing_is_told(tmp_path: Path) -> None:
    run = file_run(tmp_path / "run", LINE)
    run.history = None
    assert jepsen.render(run) == ""
