"""When faults occur: their names and who begins after whom, again and again, all of them or some.

It uses no other room of plans.
"""
