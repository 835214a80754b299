"""Findings and how they are told, in the words of the guarantee.

It may use `past`.
"""
