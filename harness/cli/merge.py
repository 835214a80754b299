"""`harness merge`: the shards of a night, put together."""

from __future__ import annotations

from pathlib import Path

import click

from harness.cli.asking import options
from harness.cli.many import mornings
from harness.cli.telling import exits, say
from harness.night.ledger import Begun, Ledger
from harness.night.words import parse
from harness.store.index import Store


@click.command(short_help="Put the shards of a night together: one store, one morning.")
@click.argument("shards", nargs=-1, required=True, type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--night", "name", metavar="NAME", help="Which one, where stores have several.")
@click.option("--annotate", is_flag=True, help="Print the worst failures as annotations of GitHub Actions, too.")
@options.plugin_option
@options.store_option
@options.json_option
def command(*, shards: tuple[Path, ...], name: str | None, annotate: bool, store: Path, as_json: bool) -> int:
    """Take the runs of a night from the stores SHARDS into --store, with their files, and tell the whole night. No run
    is lost, and none is there twice; shards that are missing are named.

    \b
      harness merge shard-1 shard-2 shard-3 shard-4
      harness merge shards/* --night 2026-11-30 --store nights

    The exit code is that of the whole night, as of `harness nightly`.
    """
    stores = [Store(path) for path in shards]
    names = dict.fromkeys(one.night for other in stores for one in _nights(other))
    if name is None and len(names) != 1:
        raise exits.Refused(f"which night? --night NAME: there are {', '.join(names) or 'none'}")
    name = name or next(iter(names))
    if name not in names:
        raise exits.Refused(f"no store has a night {name}; there are {', '.join(names) or 'none'}")
    Store(store).require_writable()
    ledger = Ledger(Store(store))
    with say.progress() as note:
        for other in stores:
            taken = ledger.take_over(other, name)
            note(f"{other.root}: {taken} items")
    about = next(one.about for one in ledger.nights() if one.night == name)
    night = parse(about.words, Path(about.file))
    return mornings.tell(ledger, name, night, mornings.known(night), as_json=as_json, annotate=annotate)


def _nights(store: Store) -> list[Begun]:
    if not (store.root / "index.db").is_file():
        raise exits.Refused(f"{store.root} is no store: it has no index.db")
    ledger = Ledger(store)
    try:
        return ledger.nights()
    finally:
        ledger.close()
