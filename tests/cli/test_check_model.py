"""`harness check --model` and `--export`, as a user types them."""

from __future__ import annotations

import json

import pytest
from cli_rig import Harness

from checkers.linearizability.values import Literal
from harness.interchange.edn_text import values

STALE = """\
{:process 0, :type :invoke, :f :write, :value 1}
{:process 0, :type :ok, :f :write, :value 1}
{:process 1, :type :invoke, :f :read, :value nil}
{:process 1, :type :ok, :f :read, :value %s}
"""


@pytest.fixture
def history(harness: Harness):
    def write(text: str, name: str = "history.edn"):
        (harness.folder / name).write_text(text)
        return name

    return write


def test_a_stale_read_is_told_with_its_line_and_what_the_value_was(harness: Harness, history):
    said = harness("check", history(STALE % "nil"), "--model", "register")
    assert (said.code, said.is_clean()) == (1, True)
    assert "line 3, process 1: read → nil" in said.out
    assert "The shortest prefix that fails ends there: 4 of 4 events." in said.out
    assert "the value was then 1" in said.out
    assert "verdict  INVALID" in said.out
    assert harness("check", history(STALE % "1"), "--model", "register").code == 0


def test_a_machine_reads_which_operation_failed(harness: Harness, history):
    said = harness("check", history(STALE % "nil"), "--model", "cas-register", "--json")
    found = json.loads(said.out)
    assert found["verdict"] == "INVALID"
    failure = {"key": None, "operation": "read → nil", "line": 3, "process": "1"}
    assert found["failures"] == [{**failure, "prefix_events": 4, "states": [1], "pending_lines": [3]}]


def test_what_is_judged_is_exported_for_knossos(harness: Harness, history):
    said = harness("check", history(STALE % "nil"), "--model", "register", "--export", "edn")
    assert said.code == 0
    assert said.out.splitlines()[2] == "{:index 2, :type :invoke, :process 1, :f :read, :value nil}"
    assert harness("check", history(said.out, "again.edn"), "--model", "register").code == 1


def test_without_a_model_other_peoples_history_is_recognized_and_the_option_named(harness: Harness, history):
    said = harness("check", history(STALE % "1"))
    assert (said.code, said.is_clean()) == (254, True)
    models = "append, cas-register, kv, multi-register, mutex, register"
    assert f"other people's (edn); --model says what it is a history of: {models}" in said.err


def test_an_empty_history_is_unknown_and_not_called_linearizable(harness: Harness, history):
    for model in ("kv", "register"):
        said = harness("check", history("\n"), "--model", model)
        assert said.code == 2
        assert "linearizable" not in said.out


@pytest.mark.parametrize("more", [(), ("--export", "edn")])
def test_a_folder_without_a_history_is_refused(harness: Harness, more: tuple[str, ...]):
    (harness.folder / "folder").mkdir()
    said = harness("check", "folder", "--model", "register", *more)
    assert (said.code, said.is_clean()) == (254, True)
    assert "folder: there is no history here" in said.err


def test_a_file_of_no_format_is_named_once(harness: Harness, history):
    said = harness("check", history("version: 1"), "--model", "register")
    assert said.code == 254
    assert said.err.count("history.edn") == 1


def test_a_history_of_another_model_is_refused_with_what_this_one_has(harness: Harness, history):
    said = harness("check", history(STALE % "1"), "--model", "kv")
    assert (said.code, said.is_clean()) == (254, True)
    assert "line 1: kv has no operation 'write'; it has: get, put, append" in said.err


def test_one_writers_growing_versions_need_no_search(harness: Harness, history):
    lines = [
        {"process": "w", "type": "invoke", "f": "write", "value": 1},
        {"process": "w", "type": "ok", "f": "write", "value": 1},
        {"process": "r", "type": "invoke", "f": "read"},
        {"process": "r", "type": "ok", "f": "read", "value": 1},
    ]
    text = "\n".join(json.dumps(line) for line in lines)
    said = harness("check", history(text, "h.jsonl"), "--model", "register")
    assert said.code == 0
    assert "linearizable (single writer)" in said.out
    stale = harness("check", history(text[:-2] + "2}", "h.jsonl"), "--model", "register")
    assert stale.code == 1


