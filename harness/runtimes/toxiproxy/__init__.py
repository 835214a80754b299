"""A real Toxiproxy, for every runtime that has real sockets: `server` finds or builds it, `adapter` speaks to it.

No runtime of its own.

May use: nothing.
"""
