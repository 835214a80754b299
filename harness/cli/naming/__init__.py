"""What there is, in its own words: plug-ins, policies, reasons of checkers, words of plans and the reference of them.

It may use `telling`.
"""
