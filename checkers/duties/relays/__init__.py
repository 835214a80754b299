"""What a relay owes: who is there and who has gone, gaps, order, ends of calls; also one that journals nothing.

`tellings` (gaps, presence, heads) · `held` (connections of clients that have gone) · `sessions` (names of their own)
· `ordering`, `presences`, `gaps` (what is told goes forward) · `listening` (one without a journal), by `overheard`
and `overheard_calls` · `gauges_posts` (sizes of its maps, and of the desktops').

May use: `checkers/duties/clients`, `checkers/duties/mobiles`, `checkers/traffic`, `checkers/words`, `harness`.
"""
