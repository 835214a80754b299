"""Two runs side by side: `parting` (the first event at which they part), `comparing` (all in which they differ).

May use: `harness/judging`, `harness/report/told`, `harness/store`, `harness`.
"""
