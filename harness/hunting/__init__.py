"""Many runs: `campaign` plays plans × seeds in the worker processes of `pool`, `tally` adds up; `ablating` takes out
one safeguard after the other, as `ablations` lists them.

It may use everything of the engine but the command line and shrinking.
"""
