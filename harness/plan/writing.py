"""A plan as YAML: what the reader makes the same plan of."""

from __future__ import annotations

from typing import Any

import yaml

from harness.plan.systems.topology import Topology
from harness.plan.text.source import resolve
from harness.plan.words.model import PlanWords

_NEVER = 2**31 - 1  # a width that no line reaches


def written(words: PlanWords | Topology) -> str:
    """All that a plan or a topology says, one thing below the other."""
    data = words.model_dump(mode="json", by_alias=True, exclude_unset=True)
    return yaml.dump(data, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110)


def on_one_line(value: Any) -> str:
    """`{at: 1s, node: desktop-1, do: chunk, text: "a"}`"""
    text = yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=_NEVER, default_flow_style=True)
    return text.removesuffix("\n").removesuffix("\n...")


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text_node(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    """Quoted when plans would read it as something else: they know more numbers than YAML 1.1, and fewer words."""
    style = None if isinstance(resolve(text), str) else "'"
    if not text.isprintable():
        style = '"'  # escaped: YAML has line breaks that Python's readers of it fold
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text_node)
