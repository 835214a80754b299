"""Where runs are kept: `rundir` is one run's directory and what it holds, `index` the store of all of them.

`reindex` makes an index again, from the directories.

May use: `harness`.
"""

from __future__ import annotations


class StoreProblem(Exception):
    """The run directory cannot be written (full, read-only, gone); the message names the file and the reason."""
