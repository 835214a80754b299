"""Systems: which users, desktops, mobiles and services there are, by the words of a topology or of a compose file.

`topology` (its words, and the system that comes of it) and `sense` (what makes none in one) · `containers`,
`compose_words` and `compose` (what a compose file says of a topology) · `files` (by name).

May use: `harness/plan/text`, `harness`, `targets/profiles`, `faults`, `targets`.
"""
