"""Many runs: how a hunt goes, what came of it, with safeguards missing or mistakes put in, and mornings of nights.

May use: all of the engine, `harness/cli/asking`, `harness/cli/telling`.
"""
