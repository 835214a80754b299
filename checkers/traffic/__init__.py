"""Who was connected and what passed: connections and their doubt, deliveries, paths, and the bounds that follow.

`connections` (whose is live, and with which doubt), `given_up`, `storms`, `together` (two at a time), `silent` (of
clients that journal nothing) · `phones` (a mobile as journals and wire tell it) · `merged` (both as one stream) ·
`deliveries` (whose messages went where) · `paths` (from a desktop to a screen), `peace` (nothing disturbs it) and
`bounds` (how long things may take) · `rpc_book`, `rpc_wire`, `replies` (calls, by journals and by the wire) · `work`
(what makes a fault worth surviving).

May use: `checkers/past`, `checkers`, `harness`.
"""
