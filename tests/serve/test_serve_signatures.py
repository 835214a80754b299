"""Which failures are known, and which come and go."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import msgspec
import pytest
from serve_rig import row, serving, store_of

from harness.night.items import Shard
from harness.night.ledger import About, Least, Ledger
from harness.serve import looking, signatures, verdicts
from harness.serve.signatures import KnownFiles, Standing
from harness.store.index import IndexRow, Store

WRONG, LATE = ("convergence", "wrong-text"), ("staleness", "stale")
TODAY = date(2026, 12, 1)
NIGHT = """\
version: 1
known: known.yaml
parts: [{name: written, plans: [quickstart]}]
"""
KNOWN = """\
version: 1
failures:
  - {check: convergence, reason: wrong-text, shape: SHAPE, plan: "PLAN", why: hard, owner: somebody, until: UNTIL}
"""


def store_with(tmp_path: Path, rows: Sequence[IndexRow], leasts: Sequence[Least] = (), **known: str) -> Path:
    """A store with a night, whose file names a list of known failures."""
    store = store_of(tmp_path / "store", *rows)
    text = KNOWN
    for word, value in {"SHAPE": "null", "PLAN": "*", "UNTIL": "2027-01-01", **known}.items():
        text = text.replace(word, value)
    (tmp_path / "known.yaml").write_text(text)
    ledger = Ledger(Store(store))
    about = About(words=NIGHT, file=str(tmp_path / "night.yaml"), number=0, planned=1)
    ledger.begin("n", Shard(), "2026-11-30T00:00:00Z", about)
    for least in leasts:
        ledger.add_kind("n", least)
    ledger.close()
    return store


def standing(store: Path, signature: tuple[str, str] = WRONG) -> Standing:
    with looking.index(store) as index:
        assert index is not None
        all_ = signatures.standings(verdicts.seen(index), index, signatures.known_files(index), TODAY)
    (found,) = [one for one in all_ if (one.seen.check, one.seen.reason) == signature]
    return found


def least(number: int, shape: str | None = None, **more: object) -> Least:
    return msgspec.structs.replace(Least(check=WRONG[0], reason=WRONG[1], run=row(number).id, shape=shape), **more)


@pytest.mark.parametrize(
    ("known", "said"),
    [
        ({}, "known"),
        ({"PLAN": "quick*"}, "known"),
        ({"PLAN": "other"}, ""),
        ({"UNTIL": "2026-11-30"}, "expired"),
        ({"UNTIL": "2026-12-01"}, "known"),
    ],
)
def test_what_a_night_s_list_has_is_known_until_its_day(tmp_path: Path, known: dict[str, str], said: str) -> None:
    found = standing(store_with(tmp_path, [row(1, WRONG)], **known))
    assert (found.known, [entry.owner for entry in found.entries]) == (said, ["somebody"])


def test_of_several_plans_all_must_be_known(tmp_path: Path) -> None:
    rows = [row(1, WRONG), row(2, WRONG, plan="other"), row(3, LATE)]
    store = store_with(tmp_path, rows, PLAN="quickstart")
    assert standing(store).known == "known in part"
    assert standing(store, LATE).known == "" and standing(store, LATE).entries == []


def test_where_nights_have_looked_the_shape_decides(tmp_path: Path) -> None:
    leasts = [least(1, "open create"), least(2, "open create"), least(3, "open delete")]
    store = store_with(tmp_path, [row(n, WRONG) for n in (1, 2, 3)], leasts, SHAPE="open create")
    found = standing(store)
    assert [(s.shape, s.runs, s.entry is not None) for s in found.shapes] == [
        ("open create", 2, True),
        ("open delete", 1, False),
    ]
    assert found.known == "known in part"


def test_a_list_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    store = store_with(tmp_path, [row(1, WRONG)])
    (tmp_path / "known.yaml").write_text("version: 1\nfailures: [{check: nix}]\n")
    with serving(store) as client:
        page = client.page("/signatures")
        assert "known.yaml:2" in page.text and "convergence wrong-text" in page.text
        (tmp_path / "known.yaml").unlink()
        assert "it is not there" in client.page("/signatures").text


def flaky(store: Path) -> dict[tuple[str, str], tuple[int, tuple[str, str] | None, int]]:
    with looking.index(store) as index:
        assert index is not None
        found = signatures.flaky_signatures(index)
    return {name: (one.both, one.example, one.not_again) for name, one in found.items()}


def test_what_came_and_went_for_the_same_run_is_flaky(tmp_path: Path) -> None:
    rows = [row(1, WRONG, LATE, seed=7), row(2, LATE, seed=7), row(3, WRONG, seed=8), row(4, WRONG, LATE, seed=9)]
    assert flaky(store_of(tmp_path / "store", *rows)) == {WRONG: (1, (row(1).id, row(2).id), 0)}


@pytest.mark.parametrize("other", [{"seed": 8}, {"plan": "p"}, {"profile": "documented"}, {"runtime": "process"}])
def test_another_run_says_nothing_of_it(tmp_path: Path, other: dict[str, object]) -> None:
    store = store_of(tmp_path / "store", row(1, WRONG, seed=7), row(2, **{"seed": 7, **other}))
    assert flaky(store) == {}


def test_an_unknown_run_says_nothing_of_it(tmp_path: Path) -> None:
    assert flaky(store_of(tmp_path / "store", row(1, WRONG, seed=7), row(2, seed=7, verdict="UNKNOWN"))) == {}


def test_what_did_not_come_again_in_a_night_is_flaky(tmp_path: Path) -> None:
    leasts = [least(1, repeated=False), least(2, repeated=True), least(3)]
    store = store_with(tmp_path, [row(n, WRONG) for n in (1, 2, 3)], leasts)
    assert flaky(store) == {WRONG: (0, None, 1)}


def test_the_page_says_all_of_it_and_leads_to_both_ways(tmp_path: Path) -> None:
    rows = [row(1, WRONG, seed=7), row(2, seed=7), row(3, LATE)]
    with serving(store_with(tmp_path, rows, [least(1, "open create", repeated=False)], SHAPE="open create")) as client:
        page = client.page("/signatures")
    assert f"/compare?a={row(1).id}&b={row(2).id}" in page.links
    assert "1 plan and seed both ways" in page.text and "1 run of nights did not fail so again" in page.text
    assert "until 2027-01-01: hard (somebody)" in page.text and "open create , 1 run, known" in page.text
    badges = [a["class"] for tag, a in page.tags if tag == "span" and "badge" in a.get("class", "")]
    assert badges == ["badge known", "badge flaky"]


def test_a_store_without_nights_knows_what_ships(tmp_path: Path) -> None:
    with looking.index(store_of(tmp_path / "store", row(1, WRONG))) as index:
        assert index is not None
        found = signatures.known_files(index)
    assert found == KnownFiles([], found.files, []) and found.files[0].endswith("known-failures.yaml")
