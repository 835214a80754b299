"""How commands speak: lines and tables, progress, a finished run, and the exit code of whatever goes wrong.

It may use the words at the root of the engine and what it tells of, and no other room of the command line.
"""
