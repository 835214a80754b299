"""What a desktop owes: to its commits, to its users, and to those who read its heads and events.

`stores` (an event for each commit, in time) · `bodies` (whole texts in events) · `caching` (pages refused for a write
alone) · `refusals` (nothing without a reason) · `heads_early` (heads ahead of their events).

May use: `checkers/past`, `checkers/traffic`, `checkers/words`, `checkers`, `harness`.
"""
