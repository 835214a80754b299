"""The store as pages of a browser: `harness serve`. It reads, and no page of it runs a script.

Rooms: `looking` (the index, read) · `verdicts` (verdicts and signatures, counted) · `signatures` (which of them are
known, which are flaky) · `files` (those of a run that may be seen) · `charts` (pictures) · `answers` (what is sent, and
with which headers) · `pages` (one function a page, the templates beside it) · `routes` (which path is which page) ·
`server` (who is answered).

May use: `harness/night`, `harness/plan`, `harness/report`, `harness/report/apart`, `harness/report/told`,
`harness/store`, `harness`.
"""
