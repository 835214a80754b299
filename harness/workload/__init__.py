"""What clients do during a run: a seeded script of calls, expanded before anything starts.

`Workload` (model) is what a plan says · `content` is what jobs say (text that can tell the truth) · `life` is the life of
a job on a desktop · `watcher` is what somebody does at a mobile · `directed` turns explicit steps into the
same script. `script_steps` puts them together; every client draws from its own random stream.
"""

from harness.workload.model import Content, Mix, ScriptStep, Watch, Workload
from harness.workload.script import script_steps

__all__ = ["Content", "Mix", "ScriptStep", "Watch", "Workload", "script_steps"]
