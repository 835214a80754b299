"""What every client owes: how its connections end and begin again, and that it says it is alive.

`sockets` (ends of connections, and waits) · `heartbeats`.

May use: `checkers/traffic`, `checkers/words`, `harness`.
"""
