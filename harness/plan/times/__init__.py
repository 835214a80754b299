"""When faults occur: their names and who begins after whom, again and again, all of them or some.

May use: `harness`, `faults`.
"""
