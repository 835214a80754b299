"""What faults do to a stream of bytes, and to whole WebSocket messages on it.

`splitter` finds messages, `classify` (and for other spellings a `dialect`, by an `interpreter`) says what they are
about, `rules` and `lane` duplicate, reorder, keep and lose them, `order` delivers them in an order that was recorded;
`toxics` slow down, cut and end streams as Toxiproxy does. `hop` is the process that does all that between two sockets
(`hop_link`: one link; `hop_pump`: one direction; `hop_chain`: its toxics; `hop_stream`: no compression).

The simulator uses all but the process.

May use: `harness`, `faults`.
"""
