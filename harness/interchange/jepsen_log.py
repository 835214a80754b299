"""What Jepsen prints while it runs: its log, old and new, and history.txt. One operation a line, in columns:

    INFO  jepsen.util - 3	:invoke	:cas	[1 2]
    2024-05-01 10:00:01,123{GMT}	INFO	[jepsen worker 3] jepsen.util: 3	:ok	:cas	[1 2]
    3	:fail	:cas	[1 2]

Process, type, operation, value (EDN) and perhaps an error; before them whatever the logger writes. Other lines of a log
are counted and passed over, unless they look like an operation: then they are refused. A compare-and-set that failed
without an error is an answer, the value was another one; with an error, as with all others, it did not happen.
"""

from __future__ import annotations

import re
from typing import Any, ClassVar

from checkers.linearizability import Malformed, Trial
from checkers.linearizability.values import shown
from harness.interchange import Format, names
from harness.interchange.edn import judgeable, whole_numbers
from harness.interchange.edn_text import MOST_DEEP, Reader
from harness.interchange.names import NEMESIS
from harness.interchange.recording import Recording
from harness.interchange.source import numbered

LOGGED = "of the log that are no operations"  # lines

_TYPE = r":(?:invoke|ok|fail|info)"
_PROCESS = r'(?:-?\d+|:[^\s,(){}\[\]":]+|"[^"\\\s]+")'
_OPERATION = re.compile(
    rf"^(?P<before>.*?(?:(?<=\s)|^))(?P<process>{_PROCESS})\s+(?P<type>{_TYPE})(?=\s|$)(?P<rest>.*)$"
)
_SIMPLE = re.compile(
    r"\s+:([a-zA-Z][\w-]*+)\s+(nil|0|[1-9][0-9]{0,16}|\[(?:(?:0|[1-9][0-9]{0,16}+)(?:\s|(?=\])))*+\])\s*$", re.ASCII
)
_CLAIMED = re.compile(rf"^(?:[^\n\r]*?\s)??{_PROCESS}[ \t]+{_TYPE}[ \t]+:\S", re.MULTILINE)
_LOGGER = re.compile(r"\bjepsen\.util(?:\s+-|:)\s+(?P<said>.*)$")
# what begins with a process and a word of two columns, but is none of the above
_LIKE_ONE = re.compile(rf"\s*{_PROCESS}(?:\s*$|\s+:?[\w-]+\s+:[\w-]|\t)|.*(?:^|\s){_TYPE}\s+:[\w-]")


class JepsenLog:
    NAME: ClassVar[str] = "jepsen-log"
    SUMMARY: ClassVar[str] = "Jepsen's log, or its history.txt"

    def claims(self, text: str) -> bool:
        return _CLAIMED.search(text) is not None

    def record(self, text: str) -> Recording:
        recording = Recording(refusals=True)
        bare = False  # history.txt: nothing but operations
        for number, line in enumerate(numbered(text), 1):
            match = _OPERATION.match(line)
            if match is not None:
                bare = bare or not match["before"].strip()
                _feed(recording, number, match)
            elif line.strip():
                _other(recording, number, line, bare)
        return recording

    def read(self, text: str) -> Trial:
        return self.record(text).trial()


def _other(recording: Recording, number: int, line: str, bare: bool) -> None:
    logger = _LOGGER.search(line)
    if bare or _LIKE_ONE.match(logger["said"] if logger else line):
        raise Malformed(
            f"line {number}: this looks like an operation and is none: {shown(line.strip())}; "
            "expected PROCESS, :invoke, :ok, :fail or :info, :OPERATION and a value, with blanks between"
        )
    recording.other(LOGGED)


def _feed(recording: Recording, number: int, match: re.Match[str]) -> None:
    said = match["process"]
    process = int(said) if said.isdecimal() and len(said) < 10 else names.client(_one(said, number), number)
    if process is None:
        recording.other(NEMESIS)
        return
    type_ = match["type"][1:]
    simple = _SIMPLE.match(match["rest"])
    if simple is not None and type_ != "fail":
        value = None if type_ == "info" or simple[2] == "nil" else whole_numbers(simple[2])
        recording.event(number, process, type_, simple[1], value, None)
        return
    columns = _columns(match["rest"], number, 2 if type_ in ("invoke", "ok") else 1)
    if not columns:
        raise Malformed(f"line {number}: an operation ends after its type: which one is it?")
    f = names.word(columns[0], number, ":f")
    failed = type_ in ("fail", "info")
    if not failed and len(columns) < 2:
        raise Malformed(f"line {number}: {f} has no value; nil stands for none")
    value = None if failed else columns[1]
    judgeable(value, number)
    if type_ == "fail" and not _is_refusal(f, match["rest"], number):
        type_ = "failed"
    recording.event(number, process, type_, f, value, None)


def _is_refusal(f: str, rest: str, number: int) -> bool:
    """A pair, and no error after it."""
    if f != "cas":
        return False
    try:
        columns = _columns(rest, number, 3)
    except Malformed:
        return False
    return len(columns) == 2 and isinstance(columns[1], tuple)


def _columns(text: str, number: int, most: int) -> list[Any]:
    """The first values. Raises `Malformed`."""
    reader = Reader(text, unwrap=False, line=number)
    found: list[Any] = []
    place = 0
    while len(found) < most and (form := reader.next(place)) is not None:
        if form.deep:
            raise Malformed(
                f"line {number}: nested deeper than {MOST_DEEP} levels, which no value is that could be judged"
            )
        found.append(form.inner)
        place = form.end
    return found


def _one(text: str, number: int) -> Any:
    return _columns(text, number, 1)[0]


FORMAT: Format = JepsenLog()
