"""`harness replay`: the schedule of a stored run again."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from harness.cli.asking import completion, options, planned
from harness.cli.telling import finished, say
from harness.runs.keep import DEFAULT_RUNTIME, Keep, Kept, run_and_keep
from harness.store.index import Store
from harness.store.rundir import (
    RunRecord,
    read_messages,
    read_plan_text,
    read_record,
    read_schedule,
    read_topology_text,
)
from harness.wire.order import recorded


@click.command(short_help="Play the schedule of a stored run again.")
@click.argument("run", shell_complete=completion.runs)
@click.option("--runtime", metavar="NAME", help="Default: the run's own.")
@options.plugin_option
@options.store_option
@options.keep_option("all")
@options.json_option
def command(*, run: str, runtime: str | None, store: Path, keep: Keep, as_json: bool) -> int:
    """Play the schedule of RUN again: bit for bit in the simulator; elsewhere the same faults and calls, with messages
    delivered in the recorded order, as closely as real time allows.

    RUN is a run directory, its short id, or `latest`.
    """
    directory = Store(store).locate(run)
    former, schedule = read_record(directory), read_schedule(directory)
    where = planned.runtime(runtime or former.runtime)
    planned.require_verbs(schedule, where)
    text = read_plan_text(directory) if (directory / "plan.yaml").exists() else ""
    Store(store).require_writable()
    with say.progress() as note:
        kept = run_and_keep(
            schedule,
            where,
            store=Store(store),
            plan_text=text,
            topology_text=read_topology_text(directory),
            argv=sys.argv[1:],
            keep=keep,
            note=note,
            options=None if where.NAME == DEFAULT_RUNTIME else {"order": recorded(read_messages(directory))},
        )
    _compare(former, kept)
    return finished.end(kept, schedule, as_json=as_json, store=store)


def _compare(former: RunRecord, kept: Kept) -> None:
    """Say whether it was the same run; only the simulator can promise that."""
    ours = kept.record.trace_hash
    if former.trace_hash is None or ours is None or kept.result.interrupted:
        return
    if former.trace_hash == ours:
        say.error(f"the same run, bit for bit (trace {ours})", label="replay")
        return
    other = "" if former.git_commit == kept.record.git_commit else "; the harness is not the one that made it"
    say.error(f"not the same run: trace {ours}, formerly {former.trace_hash}{other}", label="warning")
