"""What a relay owes: who is there and who has gone, gaps, order, ends of calls; also one that journals nothing.

What holds of a relay may rest on what a mobile or any client is asked for.
"""
