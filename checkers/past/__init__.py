"""What happened, rebuilt from the history: commits and rows, what replicas showed, what clients were answered.

It may use `linearizability` and no other room of the checkers.
"""
