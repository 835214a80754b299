"""From a history to verdicts: `checking` lets all checkers see it in one pass, `bearing` bounds what they are shown,
`deaths` cuts it where a node died uncalled, `ladder` names the strongest consistency that held.

May use: `harness`, `checkers/past`, `checkers`.
"""
