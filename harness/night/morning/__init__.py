"""What a night says in the morning: to people (`summary.md`), and to machines (`junit.xml`, `results.json`,
`results.sarif`, annotations).

`telling` reads the ledger and says what it adds up to (`counting`), beside the nights before (`trend`); the
others write it down: `summary`, `junit`, `sarif`, `annotations`.

May use: `harness/hunting`, `harness/hunting/generate`, `harness/night`, `harness/report`, `harness/report/told`,
`harness`.
"""
