"""`harness show RUN --against OTHER`: what one run has and the other has not, and where they part."""

from __future__ import annotations

from collections.abc import Iterable

import click

from harness.cli.telling import say, table
from harness.report.apart.comparing import Comparison, Pair, compare
from harness.report.apart.parting import Event, Parting
from harness.store.rundir import StoredRun
from harness.terminal import harmless


def show(first: StoredRun, second: StoredRun) -> None:
    """A is the first run, B the other."""
    found = compare(first, second)
    say.line(f"A  {first.directory}  {say.verdict(first.record.verdict)}")
    say.line(f"B  {second.directory}  {say.verdict(second.record.verdict)}")
    _pairs("the runs", found.facts)
    _signatures(found)
    _pairs("checkers", found.checks)
    _pairs("messages sent", found.messages)
    _pairs("held in the end", found.states)
    if found.more_states:
        say.line(f"  and {found.more_states} more")
    _parting("the first event at which they part", found.parting)
    if found.visible != found.parting:
        _parting("the first that is no note in a journal", found.visible)
    if found.alike:
        say.line()
        say.line(f"nothing that happened differs: {say.many(found.ops[0], 'event')} of each are the same")


def _pairs(title: str, pairs: Iterable[Pair]) -> None:
    rows = [[harmless(one) for one in (pair.name, pair.first, pair.second)] for pair in pairs]
    if rows:
        say.heading(title)
        table.show(("", "A", "B"), rows)


def _signatures(found: Comparison) -> None:
    for title, signatures in (("only in A", found.only_first), ("only in B", found.only_second)):
        if signatures:
            say.heading(title)
            for check, reason in signatures:
                say.line(f"  {check} {reason}")


def _parting(title: str, parting: Parting | None) -> None:
    if parting is None:
        return
    say.heading(title)
    fields = f"; different: {', '.join(parting.fields)}" if parting.fields else ""
    say.paragraph(f"in {parting.process}{fields}")
    for letter, events in (("A", parting.first), ("B", parting.second)):
        say.line(f"  {letter}")
        for event in events:
            _event(event)
        if not any(event.parts for event in events):
            say.line(f"  > nothing more of {harmless(parting.process)}", bold=True)


def _event(event: Event) -> None:
    words = [table.seconds(event.time_ns), event.process, event.type, event.f, event.job, event.revision]
    said = harmless("  ".join([" ".join(filter(None, words)), "".join(event.pieces)]))
    mark = ">" if event.parts else " "
    say.line(click.style(f"  {mark} {said}".rstrip(), bold=event.parts))
