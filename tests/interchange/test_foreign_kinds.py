"""Kinds of histories that other people write: what is understood is judged, what is not is refused with its line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kinds_rig import WRITERS, judged

from checkers.linearizability.values import Literal
from harness.interchange import compiled, edn, format_of
from harness.interchange.source import Lines

W = "{:process 0, :type :invoke, :f :write, :value %s}\n{:process 0, :type :ok, :f :write, :value %s}\n"
R = "{:process 1, :type :invoke, :f :read, :value nil}\n{:process 1, :type :ok, :f :read, :value %s}\n"
J = '{"process":0,"type":"invoke","f":"write","value":%s}\n{"process":0,"type":"ok","f":"write","value":%s}\n'
K = '{"process":1,"type":"invoke","f":"read","value":null}\n{"process":1,"type":"ok","f":"read","value":%s}\n'


def written_and_read(written: str, read: str, json: bool = False) -> str:
    return (J if json else W) % (written, written) + (K if json else R) % read


@pytest.fixture(params=["compiled", "pure"], autouse=True)
def reader(request, monkeypatch):
    """Both readers of EDN say the same of everything here."""
    if request.param == "pure":
        monkeypatch.setattr(edn, "SCAN", None)
    elif compiled.SCAN is None:
        pytest.skip("the compiled reader was not built")


@pytest.mark.parametrize(
    ("written", "read", "equal"),
    [
        ("1", "1.0", False),
        ("1", "true", False),
        ("1", "1N", True),
        ("1", '"1"', False),
        ("0x10", "16", True),
        ("2/4", "1/2", True),
        ("4/2", "2", True),
        ("0.0", "-0.0", True),
        ("1.50M", "1.5M", True),
        ("1.5M", "1.5", False),
        (":a", '"a"', False),
        (":a", "a", False),
        (":a/b", ":a/b", True),
        ("\\a", '"a"', False),
        ("\\newline", "\\u000a", True),
        ("\\o101", "\\A", True),
        ('"\\u00e9\\t\\101"', '"é\tA"', True),
        ('"\\ud83d\\ude00"', '"😀"', True),
        ("[1 [2 nil]]", "(1, (2 nil))", True),
        ("[1 2]", "[2 1]", False),
        ("{:a 1, :b {:c [1]}}", "{:b {:c (1)} :a 1}", True),
        ("{:a 1}", "{:a 1.0}", False),
        ("{{:a 1} [2]}", "{{:a 1} [2]}", True),
        ("#{1 2 #{3}}", "#{#{3} 2 1}", True),
        ("#{1 2}", "[1 2]", False),
        ("#:p{:a 1 :_/b 2}", "{:p/a 1 :b 2}", True),
        ("##Inf", "##-Inf", False),
        ("nil", "nil", True),
        ("nil", '""', False),
        ("nil", "false", False),
        ("nil", "0", False),
        ('#inst "2020-01-01T01:00:00+01:00"', '#inst "2020-01-01"', True),
        ('#uuid "F81D4FAE-7DEC-11D0-A765-00A0C91E6BF6"', '#uuid "f81d4fae-7dec-11d0-a765-00a0c91e6bf6"', True),
        ("#foo.Bar{:a 1}", "{:a 1}", False),
        ("^{:doc 1} [1]", "[1]", True),
        ("[1 #_ 2 #_ #_ 3 4 5]", "[1 5]", True),
        ("123456789012345678901234567890", "123456789012345678901234567890N", True),
        ("123456789012345678901234567890", "123456789012345678901234567891", False),
    ],
)
def test_values_of_edn_are_equal_where_clojures_are(written, read, equal):
    assert judged(written_and_read(written, read)) == ("VALID" if equal else "INVALID")


@pytest.mark.parametrize(
    ("written", "read", "equal"),
    [
        ("1", "true", False),
        ("1", "1.0", True),
        ("1e2", "100", True),
        ("0", "-0.0", True),
        ("1.5", '"1.5"', False),
        ('{"a":1,"b":[2]}', '{"b":[2.0],"a":1}', True),
        ('{"a":1}', '{"a":true}', False),
        ("[1,2]", "[2,1]", False),
        ("null", '""', False),
        ("null", "false", False),
        ("null", "0", False),
        ('"\\u00e9"', '"é"', True),
        ("123456789012345678901234567890", "123456789012345678901234567891", False),
    ],
)
def test_values_of_json_are_equal_where_they_are_worth_the_same(written, read, equal):
    assert judged(written_and_read(written, read, json=True)) == ("VALID" if equal else "INVALID")


GOOD = written_and_read("1", "1")
BAD = written_and_read("1", "2")
NEMESIS = "{:process :nemesis, :type :info, :f :cut, :value %s}\n"


@pytest.mark.parametrize(
    "around",
    [
        "%s",
        "\ufeff%s".removeprefix("\ufeff"),
        "[%s]",
        "(\n%s\n)",
        "[\n {\n :process 9, :type :invoke\n :f :write :value 3}\n%s]",
        ", ,%s",
        "; a comment\n#! another\n%s",
        "#jepsen.history.History [%s]",
        NEMESIS % '{"n1" ##Inf, {:dc "eu"} [#"a{1,2}"], #{} \\{, :e #error {:via []}}' + "%s",
        NEMESIS % ("[" * 300 + "]" * 300) + "%s",
        "#_{:process 7 :type :ok :f :read :value 9}%s",
        "#_ #_ 1 {:a 1}%s",
    ],
)
def test_what_stands_around_operations_changes_nothing(around):
    assert judged(around.replace("%s", GOOD)) == "VALID"
    assert judged(around.replace("%s", BAD)) == "INVALID"


def test_records_and_a_line_without_blanks_are_operations():
    assert judged(GOOD.replace("{", "#jepsen.history.Op{").replace(", ", ",")) == "VALID"
    assert judged(BAD.replace("{", "#knossos.op.Op {")) == "INVALID"
    assert judged(BAD.replace("\n", "\r\n")) == "INVALID"
    assert judged(BAD.replace("\n", "")) == "INVALID"
    assert judged(GOOD.replace(":process 1", ":process :b").replace(":process 0", ':process "a"')) == "VALID"
    assert judged(BAD.replace(":process 1", ":process :b")) == "INVALID"


KEYED = [
    '{:process 0, :type :%s, :f :write, :key "a", :value 1}',
    "{:process 1, :type :%s, :f :write, :key :b, :value 2}",
]
TXN = "{:process 0, :type :%s, :f :txn, :value %s}\n"


def txn(asked: str, told: str, type_: str = "ok") -> str:
    return TXN % ("invoke", asked) + TXN % (type_, told)


def called(*events: str) -> str:
    """`0 invoke read [1 nil]`"""
    found = []
    for event in events:
        process, type_, f, value = event.split(" ", 3)
        found.append(f"{{:process {process}, :type :{type_}, :f :{f}, :value {value}}}")
    return "\n".join(found)


INDEPENDENT = [
    "0 invoke write [1 10]", "0 ok write [1 10]", "1 invoke write [nil 20]", "1 ok write [nil 20]",
    "0 invoke read [1 nil]", "0 ok read [1 %s]", "1 invoke cas [nil [20 21]]", "1 ok cas [nil [20 21]]",
    "1 invoke read [nil nil]", "1 ok read [nil %s]",
]  # fmt: skip


@pytest.mark.parametrize(
    ("model", "text", "verdict"),
    [
        ("register", KEYED[0] % "invoke" + KEYED[0] % "ok" + KEYED[1] % "invoke" + KEYED[1] % "ok"
         + '{:process 0 :type :invoke :f :read :key "a"} {:process 0 :type :ok :f :read :key "a" :value 1}', "VALID"),
        ("register", KEYED[0] % "invoke" + KEYED[0] % "ok" + KEYED[1] % "invoke" + KEYED[1] % "ok"
         + '{:process 0 :type :invoke :f :read :key "a"} {:process 0 :type :ok :f :read :key "a" :value 2}', "INVALID"),
        ("cas-register", called(*INDEPENDENT) % (10, 21), "VALID"),
        ("cas-register", called(*INDEPENDENT) % (10, 20), "INVALID"),
        ("cas-register", called(*INDEPENDENT) % (20, 21), "INVALID"),
        ("register", called("0 invoke write [1 10]", "0 ok write [1 10]", "0 invoke read nil", "0 ok read [1 10]"), "VALID"),  # noqa: E501
        ("register", txn("[[:w :x 1]]", "[[:w :x 1]]") + txn("[[:w :y 2]]", "[[:w :y 2]]")
         + txn("[[:r :x nil] [:r :y nil]]", "[[:r :x 1] [:r :y 2]]"), "VALID"),
        ("register", txn("[[:write :x 1]]", "nil") + txn("[[:read :x nil]]", "[[:read :x 2]]"), "INVALID"),
        ("append", txn("[[:append {:a 1} 1]]", ":conflict", "fail") + txn("[[:r {:a 1} nil]]", "[[:r {:a 1} []]]"), "VALID"),  # noqa: E501
        ("append", txn("[[:append :x 1]]", "nil", "info")
         + (txn("[[:r :x nil]]", "[[:r :x [1]]]")).replace(":process 0", ":process 1"), "VALID"),
        ("append", txn("[[:append :x 1]]", "nil", "info")
         + (txn("[[:r :x nil]]", "[[:r :x [2]]]")).replace(":process 0", ":process 1"), "INVALID"),
        ("multi-register", txn("[[:w :x 1] [:w :y 1]]", "[[:w :x 1] [:w :y 1]]")
         + txn("[[:r :x nil] [:r :y nil]]", "[[:r :x 1] [:r :y 1]]"), "VALID"),
        ("multi-register", txn("[[:w :x 1] [:w :y 1]]", "[[:w :x 1] [:w :y 1]]")
         + txn("[[:r :x nil] [:r :y nil]]", "[[:r :x 1] [:r :y nil]]"), "INVALID"),
        ("multi-register", txn("[[:r :x nil] [:w :x 1] [:r :x nil]]", "[[:r :x nil] [:w :x 1] [:r :x 1]]"), "VALID"),
        ("mutex", called("0 invoke acquire nil", "0 ok acquire nil", "1 invoke acquire nil", "0 invoke release nil",
                         "0 ok release nil", "1 ok acquire nil"), "VALID"),
        ("mutex", called("0 invoke acquire nil", "0 ok acquire nil", "1 invoke acquire nil", "1 ok acquire nil"), "INVALID"),  # noqa: E501
        ("mutex", called("0 invoke acquire [1 nil]", "0 ok acquire [1 nil]", "1 invoke acquire [2 nil]",
                         "1 ok acquire [2 nil]"), "VALID"),
        ("register", called("0 invoke write 1", "0 info write :timeout", "0 invoke read nil", "0 ok read nil",
                            "0 invoke read nil", "0 ok read 1"), "VALID"),
    ],
)  # fmt: skip
def test_objects_of_a_history_are_judged_one_by_one(model, text, verdict):
    assert judged(text, model) == verdict


@pytest.mark.parametrize(
    ("model", "text", "said"),
    [
        ("register", called("0 invoke write 1", "0 ok read 7"), "line 2: process 0 called write in line 1"),
        ("register", called("0 invoke write 1", "0 ok write 7"), "line 2: write 1, called in line 1, is answered as"),
        ("register", called("0 invoke read nil", "0 ok write 7"), "line 2: process 0 called read"),
        ("register", "{:type :invoke :f :read}", "line 1: this operation has no :process"),
        ("register", "{:process nil :type :invoke :f :read}", "line 1: this operation has no :process"),
        ("register", "{:process 1.5 :type :invoke :f :read}", "line 1: a process is a number or a name, not 1.5"),
        ("register", "{:process 0 :type :invoke}", "line 1: this operation has no :f"),
        ("register", "{:process 0 :type :invoke :f {:op 1}}", "line 1: an operation's :f is a word, not {:op 1}"),
        ("register", "{:process 0 :f :read}", "line 1: this operation has no type"),
        ("register", GOOD + "42", "line 5: expected an operation map, not 42"),
        ("register", GOOD + "[1 2]", None),
        ("register", called("0 invoke swap [5 6]", "0 ok swap [5 6]"), "line 1: register has no operation 'swap'"),
        ("register", called("0 invoke write ##NaN"), "line 1: ##NaN equals nothing"),
        ("register", called("0 invoke write " + "[" * 300 + "]" * 300), "line 1: nested deeper than 100 levels"),
        ("register", '{:process 0 :value "a\\qb"}', "line 1: a text has no escape \\q"),
        ("register", GOOD + '{:process 0 :value "a}', "line 5: a text that is never closed"),
        ("register", "{:process 0 :value 1_000}", "line 1: 1_000 is no number"),
        ("register", "{:process 0, :process 1}", "line 1: a map with the key :process twice"),
        ("register", GOOD + "\n\n\x0b\u2028{:process 0 :type :odd}", "line 7: an operation's :type is :invoke"),
        ("register", called("0 invoke write [1 2]", "0 ok write [1 2]", "1 invoke read [1 nil]", "1 ok read [2 2]"),
         "line 4: read of key 1, called in line 3, is answered for key 2"),
        ("register", called("0 invoke write 5", "0 ok write 5", "1 invoke read [1 nil]", "1 ok read [1 2]"),
         "line 1: write 5 is no pair [key value]"),
        ("register", KEYED[0] % "invoke" + "\n" + called("5 invoke write 3"), "line 2: write names no key"),
        ("register", KEYED[0] % "invoke" + "\n" + KEYED[1].replace("1", "0", 1) % "ok", "line 2: process 0 called write of key"),  # noqa: E501
        ("append", txn("[[:append :x 1] [:r :y nil]]", "nil"), "line 1: a transaction of 2 operations"),
        ("append", txn("[[:append :x 1]]", "[[:append :x 2]]"), "line 2: the transaction [[:append :x 1]], called in line 1"),  # noqa: E501
        ("append", txn("[[:r :x nil]]", "[[:r :x 1]]"), "line 2: a read of the model append gives a list"),
        ("append", txn("[[:append :x 1]]", "nil") + txn("[[:r :x nil]]", '[[:r :x ["1" 1]]]'), "line 4: a list of the model"),  # noqa: E501
        ("append", txn("[[:append :x]]", "nil"), "line 1: an operation of a transaction is [f key value]"),
        ("append", txn("7", "nil"), "line 1: a transaction is a list of operations"),
        ("kv", "{:process 0 :type :invoke :f :get :key 1}{:process 0 :type :ok :f :get :key 1 :value 1}",
         "line 1: get gives a text or nil, not 1"),
    ],
)  # fmt: skip
def test_what_is_not_understood_is_refused_with_its_line(model, text, said):
    found = judged(text, model)
    assert found.startswith(said) if said is not None else found.startswith("line 5: expected an operation map")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (J % (1, 1) + '{"type":"invoke","f":"read"}', 'line 3: this operation has no process'),
        (J % (1, 1) + '{"process":1,"type":"invoke","value":3}', "line 3: this operation has no f"),
        ('{"process":0,"type":"invoke","f":"write","value":1,"value":2}', 'line 1: an object with the member "value" twice'),  # noqa: E501
        (J % (1, 1) + '{"process":1,"type":"invoke","f":"write","value":{"a":1,"a":2}}', "line 3: an object with the member"),  # noqa: E501
        ("\n\n" + J % (1, 1) + "{'process':1}", "line 5: this is no JSON"),
        (J % (1, 1) + "hello", "line 3: this is no JSON"),
        ('[{"process":0,"type":"invoke","f":"read"},\n]', "line 1: a comma, and then nothing more"),
        ('[{"process":0,"type":"invoke","f":"read"}', "line 1: the array of operations"),
        ('[{"process":0,"type":"invoke","f":"read"}] 1', "line 1: something follows"),
        ('[{"process":0,"type":"invoke","f":"read"}, 1]', "line 1: expected an object"),
        (J % ('"\\ud800"', '"\\ud800"'), "line 1: half of a character"),
        (J % ("NaN", "NaN"), "line 1: NaN is no number of JSON"),
        (J % ("1e999", "1"), "line 1: a number out of range"),
        (J % ("[" * 5000 + "]" * 5000, 1), "line 1: nested"),
        (J % ("9" * 5000, 1), "line 1: a number of 5000 digits is too long"),
        ('{"process":true,"type":"invoke","f":"read"}', "line 1: a process is a number or a name, not true"),
        ('{"process":0,"type":"invoke","f":["read"]}', "line 1: an operation's f is a word"),
        ('{"process":0,"type":7,"f":"read"}', "line 1: an operation's type is a word, not 7"),
    ],
)  # fmt: skip
def test_what_is_no_operation_in_json_is_refused_with_its_line(text, said):
    assert judged(text).startswith(said)


LOG = "INFO  jepsen.util - 0\t:invoke\t:write\t1\nINFO  jepsen.util - 0\t:ok\t:write\t1\n"


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("something else that a log says\n", "VALID"),
        ("INFO jepsen.core - {:valid? true, :op {:process 3, :type :ok, :f :read}}", "VALID"),
        ("INFO jepsen.util - :nemesis\t:info\t:start\t{:a #{1}}", "VALID"),
        ("10:00:01 INFO jepsen.util - 1 :invoke :read nil\n[w] INFO jepsen.util - 1 :ok :read 2", "INVALID"),
        ("INFO jepsen.util - 1\t:invoke\t:read\tnil\nINFO jepsen.util - 1\t:info\t:read\tnil\t:timed-out", "VALID"),
        ("INFO jepsen.util - 1\t:invoke\t:cas\t[1 2]\nINFO jepsen.util - 1\t:fail\t:cas\t[1 2]", "INVALID"),
        ("INFO jepsen.util - 1\t:invoke\t:cas\t[1 2]\nINFO jepsen.util - 1\t:fail\t:cas\t[1 2]\t:no-leader", "VALID"),
        ("INFO jepsen.util - 1\t:invoke\t:swap\t[1 2]", "line 3: cas-register has no operation 'swap'"),
        ("INFO jepsen.util - 1\t:okay\t:read\t2", "line 3: this looks like an operation and is none"),
        ("INFO jepsen.util - 1\t:invoke", "line 3: an operation ends after its type"),
        ("INFO jepsen.util - 1\t:invoke\t:read", "line 3: read has no value"),
        ("INFO jepsen.util - 1\t:invoke\tread\tnil\nINFO jepsen.util - 1\t:ok\tread\t7", "INVALID"),
        ("INFO jepsen.util - 1\t:invoke\t:write\t[1", "line 3: '[' is never closed"),
        ("2\tinvoke\t:read\tnil", "line 3: this looks like an operation and is none"),
    ],
)
def test_lines_of_a_log_are_operations_or_evidently_none(more, said):
    assert judged(LOG + more, "cas-register").startswith(said)


def test_between_the_operations_of_a_history_without_a_logger_nothing_else_may_stand():
    assert judged("0\t:invoke\t:write\t1\nhello\n").startswith("line 2: this looks like an operation and is none")


@pytest.mark.parametrize("name", sorted(WRITERS))
@pytest.mark.parametrize(("value", "verdict"), [(1, "VALID"), (2, "INVALID"), (None, "INVALID")])
def test_every_format_says_the_same(name, value, verdict):
    events = [(0, "invoke", "write", 1), (0, "ok", "write", 1), (1, "invoke", "read", None), (1, "ok", "read", value)]
    assert judged(WRITERS[name](events)) == verdict


EVENTS = st.lists(
    st.tuples(
        st.integers(0, 2),
        st.sampled_from(["ok", "ok", "info", "fail"]),
        st.sampled_from(["read", "write", "cas"]),
        st.sampled_from([None, 0, 1, "a", [1, "b"]]),
        st.booleans(),
    ),
    max_size=8,
)


@given(EVENTS)
def test_the_same_history_has_the_same_verdict_in_every_format(drawn):
    events, under_way = [], {}
    for process, type_, f, value, late in drawn:
        if process in under_way:
            events.append(under_way.pop(process))
        said = [value, 1] if f == "cas" else value
        asked = None if f == "read" else said
        events.append((process, "invoke", f, asked))
        told = "info" if type_ == "fail" and f == "cas" else type_  # to JSON and logs it is an answer
        under_way[process] = (process, told, f, said)
        if not late:
            events.append(under_way.pop(process))
    events += under_way.values()
    if not events:
        return
    found = {name: judged(write(events), "cas-register") for name, write in WRITERS.items()}
    assert len(set(found.values())) == 1, found


def test_what_a_register_holds_at_first_can_be_said():
    text = R % "0" + W % (1, 1)
    assert judged(text) == "INVALID"
    assert judged(text, initial=0) == "VALID"
    assert judged(R % "nil" + W % (1, 1), initial=0) == "INVALID"
    assert judged(R % ":none", initial=Literal(":none")) == "VALID"
    assert judged(txn("[[:r :x nil]]", "[[:r :x 0]]"), "multi-register", initial=0) == "VALID"


def test_lines_are_counted_as_editors_do():
    text = "a\nb\r\nc\rd\x0be\x0cf\u2028g\x85h"
    assert [Lines(text).of(text.index(letter)) for letter in "abcdefgh"] == [1, 2, 3, 4, 4, 4, 4, 4]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("{:a 1}", "edn"),
        ('{"process" 0}', "edn"),
        ('{"process": 0}', "jsonl"),
        ('[ {"process":0}]', "jsonl"),
        ("[]", "jsonl"),
        (", [\n;x\n{:a 1}]", "edn"),
        ("#jepsen.history.Op {:a 1}", "edn"),
        ("[jepsen worker 1] INFO jepsen.util - 1 :invoke :read nil", "jepsen-log"),
        ("hello", None),
        ("a: 1", None),
    ],
)
def test_a_text_is_of_the_format_that_it_begins_as(text, name):
    found = format_of(text)
    assert (None if found is None else found.NAME) == name
