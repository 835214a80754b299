"""No file takes `harness check --model` down: it is judged, or refused in a sentence, in little time and little memory.

HARNESS_FUZZ_HISTORIES says how many files; they are the same ones each time.
"""

from __future__ import annotations

import gzip
import os
import re

import pytest
from bounds import bounded
from mutating import inputs

from harness.cli.linear import judged
from harness.history import HistoryError
from harness.interchange import compiled, edn

COUNT = int(os.environ.get("HARNESS_FUZZ_HISTORIES", "900"))
SHARE = 500  # files a test
PYTHONS = re.compile(r"Traceback|object is not|unhashable|NoneType|<class|<object|Error\(")


def outcome(path, model: str, capsys) -> str:
    try:
        code = judged.check(path, model, initial=None, as_json=False)
    except HistoryError as exc:
        capsys.readouterr()
        return str(exc)
    return f"{code} {capsys.readouterr().out}"


@pytest.mark.parametrize("share", range(max(1, COUNT // SHARE)))
def test_every_mutated_history_is_judged_or_refused_alike_by_both_readers(share, tmp_path, capsys, monkeypatch):
    path = tmp_path / "history"
    for seed in range(share * SHARE, share * SHARE + min(SHARE, COUNT)):
        model, raw = inputs(seed)
        path.write_bytes(raw)
        with bounded((seed, model)):
            found = outcome(path, model, capsys)
        assert not PYTHONS.search(found), (seed, model, found)
        assert len(found) < 8000, (seed, model, found[:300])
        if compiled.SCAN is not None and edn.FORMAT.claims(raw.decode(errors="replace")):
            monkeypatch.setattr(edn, "SCAN", None)
            assert outcome(path, model, capsys) == found, (seed, model)
            monkeypatch.setattr(edn, "SCAN", compiled.SCAN)


LARGE = {
    "brackets": "{:process 0 :type :invoke :f :write :value " + "[" * 2_000_000,
    "discards": "#_ " * 1_000_000,
    "tags": "#a " * 1_000_000,
    "a map of many": "{:process 0 :type :invoke :f :write :value {"
    + " ".join(f":k{n} {n}" for n in range(200_000))
    + "}}",
    "keys all different": "\n".join(f"{{:process {n} :type :invoke :f :read :k{n} 1}}" for n in range(20_000)),
    "json brackets": '{"process":0,"type":"invoke","f":"write","value":' + "[" * 2_000_000,
    "json objects": '{"process":0,"type":"invoke","f":"write","value":' + '{"a":' * 500_000,
    "digits": "{:process 0 :type :invoke :f :write :value " + "9" * 2_000_000 + "}",
    "json digits": '{"process":0,"type":"invoke","f":"write","value":' + "9" * 2_000_000 + "}",
    "a text never closed": '{:process 0 :value "' + "a\\n" * 1_000_000,
    "one long line of a log": "1 " * 1_000_000 + "\n0\t:invoke\t:read\tnil",
    "blanks in a log": "0" + " " * 2_000_000 + "\n0\t:invoke\t:read\tnil",
    "colons in a log": ":a " * 700_000 + "\n0\t:invoke\t:read\tnil",
    "a number in a list of a log": "0\t:invoke\t:write\t[" + "9" * 4000,
    "numbers in a list of a log": "0\t:invoke\t:write\t[" + "9 " * 100_000 + "x",
    "quotes": '"' * 2_000_000,
    "open maps": "{:a " * 700_000,
    "deep and closed": "{:process 0 :type :invoke :f :write :value " + "{:a " * 90_000 + "1" + "}" * 90_000 + "}",
    "metadata": "^" * 2_000_000 + "{:a 1}",
}
WRITES = "\n".join(f"{{:process {n} :type :invoke :f :write :value {n % 7}}}" for n in range(40))
WRITES += "\n" + "\n".join(f"{{:process {n} :type :invoke :f :cas :value [{n % 5} {n % 3}]}}" for n in range(40, 70))
WRITES += "\n" + "\n".join(f"{{:process {n} :type :ok :f :cas :value [{n % 5} {n % 3}]}}" for n in range(40, 70))
LARGE["too many orders"] = WRITES + "\n{:process 90 :type :invoke :f :read} {:process 90 :type :ok :f :read :value 99}"


@pytest.mark.parametrize("name", sorted(LARGE))
def test_what_is_large_or_deep_takes_no_long_time(name, tmp_path, capsys):
    path = tmp_path / "history"
    path.write_text(LARGE[name])
    with bounded(name):
        found = outcome(path, "cas-register", capsys)
    assert found and not PYTHONS.search(found)
    assert len(found) < 8000


def test_what_unpacks_to_more_than_can_be_judged_is_refused(tmp_path, capsys):
    path = tmp_path / "history"
    path.write_bytes(gzip.compress(bytes(100 << 20)))
    assert "larger than 64 MB" in outcome(path, "register", capsys)


def test_the_inputs_are_of_every_kind(tmp_path, capsys):
    path = tmp_path / "history"
    ends = set()
    for seed in range(400):
        model, raw = inputs(seed)
        path.write_bytes(raw)
        found = outcome(path, model, capsys)
        ends.add((model, found[0] if found[0] in "012" else "refused"))
    assert len(ends) >= 3 * 6  # valid, invalid, refused: of six models
