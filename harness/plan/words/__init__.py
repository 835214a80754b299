"""The words of a plan: `model` (what may be said) · `described` (what each means) · `schema` (for editors).

It may use `systems`.
"""
