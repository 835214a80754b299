"""Histories of real systems, below $HARNESS_HISTORIES: etcd/*.log with expected.txt, kv/*-ok.txt and kv/*-bad.txt."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from checkers.linearizability import Linearizable
from checkers.linearizability.decide import MODELS, decide
from harness import interchange

ROOT = os.environ.get("HARNESS_HISTORIES", "")
needs_histories = pytest.mark.skipif(not ROOT, reason="HARNESS_HISTORIES names no folder of real histories")


def linearizable(path: Path, model: str) -> bool:
    _, trial = interchange.read(path)
    return all(isinstance(j.answer, Linearizable) for j in decide(trial, MODELS[model]))


@needs_histories
def test_every_etcd_log_is_judged_as_expected():
    expected = dict(line.split() for line in (Path(ROOT) / "etcd" / "expected.txt").read_text().splitlines())
    assert expected
    for name, verdict in expected.items():
        assert linearizable(Path(ROOT) / "etcd" / f"{name}.log", "cas-register") == (verdict == "true"), name


@needs_histories
def test_every_key_value_history_is_judged_as_its_name_says():
    files = sorted((Path(ROOT) / "kv").glob("*.txt"))
    assert files
    for path in files:
        assert linearizable(path, "kv") == path.stem.endswith("-ok"), path.stem
