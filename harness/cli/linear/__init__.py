"""`harness check --model`: one object's history, or the answers of a run, and the page of them.

May use: all of the engine, `harness/cli/telling`, `checkers/linearizability`.
"""
