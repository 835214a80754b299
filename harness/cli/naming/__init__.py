"""What there is, in its own words: plug-ins, policies, reasons of checkers, words of plans and the reference of them.

May use: all of the engine, `harness/cli/telling`, `checkers/notation`, `targets/profiles`, `checkers`, `faults`,
`targets`.
"""
