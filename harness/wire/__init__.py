"""Whole WebSocket messages on a byte stream: `splitter` finds them, `classify` (and for
other spellings a `dialect`) says what they are about, `rules` and
`lane` duplicate, reorder, keep and lose them; `hop` is the process that does so between two sockets.

The simulator uses all but the process. It may use the words at the root of the engine, and no other room of it.
"""
