"""How commands speak: lines and tables, progress, a finished run, and the exit code of whatever goes wrong.

May use: all of the engine, `targets`.
"""
