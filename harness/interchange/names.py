"""Whose an operation is, and what it is called: the words of a line, checked."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

from checkers.linearizability import Malformed
from checkers.linearizability.values import Literal, edn, shown

TYPES = ("invoke", "ok", "fail", "info")
NEMESIS = "of the nemesis"  # lines that are no operations of a client
NIL_KEY = Literal("nil")  # a key that is nil; None is no key


def name_of(process: Hashable) -> str:
    """For people. A text that looks like a number, or a keyword, is none."""
    if type(process) is str:
        return edn(process) if process.isdigit() or process.startswith(":") else process
    return str(process)


def client(process: Any, line: int, said: str = ":process") -> Hashable | None:
    """The process, if it is a client; None: the nemesis. Raises `Malformed`."""
    if process in ("nemesis", Literal(":nemesis"), Literal("nemesis")):
        return None
    if type(process) is int or (type(process) is str and process) or _is_word(process):
        return process  # type: ignore[no-any-return]
    if process is None or process == "":
        raise Malformed(f"line {line}: this operation has no {said}: a number, or a name, says whose it is")
    raise Malformed(f"line {line}: a process is a number or a name, not {shown(process)}")


def _is_word(value: Any) -> bool:
    return isinstance(value, Literal) and (value.text[0] == ":" or value.text[0].isalpha()) and not _is_flag(value)


def _is_flag(value: Literal) -> bool:
    return value.text in ("true", "false")


def word(value: Any, line: int, what: str) -> str:
    """A keyword or a text, as a word. Raises `Malformed`."""
    if value is None or value == "":
        raise Malformed(f"line {line}: this operation has no {what}")
    if type(value) is str:
        return value
    if isinstance(value, Literal) and (value.text[0] == ":" or _is_word(value)):
        return value.text.removeprefix(":")
    raise Malformed(f"line {line}: an operation's {what} is a word, not {shown(value)}")


def type_of(value: Any, line: int) -> str:
    """Raises `Malformed`."""
    said = word(value, line, "type")
    if said not in TYPES:
        raise Malformed(f"line {line}: an operation's :type is :invoke, :ok, :fail or :info, not {shown(value)}")
    return said
