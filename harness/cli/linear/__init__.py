"""`harness check --model`: one object's history, or the answers of a run, and the page of them.

`judged` (anybody's history) with `hints` · `jobs` (a run's own) · `model_page` and `page_file` (the page of it).

May use: all of the engine, `harness/cli/telling`, `checkers/linearizability`.
"""
