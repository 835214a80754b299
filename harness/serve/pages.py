"""The pages, one function each: what stands in the index and in the files of runs, put into the templates.

All that is shown is escaped by the templates: it may come from a plan, or from the system under test.
"""

from __future__ import annotations

import functools
import itertools
from datetime import UTC, date, datetime
from importlib.resources import files as resources
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import jinja2
import msgspec

from harness.report.apart.comparing import Comparison
from harness.report.told import words
from harness.serve import charts, files, signatures, verdicts
from harness.serve.looking import MOST_UNKNOWN, PAGE, Index, Wanted, is_pattern
from harness.store import reindex
from harness.store.index import IndexRow, remedy
from harness.store.rundir import StoredRun

_STROKES = 150  # last runs of a plan, as a picture
_ALIKE = 30  # other runs of a plan, on the page of one
_MOST_LETTERS = 300
_HEADS = {
    "started": "when",
    "plan": "plan",
    "seed": "seed",
    "runtime": "runtime",
    "profile": "profile",
    "verdict": "verdict",
    "signatures": "what failed",
    "night": "night",
    "seconds": "took",
}


@functools.cache
def _templates() -> jinja2.Environment:
    found = jinja2.Environment(
        loader=jinja2.PackageLoader("harness.serve", "templates"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    found.filters["when"] = lambda text: str(text)[:19].replace("T", " ")
    found.filters["part"] = lambda text: quote(str(text), safe="/*")
    found.filters["shortened"] = lambda text: words.shortened(str(text), _MOST_LETTERS)
    found.filters["seconds"] = words.seconds
    found.filters["number"] = lambda n: f"{n:,}"
    found.globals["query"] = lambda path, **asked: f"{path}?{urlencode(asked)}"
    return found


def _rendered(template: str, /, **known: Any) -> str:
    return _templates().get_template(f"{template}.html.j2").render(known)


@functools.cache
def style() -> str:
    """That of reports, for what is shown looks alike, and what these pages have besides."""
    report, own = resources("harness.report") / "report.css", resources("harness.serve") / "templates" / "serve.css"
    return report.read_text(encoding="utf-8") + own.read_text(encoding="utf-8")


def said(title: str, text: str) -> str:
    """A page of one sentence: why there is no other."""
    return _rendered("said", title=title, text=text)


def unindexed(store: Path, count: int) -> str:
    """Of runs that no page can show."""
    many = f"{count:,} or more runs" if count >= MOST_UNKNOWN else f"{count:,} runs" if count > 1 else "1 run"
    return f"{many} in {store.absolute()} {'is' if count == 1 else 'are'} not in the index: {remedy(store)}."


def empty(store: Path) -> str:
    count = sum(1 for _ in itertools.islice(reindex.unindexed(store, ()), MOST_UNKNOWN))
    if count:
        return said("No index", unindexed(store, count))
    return said(
        "No run yet", f"No run has ended in {store.absolute()}. `harness run quickstart --store {store}` makes one."
    )


def runs(index: Index, wanted: Wanted, store: Path) -> str:
    unknown = index.unknown()
    count, rows = index.runs(wanted)
    return _rendered(
        "runs",
        wanted=wanted,
        notice=unindexed(store, unknown) if unknown else "",
        count=count,
        rows=rows,
        choices=index.choices(),
        heads=_HEADS,
        here=lambda **changes: _here(wanted, **changes),
        pages=max(1, -(-count // PAGE)),
        first=PAGE * (wanted.page - 1) + 1,
    )


def _here(wanted: Wanted, **changes: Any) -> str:
    """The same page, but for something; what is as it is by default is not said."""
    default = msgspec.structs.asdict(Wanted())
    asked = msgspec.structs.asdict(msgspec.structs.replace(wanted, **changes))
    told = {name: int(value) if name == "down" else value for name, value in asked.items() if value != default[name]}
    return f"/?{urlencode(told)}" if told else "/"


def plans(index: Index) -> str:
    return _rendered("plans", plans=verdicts.by_plan(index))


def plan(index: Index, name: str) -> str | None:
    """The trend of one plan, or of all that fit a pattern; None: nobody has played it."""
    wanted = Wanted(plan=name)
    count, _ = index.runs(wanted)
    if not count:
        return None
    condition, values = wanted.filters()
    last = index.rows(condition, values, f"ORDER BY started DESC, id LIMIT {_STROKES}")[::-1]
    steps = verdicts.by_time(index, name)
    return _rendered(
        "plan",
        name=name,
        is_pattern=is_pattern(name),
        count=count,
        steps=steps,
        trend=charts.trend(steps),
        strokes=charts.strokes(last),
        last=len(last),
        seen=verdicts.seen(index, name),
        reason=words.reason,
    )


def all_signatures(index: Index, today: date | None = None) -> str:
    known = signatures.known_files(index)
    day = today or datetime.now(UTC).date()
    found = signatures.standings(verdicts.seen(index), index, known, day)
    return _rendered("signatures", standings=found, known=known, today=day, reason=words.reason)


def run(index: Index, row: IndexRow, directory: Path | None, stored: StoredRun | None) -> str:
    """`stored` is None when its files were not kept."""
    return _rendered(
        "run",
        row=row,
        run=stored,
        title=stored.record.title if stored is not None else row.plan,
        headline=words.headline(stored.record, stored.results) if stored is not None else "",
        results=words.in_order(stored.results) if stored is not None else [],
        sentence=words.one_sentence,
        files=files.listed(directory) if directory is not None else {},
        alike=index.alike(row, _ALIKE),
        size=_size,
    )


def compared(first: StoredRun, second: StoredRun, found: Comparison, *, times: bool) -> str:
    return _rendered("compare", first=first.record, second=second.record, found=found, times=times, reason=words.reason)


def which(index: Index, first: str, second: str, text: str) -> str:
    """Which two runs are to be compared?"""
    _, rows = index.runs(Wanted())
    return _rendered("which", a=first, b=second, text=text, rows=rows)


def _size(file: Path) -> str:
    n = file.stat().st_size
    return f"{n:,} bytes" if n < 10_000 else f"{n / 1000:,.0f} kB" if n < 10_000_000 else f"{n / 1e6:,.0f} MB"
