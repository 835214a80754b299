"""Many runs: how a hunt goes, what came of it, with safeguards missing or mistakes put in, and mornings of nights.

`going` (what was asked, its budget, its progress) · `generated` (without a plan) · `outcome` · `minimal` (the
smallest plan of each kind) · `ablations` · `mutants` with `matrix` · `mornings` (of a night).

May use: all of the engine, `harness/cli/asking`, `harness/cli/telling`.
"""
