"""What a desktop owes: to its commits, to its users, and to those who read its heads and events.

May use: `checkers/past`, `checkers/traffic`, `checkers/words`, `checkers`, `harness`.
"""
