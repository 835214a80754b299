"""Runs as tests of pytest: the mark `plan`, the fixture `harness_run`, and plans of folders that are tests themselves.

pytest loads `plugin` into every session of everybody who has this distribution, also where nobody asks for a run: it
needs nothing but the standard library and pytest until somebody does, and so do `asked` (what marks and options say)
and `collected` (plans of folders). `playing` makes a finished run of what is asked, also for a test without a mark;
`session` keeps what one of pytest was told; `told` tells a run in words.

May use: `harness/plan`, `harness/plan/text`, `harness/report/told`, `harness/runs`, `harness/runtimes`,
`harness/store`, `harness`, `targets`.
"""
