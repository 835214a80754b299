"""How commands speak: lines and tables, progress, a finished run, and the exit code of whatever goes wrong.

`say` (lines) · `table` · `often` (progress) · `finished` (a run) · `program` (what to type next) · `exits` (codes,
and what a person sees of an exception).

May use: all of the engine, `targets`.
"""
