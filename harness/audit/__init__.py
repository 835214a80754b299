"""The design document's claims, decided by running: `harness audit`.

A claim is a plan under `configs/audit/` with the word `claim`: what the document says, and what would refute it.
Adding one is adding a file. `claims` reads them, `playing` gives their runs out, and `deciding` says what they
decide, in the words of `audited`: HOLDS, REFUTED, or UNDECIDED with the reason. Each is also played on a system in
which it is broken, and has to be refuted there: an audit that could not be wrong would say nothing.

Beside them `checklist` and `contradictions` (claims that need other evidence) · `findings`, `shown` and `document`
(defects of the documented design, played and told).

May use: `harness/hunting`, `harness/hunting/mutants`, `harness/measures`, `harness/plan`, `harness/plan/words`,
`harness/runs`, `harness`, `targets`.
"""
