"""`harness check --model`: one object's history, or the answers of a run, and the page of them.

It may use `telling`.
"""
