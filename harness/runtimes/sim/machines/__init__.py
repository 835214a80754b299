"""Computers and the programs on them: clocks, disks, processes that end and begin, how somebody's module is loaded.

What a node finds in its environment stands in `environment`; what can befall it in `processes`; which of its calls
could not be simulated is read from its source by `scan`. `node` (a program and its sockets) · `machine` (what outlives
it) with `disk` and `store` · `programs` and `modules` (how it is loaded) · `disturbance` (tasks that wait).

May use: `harness/runtimes`, `harness/runtimes/sim/kernel`, `harness/runtimes/sim/net`, `harness`, `faults`.
"""
