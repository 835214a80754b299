"""Findings and how they are told, in the words of the guarantee.

May use: `checkers/past`, `harness`.
"""
