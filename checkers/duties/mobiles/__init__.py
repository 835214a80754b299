"""What a mobile owes: fetches when it must, none when it need not, events and rows shown at once, no maps that grow.

May use: `checkers/past`, `checkers/traffic`, `checkers/words`, `harness`.
"""
