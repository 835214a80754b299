"""The measure of a hunt: mistakes are put into components, one at a time, and it is seen which of them it finds.

`operators` make mistakes; `drawing` chooses among them; `hook` puts one into the modules of a worker process, where
`worker` plays the runs; `searching` gives them out; `matrix` is what came of each; `equivalents` reads which of them
were judged to change nothing.

A mutant lives in the memory of a worker: no file changes, and no other process sees it. `hook`, `task` and `worker`
import nothing of the engine but the verdict before the hook is in place: a module that is loaded cannot be changed any
more.

May use: `harness/hunting`, `harness/hunting/mutants/operators`, `harness/judging`, `harness/measures`,
`harness/plan`, `harness/report/told`, `harness/runs`, `harness/runtimes`, `harness`.
"""
