"""What travels between a hunt over mutants and its workers. Nothing here imports the system under test."""

from __future__ import annotations

import difflib
from pathlib import Path

import msgspec

from harness.verdict import Verdict


class Mutant(msgspec.Struct, frozen=True, kw_only=True):
    """One mistake in one file. `kind`: which; `function`: the dotted name of the one that it is in; `line`: of the
    statement that a run must reach, from 1; `edits`: (start, end, new) in bytes, none overlapping."""

    file: str
    kind: str
    function: str
    line: int
    edits: tuple[tuple[int, int, str], ...]

    def source(self, data: bytes) -> bytes:
        """The file's bytes with the mistake."""
        for start, end, new in sorted(self.edits, reverse=True):
            data = data[:start] + new.encode() + data[end:]
        return data

    def changed_lines(self, data: bytes) -> tuple[list[str], list[str]]:
        """From the first line that changes to the last one: as they are, and as it makes them."""
        before, after = data.decode().splitlines(), self.source(data).decode().splitlines()
        head = _in_common(before, after)
        tail = _in_common(before[head:][::-1], after[head:][::-1])
        return before[head : len(before) - tail], after[head : len(after) - tail]

    def diff(self, data: bytes) -> str:
        """What changes, with the lines around it, and the name of the function."""
        before, after = data.decode().splitlines(), self.source(data).decode().splitlines()
        lines = list(difflib.unified_diff(before, after, lineterm="", n=2))[2:]
        return "\n".join(f"{line} {self.function}" if line.startswith("@@") else line for line in lines)


def _in_common(one: list[str], other: list[str]) -> int:
    """How many lines they both begin with."""
    return next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


class Play(msgspec.Struct, frozen=True, kw_only=True):
    """A run of `text` (the plan `name`; `folder`: where a topology of its own may lie), with a mutant or without one.

    `number` is the run's place in the campaign's order. Without a mutant it is told which statements of the files
    `watched` the run comes to. `judged_as`: by the rules of another profile than it is played on. `figures`: what of it
    is measured, too.
    """

    number: int
    runtime: str
    name: str
    text: str
    folder: Path | None
    seed: int
    profile: str | None = None
    with_: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    duration_ns: int | None = None
    topology: str | None = None
    mutant: Mutant | None = None
    watched: tuple[str, ...] = ()
    judged_as: str | None = None
    figures: tuple[str, ...] = ()

    @property
    def home(self) -> Mutant | None:
        """Runs with different modules share no process."""
        return self.mutant


class Played(msgspec.Struct, kw_only=True):
    """What came of it. `reached`: file → first lines of the statements that it came to, of files that were loaded.
    `refused`: why there was no run, or none to its end; `stalled`: it went round and round, or came to a stand-still.
    `ailments`: what went wrong inside of components. `trace`: equal for runs in which the same things happened.
    `judged`: the checkers that had something to judge; `delivered`: the types of messages that reached a client;
    `told`: checker → what its first finding says, `stories`: → one sentence an operation that did it; `figures`: those
    that were asked for and could be measured."""

    verdict: Verdict = Verdict.UNKNOWN
    signatures: list[tuple[str, str]] = []
    message: str = ""
    trace: str = ""
    reached: dict[str, list[int]] = {}
    refused: str | None = None
    stalled: str | None = None
    ailments: list[str] = []
    judged: list[str] = []
    delivered: list[str] = []
    told: dict[str, str] = {}
    stories: dict[str, list[str]] = {}
    figures: dict[str, float] = {}
    seconds: float = 0.0
    interrupted: bool = False
