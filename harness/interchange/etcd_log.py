"""Jepsen's log of its etcd test: a compare-and-set register, `INFO jepsen.util - 3 :invoke :cas [1 2]`."""

from __future__ import annotations

import re
from typing import Any, ClassVar

from checkers.linearizability import Malformed, Operation, Trial
from harness.interchange import Format, Pairing, lines

_LINE = re.compile(r"INFO\s+jepsen\.util\s+-\s+(\S+)\s+:(invoke|ok|fail|info)\s+:(read|write|cas)\s+(.+)$")


class EtcdLog:
    NAME: ClassVar[str] = "etcd-log"
    SUMMARY: ClassVar[str] = "lines of Jepsen's etcd test"

    def claims(self, head: str) -> bool:
        return "jepsen.util" in head and head.lstrip().startswith("INFO")

    def read(self, text: str) -> Trial:
        """A compare-and-set that failed is an answer (the value was another one); a read that timed out is none."""
        pairing = Pairing()
        for number, line in lines(text):
            match = _LINE.match(line)
            if match:
                _feed(pairing, number, *match.groups())
        return pairing.trial()


def _feed(pairing: Pairing, line: int, process: str, type_: str, f: str, said: str) -> None:
    if type_ == "invoke":
        value = None if f == "read" else _value(said, line)
        pairing.call(process, Operation(f=f, value=value, process=process, line=line))
    elif type_ == "ok":
        pairing.returned(process, line, **({"result": _value(said, line)} if f == "read" else {}))
    elif type_ == "info":
        pairing.unknown(process, line)
    elif f == "cas" and said.startswith("["):
        pairing.returned(process, line, outcome="fail")
    elif f == "read":
        pairing.dropped(process, line)
    else:
        pairing.unknown(process, line)


def _value(said: str, line: int) -> Any:
    try:
        if said.startswith("["):
            return tuple(_value(part, line) for part in said[1:-1].split())
        return None if said == "nil" else int(said)
    except ValueError:
        raise Malformed(f"line {line}: expected a number, nil or [from to], not {said!r}") from None


FORMAT: Format = EtcdLog()
