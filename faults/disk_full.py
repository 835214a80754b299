"""No room on the disk."""

from __future__ import annotations

from typing import ClassVar

from faults import Fault, OnNodes, Timed
from faults._scopes import OneVerb


class DiskFullWords(OnNodes):
    """Writes of the store of `nodes` fail as on a full disk (SQLITE_FULL) and are rolled back; reads go on."""


class DiskFull(OneVerb):
    ACTION: ClassVar[str] = "disk_full"
    VERBS: ClassVar[frozenset[str]] = frozenset({"fill_disk"})
    EXAMPLE: ClassVar[str] = "{action: disk_full, nodes: [desktop-1], at: 2s, for: 2s}"
    Params: ClassVar[type[Timed]] = DiskFullWords


FAULT: Fault = DiskFull()
