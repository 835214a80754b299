"""One run: played twice or on several runtimes, its schedule and its operations as tables, and the first minute's.

It may use `telling` and `asking`.
"""
