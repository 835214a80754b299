"""From a history to verdicts: `checking` lets all checkers see it in one pass, `bearing` bounds what they are shown,
`ladder` names the strongest consistency that held.

May use: `harness`, `checkers/past`, `checkers`.
"""
