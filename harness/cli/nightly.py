"""`harness nightly`: a whole night by one file, and what it says in the morning."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import click
import msgspec

from harness.cli.asking import options
from harness.cli.many import mornings
from harness.cli.telling import exits, say
from harness.cli.telling.often import Often
from harness.night.executors import ExecutorProblem, Wanted, executor, names
from harness.night.items import PHASES, Items, Shard
from harness.night.ledger import About, Ledger
from harness.night.playing import Playing
from harness.night.words import Night, parse, read
from harness.night.work import Outcome
from harness.registry import configs_dir
from harness.store.index import Store

_FIRST_DAY = date(2026, 1, 1)


class _Shard(click.ParamType[Shard]):
    name = "k/n"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Shard:
        if isinstance(value, Shard):
            return value
        first, slash, second = str(value).partition("/")
        if not slash or not first.isdecimal() or not second.isdecimal() or not 1 <= int(first) <= int(second):
            self.fail(f"{value!r}: expected K/N, the Kth of N shards, such as 1/4", param, ctx)
        return Shard(int(first), int(second))


@click.command(short_help="A whole night of runs by one file: resumed, sharded, told in the morning.")
@click.argument("file", required=False, type=click.Path(dir_okay=False, path_type=Path))
@click.option("--night", "name", metavar="NAME", help="Its name; all shards of a night have one. Default: now, in UTC.")
@click.option(
    "--number",
    type=click.IntRange(min=0),
    help="Of the night, from which parts with `fresh` seeds have theirs. Default: days since 2026-01-01.",
)
@click.option("--shard", type=_Shard(), default="1/1", show_default=True, help="Play the Kth of N parts of the night.")
@click.option("--resume", is_flag=True, help="Go on with the night that was not ended (the last one, or --night).")
@click.option(
    "--jobs",
    type=click.IntRange(min=1),
    default=os.cpu_count() or 1,
    help="Worker processes. Default: as many as CPUs.",
)
@click.option(
    "--executor", "where", type=click.Choice(names()), default="local", show_default=True, help="Where workers are."
)
@click.option("--scheduler", metavar="ADDRESS", help="Of the executor dask: tcp://127.0.0.1:8786.")
@click.option("--budget", type=options.Duration(), help="Instead of the file's: all of it, shrinking included.")
@click.option("--annotate", is_flag=True, help="Print the worst failures as annotations of GitHub Actions, too.")
@options.plugin_option
@options.store_option
@options.json_option
def command(*, as_json: bool, annotate: bool, **asked: Any) -> int:
    """Play a night: plans that were written and plans that were not, in the simulator and on real sockets, safeguards
    that are taken out. FILE says what; without one it is the night that is shipped. What it says in the morning is
    STORE/nights/NAME: summary.md, junit.xml, results.json, results.sarif.

    \b
      harness nightly
      harness nightly mine.yaml --budget 2h
      harness nightly --resume
      harness nightly --night 2026-11-30 --shard 2/4 --store shard-2
      harness nightly --executor dask --scheduler tcp://10.0.0.1:8786

    A night that was killed goes on with --resume: no run is played twice, and none is lost. Shards are put together by
    `harness merge`.

    Exit 0 when nothing is new, 1 when a failure is new, or known and expired, or a run was not deterministic; 2 when
    too many runs are UNKNOWN, or a safeguard is not missed.
    """
    words = _Asked(**asked)
    Store(words.store).require_writable()
    ledger = Ledger(Store(words.store))
    night, about, name, begun = _begin(ledger, words)
    known = mornings.known(night)
    _play(ledger, words, night, name, about, begun)
    return mornings.tell(ledger, name, night, known, as_json=as_json, annotate=annotate, one_shard=words.shard.n > 1)


class _Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What was typed. `budget` is in nanoseconds."""

    file: Path | None
    name: str | None
    number: int | None
    shard: Shard
    resume: bool
    jobs: int
    where: str
    scheduler: str | None
    budget: int | None
    store: Path


