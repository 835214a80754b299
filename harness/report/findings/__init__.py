"""Each finding, for itself: `found` (which there are), `story` (one of them: its `steps`, the `flights` of messages,
what `befell` by which `causes`, `states` before and after, `operations`), and the pictures: `closeup` with
`closeup_marks`, and `overview`.

May use: `harness/report/drawing`, `harness/report/told`, `harness`.
"""
