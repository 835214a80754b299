"""A plan to begin with: `harness plan new`."""

from __future__ import annotations

_TEMPLATE = """\
# yaml-language-server: $schema=plan.schema.json
# (`harness plan schema` writes that file; `harness plan validate FILE` checks this one; `harness list faults` shows
# which actions there are and `harness explain NAME` what each can say)
version: 1
title: {title}
duration: 20s
topology: one-user
workload: {{jobs: 10, rate: 20/s, content: {{unicode: 30%, repeat: 20%}}}}
faults:
  - {{action: delay, links: [mobile-1<->relay], latency: 40ms, jitter: 20ms, at: 2s, for: 15s}}
  - {{action: duplicate, links: [relay->mobile-1], chance: 10%, delay: 200ms, at: 2s, for: 15s}}
  - {{name: split, action: partition, groups: [[desktop-1], [relay, mobile-1]], drop: blackhole, at: 6s, for: 3s}}
  - {{action: reconnect, clients: [mobile-1], how: half-open, every: {{mean: 8s}}, downtime: 500ms}}
settle: {{quiesce: 1s}}
"""


def template(title: str = "A flaky uplink while responses stream") -> str:
    """A valid plan that uses most of the format. `title` is written as a quoted text when it must be."""
    plain = title.isprintable() and title[:1].isalpha() and not set(title) & set(":#{}[]&*!|>'\"%@`,")
    return _TEMPLATE.format(title=title if plain else '"' + title.replace("\\", "\\\\").replace('"', '\\"') + '"')