def test_a_runs_history_is_exported_for_jepsens_tools(harness: Harness):
    assert harness("run", "edge/missing-jobs").code == 0
    said = harness("check", "store/latest", "--export", "edn")
    assert said.code == 0
    first = said.out.splitlines()[0]
    assert first.startswith("{:index 0, :time ")
    assert ":type :invoke, :f :" in said.out
    assert "observe" not in said.out


def test_a_runs_own_history_is_judged_as_jobs(harness: Harness):
    assert harness("run", "quickstart", "--json").code == 0
    said = harness("check", "store/latest", "--model", "job")
    assert (said.code, said.is_clean()) == (0, True)
    assert "linearizable (single writer)" in said.out and "verdict  VALID" in said.out
    told = json.loads(harness("check", "store/latest", "--model", "job", "--json").out)
    assert (told["verdict"], told["order"]) == ("VALID", "linearizable") and told["operations"] > 5


def test_a_run_that_answered_wrongly_is_told_as_jobs(harness: Harness):
    run = harness("run", "ablations/list-cache.project-key", "--without", "list-cache.project-key", "--json")
    said = harness("check", json.loads(run.out)["run"], "--model", "job")
    assert (said.code, said.is_clean()) == (1, True)
    assert "linearizable: stale" in said.out and "mobile-2's list" in said.out
    told = json.loads(harness("check", json.loads(run.out)["run"], "--model", "job", "--json").out)
    assert [failure["reason"] for failure in told["failures"]] == ["stale"]


def test_a_run_in_which_no_client_asked_is_never_called_linearizable(harness: Harness):
    assert harness("run", "ablations/order.revisions", "--json").code == 0
    said = harness("check", "store/latest", "--model", "job")
    assert (said.code, said.is_clean()) == (2, True)
    assert "nothing was judged" in said.out and "linearizable (" not in said.out
    told = json.loads(harness("check", "store/latest", "--model", "job", "--json").out)
    assert (told["verdict"], told["operations"], told["order"]) == ("UNKNOWN", 0, None)


def test_what_is_no_runs_history_is_refused_as_jobs(harness: Harness, history):
    said = harness("check", history(STALE % "1"), "--model", "job")
    assert (said.code, said.is_clean()) == (254, True)
    assert "not a history" in said.err


@pytest.mark.parametrize(("profile", "verdict", "code"), [("documented", "INVALID", 1), ("hardened", "VALID", 0)])
def test_the_texts_of_a_run_are_exported_for_elle_and_judged_alike(harness: Harness, history, profile, verdict, code):
    harness("run", "quickstart", "--profile", profile, "--json")
    said = harness("check", "store/latest", "--model", "job", "--export", "edn")
    assert (said.code, said.is_clean()) == (0, True)
    again = harness("check", history(said.out, "elle.edn"), "--model", "append")
    assert again.code == code
    assert f"verdict  {verdict}" in again.out
    told = [op[Literal(":value")] for _, op in values(said.out) if op[Literal(":type")] == Literal(":ok")]
    reads = [mop[2] for mops in told for mop in mops if mop[0] == Literal(":r")]
    assert any(len(set(read)) < len(read) for read in reads) == (verdict == "INVALID")  # a chunk was appended twice


def test_the_revisions_of_a_job_are_exported_for_knossos(harness: Harness, history):
    assert harness("run", "quickstart").code == 0
    nobody = harness("check", "store/latest", "--model", "job", "--export", "edn-register")
    assert nobody.code == 254
    assert "a register is one job: name it with --job (it has: a1, a2" in nobody.err
    said = harness("check", "store/latest", "--model", "job", "--export", "edn-register", "--job", "a3")
    assert (said.code, said.is_clean()) == (0, True)
    assert said.out.count(":type :ok") > 5 and ":f :read" in said.out
    assert harness("check", history(said.out, "knossos.edn"), "--model", "register").code == 0


def test_what_is_not_exported_is_told_what_would_be(harness: Harness):
    assert harness("run", "quickstart").code == 0
    for arguments in (["--model", "append"], ["--model", "append", "--export", "edn"]):
        said = harness("check", "store/latest", *arguments)
        assert (said.code, said.is_clean()) == (254, True)
        assert "this is a run's own history: --model job" in said.err
    said = harness("check", "store/latest", "--export", "edn-register")
    assert said.code == 254
    assert "belong to --model job" in said.err
