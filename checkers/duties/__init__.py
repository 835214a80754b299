"""What nodes owe, by who owes it: `clients` (both kinds of them), `mobiles`, `desktops`, `relays`.

One file a duty. Each is judged by a checker: who reacts too late or keeps too much, but also who says what is not so.
A room here may use `past`, `traffic` and `words`; `relays` may also use what `clients` and `mobiles` are asked for.
"""
