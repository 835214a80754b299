"""Each finding, for itself: `found` (which there are), `story` (one of them: its `steps`, the `flights` of messages,
what `befell` by which `causes`, `states` before and after, `operations`), and the pictures: `closeup` with
`closeup_marks`, and `overview`. It may use what is told of a run, and what pictures are made of.
"""