def _play(ledger: Ledger, asked: _Asked, night: Night, name: str, about: About, begun: str) -> None:
    """All of it, or what there is time for. Raises `Failed` without workers."""
    items = Items(night, name, about.number, asked.store)
    about.left_out = [(one.part, one.what, one.why) for one in items.left_out]
    about.planned = sum(items.planned(phase, asked.shard) for phase in PHASES)
    try:
        with executor(asked.where, Wanted(jobs=asked.jobs, scheduler=asked.scheduler)) as workers:
            ledger.begin(name, asked.shard, begun, about)
            if asked.resume:  # a new night has left nothing behind: what has its name is somebody's
                ledger.tidy(name)
            with say.progress() as note:
                tell = _Tell(note, about.planned, len(ledger.done(name)))
                playing = Playing(
                    *(night, items, ledger),
                    name=name,
                    shard=asked.shard,
                    jobs=asked.jobs,
                    about=about,
                    tell=tell,
                    note=note,
                )
                playing.play(workers)
    except ExecutorProblem as exc:
        raise exits.Failed(str(exc)) from None
    exits.no_more_interruption()
    playing.end(_now())


def _begin(ledger: Ledger, asked: _Asked) -> tuple[Night, About, str, str]:
    """A new night, or one that was not ended; its name, and when it began. Raises `Refused`, `PlanErrors`."""
    night, about, name, begun = _open(ledger, asked) if asked.resume else _new(ledger, asked)
    if asked.budget is not None:
        words = night.words.model_copy(update={"budget": asked.budget})
        night = Night(words=words, text=night.text, path=night.path)
    return night, about, name, begun


def _open(ledger: Ledger, asked: _Asked) -> tuple[Night, About, str, str]:
    mine = [one for one in ledger.nights() if one.shard == asked.shard and one.night == (asked.name or one.night)]
    left = [one for one in mine if one.about.ended is None]
    if not left:
        said = f"the night {asked.name}" if asked.name is not None else "no night"
        what = "has ended, or was never begun" if asked.name is not None else "of this store is left to be ended"
        raise exits.Refused(f"--resume: {said} {what} (shard {asked.shard}); without it a new one begins")
    last = left[-1]
    last.about.interrupted = last.about.out_of_budget = False
    return parse(last.about.words, Path(last.about.file)), last.about, last.night, last.begun


def _new(ledger: Ledger, asked: _Asked) -> tuple[Night, About, str, str]:
    night = read(asked.file if asked.file is not None else configs_dir() / "nightly.yaml")
    now = _now()
    name = asked.name or now.replace(":", "").replace("-", "")[:13] + "Z"
    if any(one.night == name and one.shard == asked.shard for one in ledger.nights()):
        said = f"the night {name} (shard {asked.shard}) was begun"
        raise exits.Refused(f"{said}: --resume goes on with it, or take another --night")
    number = asked.number if asked.number is not None else (datetime.now(UTC).date() - _FIRST_DAY).days
    file = str(night.path.absolute())
    return night, About(words=night.text, file=file, number=number, planned=0, executor=asked.where), name, now


class _Tell:
    """A line for every new kind of failure, and now and then."""

    def __init__(self, note: Any, planned: int, done: int) -> None:
        self._note, self._planned, self._done = note, planned, done
        self._often = Often(planned)
        self._seen: set[tuple[str, str]] = set()

    def __call__(self, outcome: Outcome) -> None:
        self._done += 1
        run = outcome.run
        news = [kind for kind in run.signatures if kind not in self._seen] if run is not None else []
        self._seen.update(news)
        if news or self._often.is_time(self._done):
            new = (
                f"; new: {', '.join(' '.join(kind) for kind in news)} ({run.plan}, seed {run.seed})"
                if news and run
                else ""
            )
            self._note(f"{self._done}/{self._planned} done, {len(self._seen)} kinds of failure{new}")


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
