"""What pictures are made of: `canvas` (SVG, and a scale from time to place), `breaks` (a scale with what is empty
torn out), `section` (a part of a page, with its style and script). It knows no run but its files.

May use: `harness/store`.
"""
