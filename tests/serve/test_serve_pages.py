"""What the pages show: runs, plans over time, one run."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from serve_rig import Client, Played, row, serving, store_of

from harness import report
from harness.serve import looking, verdicts
from harness.serve.looking import PAGE, Wanted
from harness.serve.routes import answer
from harness.store import StoreProblem
from harness.store.index import IndexRow

WRONG, LATE = ("convergence", "wrong-text"), ("staleness", "stale")
ROWS = (
    row(1),
    row(2, WRONG, LATE, plan="nightly/loss", campaign="night-1", profile="documented"),
    row(3, WRONG, plan="nightly/loss", campaign="night-2", runtime="process"),
    row(4, verdict="UNKNOWN", plan="generated-17", seed=100_17),
    row(5, plan="generated-18", started="2026-11-30T02:00:00.000Z"),
)


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return store_of(tmp_path / "store", *ROWS)


def numbers(store: Path, **wanted: object) -> list[int]:
    """Which of the rows, in their order."""
    with looking.index(store) as index:
        assert index is not None
        count, rows = index.runs(Wanted(**wanted))  # type: ignore[arg-type]
        assert count == len(rows)
        return [int(one.id, 16) for one in rows]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({}, [5, 4, 3, 2, 1]),
        ({"verdict": "INVALID"}, [3, 2]),
        ({"plan": "nightly/loss"}, [3, 2]),
        ({"plan": "nightly/*"}, [3, 2]),
        ({"plan": "generated-1[8]"}, [5]),
        ({"profile": "documented"}, [2]),
        ({"runtime": "process"}, [3]),
        ({"night": "night-2"}, [3]),
        ({"signature": "staleness/stale"}, [2]),
        ({"signature": "staleness/st"}, []),
        ({"signature": "stale"}, []),
        ({"verdict": "INVALID", "runtime": "sim"}, [2]),
        ({"q": "loss NIGHT-1"}, [2]),
        ({"q": "loss nothing"}, []),
        ({"q": "10017"}, [4]),
        ({"q": "wrong-text"}, [3, 2]),
        ({"q": "2026-11-30"}, [5]),
        ({"q": "%"}, []),
        ({"q": "_"}, []),
        ({"q": "\\"}, []),
        ({"q": "' OR 1 --"}, []),
    ],
)
def test_runs_are_searched_and_filtered(store: Path, wanted: dict[str, object], found: list[int]) -> None:
    assert numbers(store, **wanted) == found


@pytest.mark.parametrize(
    ("sort", "down", "found"),
    [
        ("started", False, [1, 2, 3, 4, 5]),
        ("seed", True, [4, 5, 3, 2, 1]),
        ("plan", False, [4, 5, 3, 2, 1]),
        ("verdict", False, [3, 2, 4, 5, 1]),
        ("runtime", False, [3, 5, 4, 2, 1]),
        ("seconds", False, [1, 2, 3, 4, 5]),
        ("night", True, [3, 2, 5, 4, 1]),
        ("profile", False, [2, 5, 4, 3, 1]),
        ("id; DROP TABLE runs", True, [5, 4, 3, 2, 1]),
    ],
)
def test_any_column_sorts(store: Path, sort: str, down: bool, found: list[int]) -> None:
    assert numbers(store, sort=sort, down=down) == found


def test_a_page_has_so_many_runs_and_leads_to_the_next(tmp_path: Path) -> None:
    store = store_of(tmp_path / "store", *(row(n, started=f"2026-01-01T00:00:00.{n:03d}Z") for n in range(250)))
    with serving(store) as client:
        first, last = client.page("/?plan=quickstart"), client.page("/?plan=quickstart&page=3")
    assert "250 runs, 1 to 100" in first.text and "250 runs, 201 to 250" in last.text
    assert sum(link.startswith("/runs/") for link in first.links) == PAGE
    assert "/?plan=quickstart&page=2" in first.links and "/?plan=quickstart&page=2" in last.links
    assert "/?plan=quickstart&page=4" not in last.links


def test_a_row_leads_to_its_run_its_plan_and_runs_like_it(store: Path) -> None:
    with serving(store) as client:
        page = client.page("/?verdict=INVALID")
    assert {f"/runs/{row(2).id}/", "/plans/nightly/loss", "/?signature=staleness%2Fstale", "/?night=night-1"} <= set(
        page.links
    )
    assert "documented" in page.text and "not kept" in page.text and "UNKNOWN" in page.text
    assert "/?verdict=INVALID&sort=seed&down=0" in page.links, "what is asked for stays when it is sorted"
    chosen = [a for tag, a in page.tags if tag == "option" and "selected" in a]
    assert len(chosen) == 1


def test_what_cannot_be_meant_is_taken_for_nothing(store: Path) -> None:
    for path in ("/?page=-1", "/?page=x", "/?page=%C2%B2", "/?sort=nix", "/?down=x", "/?page=99999999999999999999"):
        assert answer(store, path).status == 200, path


def test_plans_are_counted_and_those_that_nobody_wrote_are_one(store: Path) -> None:
    with looking.index(store) as index:
        assert index is not None
        found = {one.name: (one.runs, one.invalid, one.unknown, one.valid) for one in verdicts.by_plan(index)}
    assert found == {"generated-*": (2, 0, 1, 1), "nightly/loss": (2, 2, 0, 0), "quickstart": (1, 0, 0, 1)}
    with serving(store) as client:
        page = client.page("/plans")
        assert "/plans/generated-*" in page.links and "/?plan=nightly%2Floss&verdict=INVALID" in page.links
        assert "2 runs of all plans of this pattern" in client.page("/plans/generated-*").text


def test_the_trend_of_a_plan_goes_by_nights_and_by_days(tmp_path: Path) -> None:
    day = {"plan": "p", "started": "2026-11-05T01:00:00.000Z"}
    rows = [row(1, **day), row(2, WRONG, **day), row(3, verdict="UNKNOWN", **day), row(4, **day)]
    rows += [row(n, WRONG, plan="p", campaign="night-1") for n in (7, 8)]
    store = store_of(tmp_path / "store", *rows, row(9))
    with looking.index(store) as index:
        assert index is not None
        steps = verdicts.by_time(index, "p")
    assert [(s.name, s.is_night, s.runs, s.invalid, s.unknown, s.valid) for s in steps] == [
        ("2026-11-05", 0, 4, 1, 1, 2),
        ("night-1", 1, 2, 2, 0, 0),
    ]
    with serving(store) as client:
        page = client.page("/plans/p")
    bars = [a for tag, a in page.tags if tag == "rect" and a["width"] == "12"]
    assert [(a["class"], a["x"], a["y"], a["height"]) for a in bars] == [
        ("invalid", "0", "0.0", "22.5"),
        ("unknown", "0", "22.5", "22.5"),
        ("valid", "0", "45.0", "45.0"),
        ("invalid", "16", "0.0", "90.0"),
    ]
    strokes = [(a["class"], a["height"]) for tag, a in page.tags if tag == "rect" and a["width"] == "5"]
    assert len(strokes) == 6 and {("invalid", "24"), ("unknown", "16"), ("valid", "8")} == set(strokes)
    assert "1 (25%)" in page.text and "convergence wrong-text" in page.text
    assert "3 2026-11-05 01:00:00 2026-11-09 02:00:00" in page.text, "how often, first and last seen"


def test_a_plan_that_nobody_has_played_has_no_page(store: Path) -> None:
    assert answer(store, "/plans/nix").status == 404


def test_signatures_of_equal_sets_add_up(store: Path) -> None:
    with looking.index(store) as index:
        assert index is not None
        found = {one.name: (one.runs, one.first[:10], one.last[:10], one.plans) for one in verdicts.seen(index)}
    assert found == {
        "convergence/wrong-text": (2, "2026-11-03", "2026-11-04", {"nightly/loss": 2}),
        "staleness/stale": (1, "2026-11-03", "2026-11-03", {"nightly/loss": 1}),
    }


# ---- one run --------------------------------------------------------------------------------------------------------


def test_the_page_of_a_run_says_what_it_found_and_leads_to_its_files(client: Client, played_store: Played) -> None:
    page = client.page(f"/runs/{played_store.bad}/")
    assert "INVALID" in page.text and "documented" in page.text and "stream-integrity" in page.text
    files = {link for link in page.links if link.startswith(f"/runs/{played_store.bad}/")}
    assert {f"/runs/{played_store.bad}/{name}" for name in ("report.html", "trace.json", "history.edn")} <= files
    assert all(client(link).status == 200 for link in files)
    assert f"/compare?a={played_store.bad}&b={played_store.good}" in page.links, "with what was played like it"
    moved = client(f"/runs/{played_store.bad}")
    assert (moved.status, moved.headers["Location"]) == (303, f"/runs/{played_store.bad}/")


def test_a_run_that_was_not_kept_is_a_row(store: Path) -> None:
    with serving(store) as client:
        page = client.page(f"/runs/{row(2).id}/")
    assert "not kept" in page.text and "/?signature=staleness%2Fstale" in page.links


def test_a_report_that_is_not_there_is_written(tmp_path: Path, played_store: Played) -> None:
    shutil.copytree(played_store.store, tmp_path / "store")
    (file,) = (tmp_path / "store").glob(f"*/*-{played_store.bad}/report.html")
    file.unlink()
    with serving(tmp_path / "store") as client:
        found = client(f"/runs/{played_store.bad}/report.html")
    assert found.status == 200 and found.body == file.read_text(encoding="utf-8") and "INVALID" in found.body


def test_where_it_cannot_be_written_it_is_sent_all_the_same(
    tmp_path: Path, played_store: Played, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(directory: Path) -> None:
        raise StoreProblem("read-only")

    shutil.copytree(played_store.store, tmp_path / "store")
    (file,) = (tmp_path / "store").glob(f"*/*-{played_store.bad}/report.html")
    file.unlink()
    monkeypatch.setattr(report, "write", refuse)
    with serving(tmp_path / "store") as client:
        found = client(f"/runs/{played_store.bad}/report.html")
    assert found.status == 200 and "INVALID" in found.body and "sandbox" in found.headers["Content-Security-Policy"]


# ---- two runs -------------------------------------------------------------------------------------------------------


def test_two_runs_stand_side_by_side(client: Client, played_store: Played) -> None:
    page = client.page(f"/compare?a={played_store.good}&b={played_store.bad}")
    assert "Only in A nothing Only in B" in page.text
    assert "profile hardened documented" in page.text and "verdict VALID INVALID" in page.text
    assert "The first event at which they part" in page.text
    assert sum("parts" in a.get("class", "") for tag, a in page.tags if tag == "li") in (2, 4)
    assert f"/compare?a={played_store.good}&b={played_store.bad}&times=1" in page.links
    alike = client.page(f"/compare?a={played_store.good}&b={played_store.good}&times=1")
    assert "Nothing that happened differs" in alike.text and "part" not in alike.text.partition("same")[0]


def test_two_that_are_ticked_are_compared_and_any_other_number_is_asked_about(
    client: Client, played_store: Played
) -> None:
    good, bad = played_store.good, played_store.bad
    moved = client(f"/compare?run={good}&run={bad}")
    assert (moved.status, moved.headers["Location"]) == (303, f"/compare?a={good}&b={bad}")
    assert "Which two runs?" in client.page("/compare").text
    assert "1 runs are ticked" in client.page(f"/compare?run={good}").text
    assert "3 runs are ticked" in client.page(f"/compare?run={good}&run={bad}&run={good}").text
    assert client(f"/compare?a={good}&b=nix").status == 404


def test_a_row_may_be_anything_that_the_index_takes(tmp_path: Path) -> None:
    odd = IndexRow(**{**{f: getattr(row(1), f) for f in IndexRow.__struct_fields__}, "id": "a/b c", "plan": "?x#y/ü"})
    with serving(store_of(tmp_path / "store", odd)) as client:
        page = client.page("/")
        assert "/plans/%3Fx%23y/%C3%BC" in page.links
        assert "1 run" in client.page("/plans/%3Fx%23y/%C3%BC").text


def test_a_run_is_found_by_whatever_the_harness_calls_it(client: Client, played_store: Played) -> None:
    directory = played_store.files(played_store.bad)
    name, plan = directory.name, directory.parent.name
    last = (played_store.store / "latest").resolve().name.rpartition("-")[2]
    for word, id_ in ((name, played_store.bad), ("latest", last)):
        found = client(f"/runs/{word}/report.html")
        assert (found.status, found.headers["Location"]) == (303, f"/runs/{id_}/report.html")
        assert client(f"/runs/{word}/").headers["Location"] == f"/runs/{id_}/"
        assert client(f"/compare?a={word}&b={played_store.good}").status == 200
    assert client(f"/compare?a={plan}/{name}&b=latest").status == 200
    for word in (f"20200101T000000Z-0-{played_store.bad}", f"other%2F{name}", f"x/{played_store.bad}", "..", ""):
        assert client(f"/compare?a={word}&b={word}").status in (200, 404)
        assert client(f"/runs/{word}/").status == 404, word
    assert f"/runs/{played_store.bad}/" in client.page(f"/?q={name}").links


def test_there_is_no_latest_run_where_none_has_ended(store: Path) -> None:
    assert answer(store, "/runs/latest/").status == 404
    assert answer(store, f"/runs/{ROWS[0].id}/").status == 200
