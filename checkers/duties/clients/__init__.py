"""What every client owes: how its connections end and begin again, and that it says it is alive.

May use: `checkers/traffic`, `checkers/words`, `harness`.
"""
