"""A run in words and figures, which all forms of it share: `words` (the sentences), `textdiff` (two texts),
`timeline` (what was where and when), `closings` (connections that somebody closed).

May use: `harness/judging`, `harness/store`, `harness`.
"""
