"""One run: played twice or on several runtimes, its schedule and its operations as tables, and the first minute's.

May use: all of the engine, `harness/cli/asking`, `harness/cli/telling`, `faults`.
"""
