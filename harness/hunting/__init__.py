"""Many runs: `campaign` plays plans × seeds in the worker processes of `pool`, `tally` adds up; `ablating` takes out
one safeguard after the other, as `ablations` lists them; `met` says what a run came across. Rooms: `generate` (plans
that nobody wrote) · `mutants` (is it any good?).

May use: `harness/plan`, `harness/report/told`, `harness/runs`, `harness/runtimes`, `harness/store`, `harness`,
`targets/profiles`, `faults`, `targets`.
"""
