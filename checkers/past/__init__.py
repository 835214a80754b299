"""What happened, rebuilt from the history: commits and rows, what replicas showed, what clients were answered.

May use: `checkers/linearizability`, `harness`.
"""
