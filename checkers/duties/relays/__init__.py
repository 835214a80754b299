"""What a relay owes: who is there and who has gone, gaps, order, ends of calls; also one that journals nothing.

May use: `checkers/duties/clients`, `checkers/duties/mobiles`, `checkers/traffic`, `checkers/words`, `harness`.
"""
