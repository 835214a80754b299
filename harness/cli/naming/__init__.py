"""What there is, in its own words: plug-ins, policies, reasons of checkers, words of plans and the reference of them.

`catalogue` (all of a kind) · `policies` · `reason_codes` · `plan_words` and `plan_reference`.

May use: all of the engine, `harness/cli/telling`, `checkers/notation`, `targets/profiles`, `checkers`, `faults`,
`targets`.
"""
