"""`hunt --mutants`: mistakes are put into components, and a matrix says which of them the hunt finds, and how soon."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, TypeVar

import click
import msgspec

from harness.cli.many import matrix
from harness.cli.telling import exits, say
from harness.cli.telling.often import Often
from harness.hunting.campaign import Order, PlanText
from harness.hunting.mutants import drawing, equivalents
from harness.hunting.mutants.matrix import NOTICED, Fate
from harness.hunting.mutants.operators import all_operators
from harness.hunting.mutants.searching import CannotMeasure, MutantHunt
from harness.runs.keep import DEFAULT_RUNTIME

T = TypeVar("T")

_OPTIONS = (
    click.option(
        "--mutants",
        multiple=True,
        type=click.Path(exists=True, path_type=Path),
        metavar="PATH",
        help="Measure the hunt: put mistakes into this file or folder, one at a time. Repeatable.",
    ),
    click.option("--sample", type=click.IntRange(min=1), help="With --mutants: draw so many. Default: all."),
    click.option(
        "--equivalent",
        multiple=True,
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        metavar="FILE",
        help="With --mutants: YAML of those that change nothing. Repeatable.",
    ),
    click.option(
        "--out", type=click.Path(dir_okay=False, path_type=Path), help="With --mutants: write the matrix here, as JSON."
    ),
)


class Measure(msgspec.Struct, frozen=True, kw_only=True):
    """What the options say."""

    paths: tuple[Path, ...]
    sample: int | None
    equivalent: tuple[Path, ...]
    out: Path | None


def options(command: Callable[..., T]) -> Callable[..., T]:
    """The command gets `measured`, None unless --mutants was given."""

    @functools.wraps(command)
    def with_measure(
        *, mutants: tuple[Path, ...], sample: int | None, equivalent: tuple[Path, ...], out: Path | None, **others: Any
    ) -> T:
        if not mutants and (sample or equivalent or out):
            raise click.UsageError("--sample, --equivalent and --out belong to --mutants PATH, which is not there")
        asked = Measure(paths=mutants, sample=sample, equivalent=equivalent, out=out) if mutants else None
        return command(measured=asked, **others)

    for option in reversed(_OPTIONS):
        with_measure = option(with_measure)
    return with_measure


def measure(
    asked: Measure,
    chosen: Sequence[PlanText],
    seeds: range,
    order: Order,
    jobs: int,
    budget_s: float | None,
    as_json: bool,
) -> int:
    """Play and show the matrix; the exit code: 0, or 130 after Ctrl-C. Raises `Refused` or `Failed`."""
    if order.runtime != DEFAULT_RUNTIME:
        raise exits.Refused(
            f"--mutants changes modules in the memory of a worker, which only the runtime {DEFAULT_RUNTIME} runs; "
            f"leave --runtime {order.runtime} out"
        )
    try:
        all_operators()  # what is not installed is said before the first run
        hunt = MutantHunt(drawing.files_of(asked.paths), chosen, seeds, order, Path.cwd())
        _play(hunt, asked, equivalents.read(asked.equivalent), jobs, budget_s)
    except (drawing.NotPython, equivalents.BadEquivalents, CannotMeasure) as exc:
        raise exits.Refused(str(exc)) from exc
    except ModuleNotFoundError as exc:
        if (exc.name or "").split(".")[0] not in ("cosmic_ray", "parso"):
            raise
        raise exits.Failed("--mutants needs Cosmic Ray: pip install 'jobsync-harness[mutants]'") from exc
    exits.no_more_interruption()
    found = matrix.as_object(hunt)
    if asked.out is not None:
        _write(asked.out, found)
    if as_json:
        say.data(found)
    else:
        matrix.show(hunt)
    return exits.INTERRUPTED if hunt.interrupted else exits.OK


def _play(hunt: MutantHunt, asked: Measure, judged: equivalents.Equivalents, jobs: int, budget_s: float | None) -> None:
    with say.progress() as note:
        often = Often(hunt.planned)
        with closing(hunt.survey(jobs)) as runs:
            for done in runs:
                if often.is_time(done):
                    note(f"{done}/{hunt.planned} runs without a mutant")
        hunt.draw(asked.sample, judged)
        often, over = Often(len(hunt.fates)), 0
        with closing(hunt.play(jobs, budget_s)) as fates:
            try:
                for fate in fates:
                    if fate.outcome != "unfinished":
                        over += 1
                        if often.is_time(over):
                            note(_progress(hunt.fates, over))
                            if asked.out is not None:
                                _write(asked.out, matrix.as_object(hunt))
            except KeyboardInterrupt:
                hunt.interrupted = True


def _write(file: Path, found: dict[str, Any]) -> None:
    try:
        file.write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n")
    except OSError as exc:
        raise exits.Failed(f"{file} cannot be written: {exc.strerror or exc}") from exc


def _progress(fates: Sequence[Fate], over: int) -> str:
    noticed = sum(fate.outcome in NOTICED for fate in fates)
    return f"{over}/{len(fates)} mutants: {noticed} found"
