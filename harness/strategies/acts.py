"""One fault in the words of plans: its example, whom it may befall, and its time."""

from __future__ import annotations

from typing import Final

import yaml

from faults import Fault, Lasts, Timed
from harness.runtimes import capabilities
from harness.strategies.cast import Cast
from harness.strategies.words import STEP_MS, Words, in_order, time_at

_ONCE: Final = "1m"  # longer than any plan: what is told to stand alone at its time has to meet something there
_TIMES: Final = ("at", "for", "every", "after", "name")


def example_of(fault: Fault) -> Words:
    """It with its words, without its time."""
    words: Words = yaml.safe_load(fault.EXAMPLE)
    return {key: value for key, value in words.items() if key not in (*_TIMES, length_word(fault))}


def length_word(fault: Fault) -> str:
    """The word that says how long it lasts."""
    return fault.LENGTH if isinstance(fault, Lasts) else "for"


def params_of(fault: Fault) -> Timed:
    return fault.Params.model_validate({key: value for key, value in example_of(fault).items() if key != "action"})


def aims_of(fault: Fault, cast: Cast) -> tuple[str, list[str]]:
    """The word that says whom a fault befalls, and who that can be: a client or node, or a link one way or both."""
    example = example_of(fault)
    if "clients" in example:
        return "clients", list(cast.clients)
    if "nodes" in example:
        params, nodes = params_of(fault), reversed(cast.system.nodes)
        able = [n for n in nodes if capabilities.node_lacks(fault, params, n.role, n.kind, n.hooks) is None]
        return "nodes", [node.name for node in able]
    ways = ("relay->{}", "{}->relay", "{}<->relay")
    return "links", [way.format(client) for client in cast.clients for way in ways]


def timed(fault: Fault, words: Words, step: int, length: int) -> Words:
    said = {**example_of(fault), **words}
    if "links" in words:
        said.pop("groups", None)  # a partition is told by the one or by the others
    when = {"at": time_at(step), length_word(fault): f"{STEP_MS * length}ms", "every": _ONCE}
    return {word: said[word] for word in in_order(said)} | when
