"""Findings and how they are told, in the words of the guarantee.

`findings` (noticed while reading, explained when asked) · `wording` (texts and values) · `streamtale` (a wrong text)
· `instants_told` (an answer that fits no instant) · `advice` (what to change in a plan that shows too little).

May use: `checkers/past`, `harness`.
"""
