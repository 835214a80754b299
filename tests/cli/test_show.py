"""`harness show`: what happened in a stored run, as a table."""

from __future__ import annotations

import gzip
import shutil
from pathlib import Path

import pytest
from cli_rig import Harness, Said

from harness import plan as plans
from harness import registry
from harness.runs.keep import run_and_keep
from harness.schedule import Choice
from harness.store.index import Store

PLAN = "regressions/unicode-double-append"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With one run, in which a text is doubled."""
    root = tmp_path_factory.mktemp("store")
    plan, runtime = plans.load(PLAN), registry.find("runtime", "sim")
    schedule = plans.expand_on(runtime, plan, None, Choice(profile="documented"))
    run_and_keep(schedule, runtime, store=Store(root), plan_text=plan.source.text, argv=[], note=lambda _: None)
    return root


@pytest.fixture
def show(harness: Harness, store: Path, monkeypatch: pytest.MonkeyPatch) -> _Show:
    monkeypatch.setenv("COLUMNS", "150")
    return _Show(harness, store)


class _Show:
    def __init__(self, harness: Harness, store: Path) -> None:
        self._harness, self._store = harness, store

    def __call__(self, *words: str, store: Path | None = None) -> Said:
        return self._harness("show", "latest", *words, "--store", str(store or self._store))

    def table(self, *words: str) -> tuple[list[str], str]:
        """The rows below the head line, and what stands under them."""
        said = self(*words)
        assert (said.code, said.err) == (0, "")
        table, _, rest = said.out.partition("\n\n")
        assert all(len(line) <= 150 for line in table.splitlines())
        return table.splitlines()[1:], rest


def test_all_operations_stand_in_the_order_of_time(show: _Show, store: Path) -> None:
    rows, _ = show.table()
    with gzip.open(next(store.glob("*/*/history.jsonl.gz"))) as file:
        ops = len(file.readlines()) - 2  # the header and the end
    times = [float(row.partition(" s ")[0].split()[-1]) for row in rows]
    assert len(rows) == ops
    assert times == sorted(times)


def test_what_a_finding_points_to_is_marked_with_its_number(show: _Show) -> None:
    rows, told = show.table("--job", "greeting")
    [finding] = [line for line in told.splitlines() if "stream-integrity: double-append" in line]
    number = finding.split()[0]
    marked = [row for row in rows if row[0] != " " and number in row.split()[0].split(",")]
    assert len(marked) == 3
    assert "commit" in marked[0]
    assert 'chunk="Привет"' in marked[0]
    assert "append, bytes=24, before=12" in marked[-1]


def test_a_job_brings_its_messages_and_answers_and_the_faults_and_nothing_of_other_jobs(show: _Show) -> None:
    rows, _ = show.table("--job", "greeting", "--messages")
    text = "\n".join(rows)
    assert "fault-begin" in text
    assert "rpc-reply" in text, "an answer names no job, its request does"
    assert any("relay->mobile-1" in row and " out " in row and "job:response-appended" in row for row in rows)
    everything, _ = show.table("--messages")
    assert len(rows) < len(everything)
    assert "presence" not in text


def test_a_node_is_what_it_did_and_what_befell_its_links(show: _Show) -> None:
    rows, _ = show.table("--node", "mobile-1", "--messages")
    who = {row.partition(" s ")[2].split()[0] for row in rows}
    assert {"mobile-1/replica", "nemesis", "mobile-1->relay", "relay->mobile-1"} <= who
    assert all("mobile-1" in one or one == "nemesis" for one in who)


def test_near_a_time_and_which_faults_were_there(show: _Show) -> None:
    everything, _ = show.table()
    at_s = next(float(row.split(" s ")[0].split()[-1]) for row in everything if "append, bytes=24" in row)
    rows, _ = show.table("--around", f"{at_s}s", "--within", "5ms")
    assert any(row.startswith("fault ") and "has been there since" in row for row in rows)
    times = [float(row.split(" s ")[0].split()[-1]) for row in rows if not row.startswith("fault ")]
    assert at_s in times
    assert all(abs(time - at_s) <= 0.0061 for time in times)
    assert len(show.table("--around", f"{at_s}s", "--within", "1s")[0]) > len(rows)


def test_nothing_of_the_kind_says_how_long_the_run_was(show: _Show) -> None:
    said = show("--around", "1h")
    assert said.code == 0
    assert said.out.startswith("nothing of the kind; this run lasted ")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--job", "greetin"), "this run has no job 'greetin'; did you mean greeting?"),
        (("--node", "phone"), "this run has no node 'phone'; there are: "),
        (("--around", "3"), "'3': expected a duration such as 250ms, 10s or 1m30s"),
        (("--within", "3s"), "--within says how near to --around"),
    ],
)
def test_what_is_not_there_is_refused(show: _Show, words: tuple[str, ...], told: str) -> None:
    said = show(*words)
    assert said.code == 254
    assert said.is_clean()
    assert told in said.err


def test_no_such_run(show: _Show, tmp_path: Path) -> None:
    said = show(store=tmp_path / "none")
    assert said.code == 254
    assert "latest: there is no such run (no run has ended in this store)" in said.err


def test_a_history_that_is_cut_off_is_shown_as_far_as_it_goes_and_one_that_is_none_is_refused(
    show: _Show, store: Path, tmp_path: Path
) -> None:
    shutil.copytree((store / "latest").resolve(), tmp_path / "latest")
    file = tmp_path / "latest" / "history.jsonl.gz"
    file.write_bytes(file.read_bytes()[:-200])
    cut = show(store=tmp_path)
    assert cut.code == 0
    assert "warning: " in cut.err
    assert "mobile-1/journal" in cut.out
    file.unlink()
    none = show(store=tmp_path)
    assert none.code == 254
    assert "its history is missing" in none.err
