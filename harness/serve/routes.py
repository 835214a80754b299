"""Which path is which page.

/                       all runs: ?q= &verdict= &plan= &profile= &runtime= &signature= &night= &sort= &down= &page=
/plans, /plans/NAME     trends; NAME may be a pattern
/signatures             of all failures
/runs/ID/               one run; /runs/ID/FILE its files; ID may be a directory's name, or latest
/compare?a=ID&b=ID      two runs side by side, &times=1 also in time
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs, quote, unquote, urlsplit

from harness.history import HistoryError
from harness.report import page as report_page
from harness.report.apart.comparing import compare
from harness.serve import answers, files, looking, pages
from harness.serve.answers import Answer
from harness.serve.looking import SORTS, Index, Wanted
from harness.store import StoreProblem
from harness.store.rundir import StoredRun, read_run

_FILTERS = ("q", "verdict", "plan", "profile", "runtime", "signature", "night")
_MOST_LETTERS = 500  # of one word that is asked for
_MOST_PAGE = 10**9
Asked = dict[str, list[str]]


def answer(store: Path, target: str) -> Answer:
    """To what a browser asks for; also to what is none of it."""
    try:
        parts = urlsplit(target)
        path, asked = unquote(parts.path, errors="strict"), parse_qs(parts.query, max_num_fields=50)
    except ValueError:
        return _page(400, "What was that?", "The address cannot be read.")
    if path == "/style.css":
        return answers.style(pages.style())
    try:
        with looking.index(store) as index:
            if index is None:
                return answers.page(pages.empty(store))
            return _routed(store, index, path, asked)
    except HistoryError as exc:
        return _page(500, "This run cannot be read", str(exc))
    except StoreProblem as exc:
        return _page(503, "The store cannot be read", str(exc))


def _routed(store: Path, index: Index, path: str, asked: Asked) -> Answer:
    whole: dict[str, Callable[[], Answer]] = {
        "/": lambda: answers.page(pages.runs(index, _wanted(asked), store)),
        "/plans": lambda: answers.page(pages.plans(index)),
        "/signatures": lambda: answers.page(pages.all_signatures(index)),
        "/compare": lambda: _compare(store, index, asked),
    }
    if path in whole:
        return whole[path]()
    if path.startswith("/plans/"):
        return _plan(index, path.removeprefix("/plans/"))
    if path.startswith("/runs/"):
        id_, slash, name = path.removeprefix("/runs/").partition("/")
        return _run(store, index, id_, name) if slash else answers.moved(f"/runs/{_one(id_)}/")
    return _page(404, "There is no such page", path)


def _wanted(asked: Asked) -> Wanted:
    sort = _said(asked, "sort")
    number = _said(asked, "page")
    return Wanted(
        **{name: _said(asked, name) for name in _FILTERS},
        sort=sort if sort in SORTS else "started",
        down=_said(asked, "down") != "0",
        page=min(max(1, int(number)), _MOST_PAGE) if number.isdecimal() and number.isascii() else 1,
    )


def _plan(index: Index, name: str) -> Answer:
    found = pages.plan(index, name)
    return answers.page(found) if found is not None else _page(404, "No run of this plan", name)


def _run(store: Path, index: Index, id_: str, name: str) -> Answer:
    row = index.named(id_)
    if row is None:
        return _page(404, "There is no such run", id_)
    if row.id != id_:
        return answers.moved(f"/runs/{_one(row.id)}/{quote(name)}")
    directory = files.directory(store, row)
    if not name:
        stored = read_run(directory) if directory is not None else None
        return answers.page(pages.run(index, row, directory, stored))
    if directory is None:
        return _page(404, "Its files were not kept", f"Run {id_} is a row of the index and no more.")
    if name == files.REPORT:
        try:
            files.ensure_report(directory)
        except StoreProblem:  # a store that one may only read
            return answers.of_report(report_page.render(read_run(directory)))
    file = files.listed(directory).get(name)
    return answers.of_file(file) if file is not None else _page(404, "Run has no such file", name)


def _compare(store: Path, index: Index, asked: Asked) -> Answer:
    ticked = [id_[:_MOST_LETTERS] for id_ in asked.get("run", [])]
    first, second = (*ticked, "", "")[:2] if ticked else (_said(asked, "a"), _said(asked, "b"))
    if len(ticked) > 2 or not first or not second:
        text = f"{len(ticked)} runs are ticked: " if ticked else ""
        return answers.page(pages.which(index, first, second, f"{text}Which two runs?"))
    if ticked:
        return answers.moved(f"/compare?a={_one(first)}&b={_one(second)}")
    runs = [_stored(store, index, id_) for id_ in (first, second)]
    for id_, run in zip((first, second), runs, strict=True):
        if run is None:
            return answers.page(pages.which(index, first, second, f"There is no run {id_} with files."), 404)
    one, other = (run for run in runs if run is not None)
    times = bool(_said(asked, "times"))
    return answers.page(pages.compared(one, other, compare(one, other, times=times), times=times))


def _stored(store: Path, index: Index, id_: str) -> StoredRun | None:
    row = index.named(id_)
    directory = files.directory(store, row) if row is not None else None
    return read_run(directory) if directory is not None else None


def _said(asked: Asked, name: str) -> str:
    return asked.get(name, [""])[0][:_MOST_LETTERS]


def _one(word: str) -> str:
    """A word as a part of an address."""
    return quote(word, safe="")


def _page(status: int, title: str, text: str) -> Answer:
    return answers.page(pages.said(title, text), status)
