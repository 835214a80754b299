"""Histories of other tools: what is read of them, and what is said of those that are damaged."""

from __future__ import annotations

import gzip
import re

import pytest

from checkers.linearizability import Linearizable, Malformed, NotLinearizable, Operation, Trial
from checkers.linearizability.decide import MODELS, decide
from checkers.linearizability.values import Literal
from harness import interchange
from harness.history import Op
from harness.interchange.edn_text import values
from harness.interchange.export_edn import edn, edn_lines, model_lines

ETCD = """\
INFO  jepsen.util - 0	:invoke	:write	4
INFO  jepsen.util - 1	:invoke	:cas	[4 2]
INFO  jepsen.util - 0	:ok	:write	4
INFO  jepsen.util - 1	:fail	:cas	[4 2]
INFO  jepsen.util - 2	:invoke	:read	nil
INFO  jepsen.util - 2	:fail	:read	:timed-out
INFO  jepsen.util - 3	:invoke	:write	1
INFO  jepsen.util - 3	:info	:write	:timed-out
something else that a log says
INFO  jepsen.util - 4	:invoke	:read	nil
INFO  jepsen.util - 4	:ok	:read	4
"""


def read(tmp_path, text: str | bytes, name: str = "history"):
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return interchange.read(path)


def test_a_log_of_jepsens_etcd_test_is_read(tmp_path):
    name, trial = read(tmp_path, ETCD)
    assert name == "jepsen-log"
    assert [str(o) for o in trial.operations] == ["write 4", "cas [4 2] (failed)", "write 1", "read → 4"]
    assert [o.outcome for o in trial.operations] == ["ok", "fail", "info", "ok"]
    assert trial.events == [0, 1, ~0, ~1, 2, 3, ~3]
    (judged,) = decide(trial, MODELS["cas-register"])
    assert isinstance(judged.answer, Linearizable)  # the failed one came first
    assert trial.operations[3].line == 10


EDN = """\
; a comment
{:process 0, :type :invoke, :f :append, :key "a", :value "x \\"0\\" y", :time 1}
{:process :nemesis, :type :info, :f :start, :value [:isolated {"n1" #{"n2"}}]}
#jepsen.history.Op{:process 1, :type :invoke, :f :get, :key "a", :value nil}
{:process 0, :type :ok, :f :append, :key "a", :value "x \\"0\\" y"}
{:process 1, :type :ok, :f :get, :key "a", :value "x \\"0\\" y"}
"""


@pytest.mark.parametrize("shape", ["{}", "[{}]"])
def test_operation_maps_are_read_one_a_line_and_as_a_vector(tmp_path, shape):
    name, trial = read(tmp_path, shape.format(EDN) if shape == "{}" else "[" + EDN.split("\n", 1)[1] + "]")
    assert name == "edn"
    assert trial.events == [0, 1, ~0, ~1]
    assert trial.operations[1].result == 'x "0" y'
    (judged,) = decide(trial, MODELS["kv"])
    assert (judged.key, type(judged.answer)) == ("a", Linearizable)


def test_edn_values_of_every_kind():
    text = '[[1 -2.5 nil true :k/w "a\\nb" (1 2) {:a [1] "b" #{3}}]] 7N'
    words = [Literal(said) for said in ("-2.5", "true", ":k/w", '{"b" #{3}, :a [1]}')]
    everything = (1, words[0], None, words[1], words[2], "a\nb", (1, 2), words[3])
    assert [value for _, value in values(text)] == [everything, 7]


