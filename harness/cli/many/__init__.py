"""Many runs: how a hunt goes, what came of it, with safeguards missing or mistakes put in, and mornings of nights.

It may use `telling` and `asking`.
"""
