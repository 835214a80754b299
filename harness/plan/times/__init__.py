"""When faults occur: their names and who begins after whom, again and again, all of them or some.

`order` (names, leaders first) · `repeat` · `picking`.

May use: `harness`, `faults`.
"""
