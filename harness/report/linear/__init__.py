"""How far a history can be explained, drawn: `view` (an order of operations, as bars and a path), `lanes` (its SVG)
with `labels`, `run` with `answers` (of a run's jobs), `page` (of other people's histories, a file of its own). The
search itself is `checkers.linearizability.partial`.

May use: `harness/report`, `harness/report/drawing`, `harness/report/told`, `harness`, `checkers/linearizability`,
`checkers/past`.
"""
