"""What nodes owe, by who owes it: `clients` (both kinds of them), `mobiles`, `desktops`, `relays`.

One file a duty. Each is judged by a checker: who reacts too late or keeps too much, but also who says what is not so.

May use: nothing.
"""
