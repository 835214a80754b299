"""Strategies for Hypothesis: plans, and the scripts, workloads and faults that they are made of.

Everything is drawn as a list of calls and a list of faults, each with a time of its own: Hypothesis makes a plan that
fails smaller by leaving out elements, and the others stay where they are. A plan is drawn as its text, so a
counter-example can be written into a file and played with `harness run FILE`; within a test `harness.testing.playing`
plays it (docs/pytest.md). `SETTINGS` suit tests that play runs.

Hypothesis is needed only here: the extra `testing` brings it.

`drawing` (the strategies) · `cast` (who is there) · `calls` · `acts` (one fault), `troubles` (all of them) · `words`
(times in steps) · `writing` (a plan as its text).

May use: `harness/plan`, `harness/plan/systems`, `harness/plan/times`, `harness/runtimes`, `harness/workload`,
`harness`, `faults`.
"""

from __future__ import annotations

try:
    from harness.strategies.drawing import SETTINGS, TOPOLOGIES, faults, plans, scripts, workloads
except ModuleNotFoundError as exc:
    if exc.name != "hypothesis":
        raise
    said = "harness.strategies needs Hypothesis, which is not installed: pip install 'jobsync-harness[testing]'"
    raise ModuleNotFoundError(said, name="hypothesis") from None

__all__ = ["SETTINGS", "TOPOLOGIES", "faults", "plans", "scripts", "workloads"]
