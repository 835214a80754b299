"""One run: played twice or on several runtimes, its schedule and its operations as tables, and the first minute's.

`across` (several runtimes) · `twice` (`--check-determinism`, of hunts too) · `schedule_table` · `operations` ·
`two_runs` · `first_bug` (the demo).

May use: all of the engine, `harness/cli/asking`, `harness/cli/telling`, `faults`.
"""
