"""Who was connected and what passed: connections and their doubt, deliveries, paths, and the bounds that follow.

May use: `checkers/past`, `checkers`, `harness`.
"""