def test_own_lines_are_read_with_their_keys(tmp_path):
    text = """\
{"header": {"plan": "p"}}
{"index":0,"process":"p","type":"invoke","f":"append","value":1,"key":"k"}
{"index":1,"process":"p","type":"ok","f":"append","value":1,"key":"k"}
{"index":2,"process":"q","type":"invoke","f":"read","key":"k"}
{"index":3,"process":"q","type":"ok","f":"read","value":[],"key":"k"}
{"complete":true,"ops":4}
"""
    _, trial = read(tmp_path, gzip.compress(text.encode()), "h.jsonl.gz")
    (judged,) = decide(trial, MODELS["append"])
    assert isinstance(judged.answer, NotLinearizable)
    assert trial.operations[judged.answer.blamed].line == 4
    assert judged.answer.states == ["(a value that nobody read)"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("hello", "of no known format"),
        (b"\x1f\x8bnothing", "damaged"),
        (b"\xff\xfe{", "UTF-8"),
        ("{:process 0, :type :ok, :f :get}", "line 1: process 0 returns without having called"),
        ("{:process 0, :type :invoke, :f :get}\n{:process 0, :type :invoke, :f :get}", "line 2: process 0 calls again"),
        ("{:process 0, :type :invoke, :f", "line 1: '{' is never closed"),
        ("{:process 0, :type :begun, :f :get}", "line 1: an operation's :type is"),
        ("{:process 0, :type}", "line 1: a map with a key and no value"),
        ("{:process 0, :type :invoke, :f :get}]", "line 1: ']' closes nothing"),
        ('{"process": "p", "type": "invoke", "f": "read"}\n{"process": [], ', "line 2: "),
        ("INFO  jepsen.util - 0	:invoke	:write	[4", "line 1: '[' is never closed"),
    ],
)
def test_what_is_wrong_with_a_file_is_said_with_its_line(tmp_path, text, said):
    with pytest.raises(Malformed, match=re.escape(said)):
        read(tmp_path, text)


def test_what_did_not_happen_is_left_out_and_what_nobody_knows_stays(tmp_path):
    text = """\
{:process 0, :type :invoke, :f :write, :value 1}
{:process 0, :type :fail, :f :write, :value 1}
{:process 1, :type :invoke, :f :write, :value 2}
{:process 1, :type :info, :f :write, :value 2}
{:process 2, :type :invoke, :f :read, :value nil}
{:process 2, :type :ok, :f :read, :value 2}
"""
    _, trial = read(tmp_path, text)
    assert [str(o) for o in trial.operations] == ["write 2", "read → 2"]
    assert trial.events == [0, 1, ~1]


def test_an_exported_history_is_read_back():
    ops = [
        Op(index=0, time_ns=5, process="a/user", type="invoke", f="write", value='say "1"\\'),
        Op(index=1, time_ns=6, process="mobile-1/replica", type="ok", f="observe"),
        Op(index=2, time_ns=7, process="a/user", type="ok", f="write", value=[True, None, {"k": 1.5}]),
        Op(index=3, time_ns=8, process="nemesis", type="info", f="fault-begin", value={"fault": "x"}),
    ]
    lines = list(edn_lines(ops))
    assert len(lines) == 3
    maps = [value for _, value in values("\n".join(lines))]
    told = [Literal("true"), None, Literal('{"k" 1.5}')]
    assert [m[Literal(":value")] for m in maps] == ['say "1"\\', tuple(told), Literal('{"fault" "x"}')]
    assert [m[Literal(":process")] for m in maps] == [0, 0, Literal(":nemesis")]
    assert edn("π") == '"π"'


def test_lists_are_exported_as_elles_transactions_and_read_again(tmp_path):
    trial = Trial(
        [
            Operation(f="append", key="x", value=1, process="a"),
            Operation(f="read", key="x", result=(1,), process="b"),
            Operation(f="append", key="x", value=2, process="a", outcome="info"),
        ],
        [0, 1, ~0, ~1, 2],
    )
    text = "\n".join(model_lines(trial, "append"))
    assert text.splitlines()[2:] == [
        '{:index 2, :type :ok, :process 0, :f :txn, :value [[:append "x" 1]]}',
        '{:index 3, :type :ok, :process 1, :f :txn, :value [[:r "x" [1]]]}',
        '{:index 4, :type :invoke, :process 0, :f :txn, :value [[:append "x" 2]]}',
        '{:index 5, :type :info, :process 0, :f :txn, :value [[:append "x" 2]]}',
    ]
    assert [str(o) for o in read(tmp_path, text)[1].operations] == ["append 1", "read → [1]", "append 2"]


def test_a_transaction_of_several_operations_is_refused(tmp_path):
    with pytest.raises(Malformed, match="line 1: a transaction of 2 operations: only transactions of one operation"):
        read(tmp_path, "{:process 0, :type :invoke, :f :txn, :value [[:append 1 2] [:r 1 nil]]}")
