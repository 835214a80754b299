"""One run: `run` executes a schedule on a runtime and has it judged, `keep` stores it, `determinism` plays it twice.

`conductor` plays the schedule on a started system, `moments` are the events that faults wait for, `recorder` writes its
history.

May use: `harness/judging`, `harness/report`, `harness/runtimes`, `harness/store`, `harness`, `checkers`, `faults`,
`targets`.
"""
