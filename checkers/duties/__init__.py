"""What nodes owe: fetches, calls, what they must tell, licences for what they ask, and what they may keep.

It may use `past`, `traffic` and `words`. The checkers `reaction` and `resources` are made of these.
"""
