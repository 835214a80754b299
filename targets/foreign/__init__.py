"""Components that somebody else might have written, to be hunted in place of the built-in ones.

They know the wire, and nothing of the other rooms: plain asyncio and `websockets`, a style of their own. A topology
names one with `nodes: {relay: {kind: module, module: targets.foreign.small_relay}}`.
`node-mobile/` is one in another language, with a topology of its own.
"""
