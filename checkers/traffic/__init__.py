"""Who was connected and what passed: connections and their doubt, deliveries, paths, and the bounds that follow.

It may use `past`.
"""
